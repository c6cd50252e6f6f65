"""What administrators want to be told of: one rule per pool and kind."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from slots.models.pool import LicencePool


class AlertKind(models.TextChoices):
    """What an alert is about. Long waits have an option of the pool's own."""

    FULL = "full", _("no free slot for so many minutes")
    COVERAGE = "coverage", _("extension in use by fewer than so many percent")
    FORECAST = "forecast", _("pool expected to be full within so many hours")
    KEY = "key", _("a key ends within so many days")
    JIRA = "jira", _("Jira not usable for so many minutes")
    SWEEP = "sweep", _("no sweep for so many minutes")

    @property
    def headline(self) -> str:
        """What happened, in a few words."""
        return str(_HEADLINES[self])


_HEADLINES = {
    AlertKind.FULL: _("no slot is free"),
    AlertKind.COVERAGE: _("too few people use the browser extension"),
    AlertKind.FORECAST: _("the pool will probably be full"),
    AlertKind.KEY: _("a key ends soon"),
    AlertKind.JIRA: _("Jira cannot be used"),
    AlertKind.SWEEP: _("sweeps do not run"),
}


# The least and the most that a threshold can sensibly be, by kind.
BOUNDS = {
    AlertKind.FULL: (1, 24 * 60),
    AlertKind.COVERAGE: (1, 100),
    AlertKind.FORECAST: (1, 24),
    AlertKind.KEY: (1, 365),
    AlertKind.JIRA: (1, 24 * 60),
    AlertKind.SWEEP: (1, 24 * 60),
}


class AlertRule(models.Model):
    """When administrators are told of something about a pool, and whether it is so at the moment.

    The columns below "kept by IUM" make one episode one message and one that it is over.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="alert_rules")
    kind = models.CharField(_("tell when"), max_length=16, choices=AlertKind)
    threshold = models.PositiveIntegerField(
        _("threshold"),
        validators=[MinValueValidator(1), MaxValueValidator(24 * 60)],
        help_text=_("In the unit that is named above: minutes, percent, hours or days."),
    )
    enabled = models.BooleanField(_("switched on"), default=True)
    quiet_from = models.TimeField(
        _("quiet from"),
        null=True,
        blank=True,
        help_text=_(
            "In IUM's time zone. What begins in quiet hours is told afterwards, if it is not over by then."
        ),
    )
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    # Kept by IUM, not settings.
    since = models.DateTimeField(_("lasting since"), null=True, editable=False)
    checked_at = models.DateTimeField(_("last checked"), null=True, editable=False)
    # For kinds that need a state to last: what it is, and since when.
    state = models.BooleanField(null=True, editable=False)
    state_since = models.DateTimeField(null=True, editable=False)

    history = HistoricalRecords(excluded_fields=["since", "checked_at", "state", "state_since"])

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = [
            models.UniqueConstraint(fields=["pool", "kind"], name="one_alert_rule_per_kind"),
            models.CheckConstraint(condition=Q(threshold__gte=1), name="alert_threshold_positive"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_begin_and_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool}: {self.get_kind_display()} ({self.threshold})"

    def clean(self) -> None:
        """Refuse thresholds that mean nothing for the kind, and quiet hours without an end."""
        super().clean()
        errors = {}
        low, high = BOUNDS.get(AlertKind(self.kind), (1, 24 * 60)) if self.kind else (1, 24 * 60)
        if self.threshold and not low <= self.threshold <= high:
            text = _("Choose a number from %(low)s to %(high)s.")
            errors["threshold"] = ValidationError(text, params={"low": low, "high": high})
        if (self.quiet_from is None) != (self.quiet_until is None):
            errors["quiet_until"] = ValidationError(
                _("Give both times, or none: quiet hours begin and end.")
            )
        elif self.quiet_from is not None and self.quiet_from == self.quiet_until:
            errors["quiet_until"] = ValidationError(
                _("Quiet hours cannot end when they begin. Switch the alert off instead.")
            )
        if errors:
            raise ValidationError(errors)
