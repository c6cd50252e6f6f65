"""Counts without people: refusals, Jira's answer times, where activity came from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from activity.models import Source
from ium.directory.models import Site
from jira_sync.call_times import BUCKETS
from slots.models import LicencePool

# Upper limits in seconds of the buckets of `CallTime.buckets`; one more holds the slower calls.
CALL_BUCKETS = BUCKETS


class Refusal(models.Model):
    """How often people were told no on a day of the pool, by reason; repetitions within the hour count once."""

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="refusals")
    day = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=32)
    count = models.PositiveIntegerField(_("number"))

    class Meta:
        verbose_name = _("refusal")
        verbose_name_plural = _("refusals")
        constraints = [
            models.UniqueConstraint(fields=["pool", "day", "reason"], name="one_refusal_count")
        ]

    def __str__(self) -> str:
        return f"{self.pool}, {self.day}, {self.reason}"


class CallTime(models.Model):
    """How long one kind of call to a site took in an hour; `buckets` counts by CALL_BUCKETS."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="call_times")
    hour = models.DateTimeField(_("hour"))
    operation = models.CharField(_("call"), max_length=64)
    count = models.PositiveIntegerField(_("number"))
    failed = models.PositiveIntegerField(_("of these failed"))
    seconds_sum = models.FloatField(_("seconds together"))
    seconds_max = models.FloatField(_("longest (seconds)"))
    buckets = models.JSONField(_("by length"), default=list)

    class Meta:
        verbose_name = _("answer time of Jira")
        verbose_name_plural = _("answer times of Jira")
        constraints = [
            models.UniqueConstraint(fields=["site", "hour", "operation"], name="one_call_time")
        ]

    def __str__(self) -> str:
        return f"{self.site}, {self.hour:%Y-%m-%d %H:%M}, {self.operation}"


class SourceUse(models.Model):
    """How many different people were active on a day of the pool, by where IUM learned of it.

    `version` is the extension's, empty for the other sources.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="source_use")
    day = models.DateField(_("day"))
    source = models.CharField(_("source"), max_length=16, choices=Source)
    version = models.CharField(_("version"), max_length=24, blank=True, default="")
    people = models.PositiveIntegerField(_("people"))

    class Meta:
        verbose_name = _("people by source")
        verbose_name_plural = _("people by source")
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "day", "source", "version"], name="one_source_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pool}, {self.day}, {self.source} {self.version}"
