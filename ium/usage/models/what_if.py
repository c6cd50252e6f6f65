"""What-if: a question about other licences or times, its answer, and what licences cost."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ium.directory.models import User
from slots.models import LicencePool

DAY_MINUTES = 24 * 60


class WhatIfState(models.TextChoices):
    """How far a question is."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class WhatIf(models.Model):
    """What would have been with other options: what is asked, and what the replay found.

    `claimed_until`: a worker is at it until then, and says so again with each step; once it is over, another begins
    anew. `attempts`: how often one was begun.
    """

    pool = models.ForeignKey(
        LicencePool, on_delete=models.CASCADE, related_name="what_ifs", verbose_name=_("pool")
    )
    since = models.DateField(_("from"))
    until = models.DateField(_("to, inclusive"))
    inactivity_minutes = models.PositiveIntegerField(
        _("inactivity time (minutes)"),
        validators=[MinValueValidator(5), MaxValueValidator(DAY_MINUTES)],
    )
    reclaim_on_request = models.BooleanField(
        _("allow removal of inactive users on slot request"), default=False
    )
    lock_minutes = models.PositiveIntegerField(
        _("lock time after removal (minutes)"),
        default=0,
        validators=[MaxValueValidator(DAY_MINUTES)],
    )
    minimum_hold_seconds = models.PositiveIntegerField(
        _("minimum hold (seconds)"), default=120, validators=[MaxValueValidator(3600)]
    )
    sweep_interval_minutes = models.PositiveIntegerField(
        _("removal interval (minutes)"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(DAY_MINUTES)],
    )
    patience_minutes = models.PositiveIntegerField(
        _("patience (minutes)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(DAY_MINUTES)],
        help_text=_(
            "After so many minutes people give up, on average. Empty: as recorded; if nobody ever did, an hour."
        ),
    )
    target_percent = models.DecimalField(
        _("requests that may wait longer (%)"),
        max_digits=5,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    target_seconds = models.PositiveIntegerField(
        _("than (seconds)"), default=60, validators=[MaxValueValidator(86_400)]
    )
    state = models.CharField(
        _("state"), max_length=16, choices=WhatIfState, default=WhatIfState.WAITING, editable=False
    )
    progress = models.PositiveSmallIntegerField(_("done (%)"), default=0, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    result = models.JSONField(_("result"), null=True, editable=False)
    error = models.TextField(_("problem"), blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("asked"), editable=False)
    created_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("by"),
    )
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    class Meta:
        verbose_name = _("what-if")
        verbose_name_plural = _("what-if")
        constraints = [
            models.CheckConstraint(condition=Q(since__lte=F("until")), name="what_if_has_days"),
        ]

    def __str__(self) -> str:
        return f"{self.pool}, {self.since} - {self.until}"


class PriceTier(models.Model):
    """What each licence of a tier costs from a day on. The tiers of one day belong together."""

    pool = models.ForeignKey(
        LicencePool, on_delete=models.CASCADE, related_name="prices", verbose_name=_("pool")
    )
    valid_from = models.DateField(_("valid from"))
    first = models.PositiveIntegerField(
        _("from licence"), default=1, validators=[MinValueValidator(1)]
    )
    last = models.PositiveIntegerField(
        _("to licence"), null=True, blank=True, help_text=_("Empty: all above.")
    )
    price = models.DecimalField(
        _("price of one licence"),
        max_digits=12,
        decimal_places=4,
        validators=[MinValueValidator(0)],
    )
    per_year = models.BooleanField(
        _("price of a year"), default=False, help_text=_("Otherwise of a month.")
    )
    currency = models.CharField(
        _("currency"),
        max_length=3,
        validators=[RegexValidator("^[A-Z]{3}$", _("Three capital letters, for instance EUR."))],
    )

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "valid_from", "first"], name="one_price_per_tier"
            ),
            models.CheckConstraint(
                condition=Q(last=None) | Q(last__gte=F("first")), name="price_tier_has_licences"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} - {self.last or '…'}: {self.price} {self.currency}"
