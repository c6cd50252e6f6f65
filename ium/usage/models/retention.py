"""For how many days what was recorded is kept: one row, the administrator's to edit."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

TEN_YEARS = 3653


def _days(low: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(low), MaxValueValidator(TEN_YEARS)]


class Retention(models.Model):
    """How long records are kept, in days. The journal is not among them: it is never shortened."""

    span_days = models.PositiveIntegerField(
        _("activity of people (days)"),
        default=60,
        validators=_days(7),
        help_text=_(
            "When each person was active. Needed for what-if: at least as many days as it is to look back."
        ),
    )
    stay_days = models.PositiveIntegerField(
        _("stays and waits of people (days)"),
        default=180,
        validators=_days(7),
        help_text=_(
            "Who held a slot and who waited, from when to when. IUM_RECORD_DAYS may set a shorter time."
        ),
    )
    interval_days = models.PositiveIntegerField(
        _("use by five minutes (days)"),
        default=90,
        validators=_days(7),
        help_text=_("Numbers without people. Charts of longer ago show hours and days."),
    )
    hour_days = models.PositiveIntegerField(
        _("use by hours (days)"),
        default=1096,
        validators=_days(90),
        help_text=_("Numbers without people: hours, Jira's answer times."),
    )
    day_days = models.PositiveIntegerField(
        _("use by days (days)"),
        default=TEN_YEARS,
        validators=_days(365),
        help_text=_("Numbers without people: days, refusals, distributions, sources, gaps."),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("retention")
        verbose_name_plural = _("retention")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_retention_row")]

    def __str__(self) -> str:
        return str(_("How long records are kept"))


def retention() -> Retention:
    """Return the settings; those that IUM comes with while nobody changed them."""
    return Retention.objects.filter(pk=1).first() or Retention(pk=1)
