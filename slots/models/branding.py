"""How the queue page of a pool, or of all pools, looks and what it says: the company's, not IUM's."""

from django.db import models
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from slots.models.pool import LicencePool


class LogoType(models.TextChoices):
    """Kinds of pictures that IUM takes. No SVG: it is a document that can carry scripts and load other addresses."""

    PNG = "image/png", "PNG"
    JPEG = "image/jpeg", "JPEG"
    WEBP = "image/webp", "WebP"


class QueueBranding(models.Model):
    """Logo, texts, colours and help of a queue page. What a pool's own leaves empty comes from the one for all pools.

    `texts` holds title and message (Markdown) by language code, so that another language needs no new column. The
    picture is kept as base64 text in the database: every web server has it, and so has the backup.
    """

    pool = models.OneToOneField(
        LicencePool,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="branding",
        verbose_name=_("pool"),
        help_text=_("Empty: for every pool that has none of its own."),
    )
    texts = models.JSONField(_("texts"), default=dict, blank=True)
    help_url = models.CharField(_("link to help"), max_length=500, blank=True)
    colour = models.CharField(_("colour"), max_length=7, blank=True)
    dark_colour = models.CharField(_("colour on dark"), max_length=7, blank=True)
    logo = models.TextField(_("logo"), blank=True, editable=False)
    logo_type = models.CharField(
        _("kind of logo"), max_length=16, blank=True, choices=LogoType, editable=False
    )
    # Begins the digest of the picture: its address changes with it, so browsers may keep it for ever.
    logo_digest = models.CharField(max_length=16, blank=True, editable=False)

    history = HistoricalRecords(excluded_fields=["logo", "logo_type", "logo_digest"])

    class Meta:
        verbose_name = _("look of the queue page")
        verbose_name_plural = _("look of the queue page")
        constraints = [
            # NULLs are never equal to each other: without this there could be several for all pools.
            models.UniqueConstraint(Coalesce("pool", Value(0)), name="one_branding_per_pool"),
        ]

    def __str__(self) -> str:
        return str(self.pool) if self.pool else str(_("All pools"))
