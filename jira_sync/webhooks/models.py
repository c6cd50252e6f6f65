"""A site's webhook, and which of its events were taken already."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ium.directory.models import Site
from ium.lib.fields import EncryptedTextField


class SiteWebhook(models.Model):
    """Where a site sends its events, and the secret that signs them.

    The old secret is good for a while after a new one was made, so that no event is lost between the two.
    """

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="webhook")
    key = models.CharField(max_length=32, unique=True, editable=False)
    secret = EncryptedTextField(editable=False)
    secret_at = models.DateTimeField(_("secret made"), editable=False)
    previous_secret = EncryptedTextField(blank=True, db_default="", default="", editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    heard_at = models.DateTimeField(_("last event"), null=True, editable=False)
    refused_at = models.DateTimeField(_("last refusal"), null=True, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return str(self.site)


class WebhookEvent(models.Model):
    """That an event was taken: the digest of its signed body. Kept as long as the event could come again."""

    webhook = models.ForeignKey(SiteWebhook, on_delete=models.CASCADE, related_name="events")
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        constraints = [
            models.UniqueConstraint(fields=["webhook", "digest"], name="webhook_event_once")
        ]

    def __str__(self) -> str:
        return self.digest[:12]
