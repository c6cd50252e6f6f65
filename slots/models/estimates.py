"""What people were promised about their wait, and what came of it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from slots.models.pool import LicencePool
from slots.models.queue import QueueEntry


class Outcome(models.TextChoices):
    """What came of an estimate."""

    OPEN = "", _("still waiting")
    SERVED = "served", _("got a slot")
    ENDED = "ended", _("wait ended without a slot")


class WaitEstimate(models.Model):
    """One estimate as it was shown: at joining, and each time the number of people ahead had halved.

    The range is the one people saw; `expected` is its middle, unrounded. Written in the transaction in which the wait
    begins, or by the job `wait_estimates`, which also notes the outcome; removed with the wait.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="estimates")
    entry = models.ForeignKey(QueueEntry, on_delete=models.CASCADE, related_name="estimates")
    made_at = models.DateTimeField(_("made"))
    ahead = models.PositiveIntegerField(_("people ahead"))
    low_seconds = models.PositiveIntegerField(_("from"))
    expected_seconds = models.PositiveIntegerField(_("expected"))
    high_seconds = models.PositiveIntegerField(_("to"))
    outcome = models.CharField(
        _("outcome"), max_length=8, choices=Outcome, blank=True, default=Outcome.OPEN
    )
    actual_seconds = models.PositiveIntegerField(_("true wait"), null=True)

    class Meta:
        verbose_name = _("expected wait")
        verbose_name_plural = _("expected waits")
        constraints = [
            models.UniqueConstraint(fields=["entry", "ahead"], name="one_estimate_per_place"),
            models.CheckConstraint(
                condition=Q(outcome="", actual_seconds=None)
                | (~Q(outcome="") & Q(actual_seconds__isnull=False)),
                name="judged_estimate_has_wait",
            ),
            models.CheckConstraint(
                condition=Q(low_seconds__lte=models.F("high_seconds")), name="estimate_is_a_range"
            ),
        ]
        indexes = [
            models.Index(fields=["pool", "-made_at"], name="estimate_by_pool"),
            models.Index(fields=["entry"], condition=Q(outcome=""), name="estimate_open"),
        ]

    def __str__(self) -> str:
        return f"{self.entry}: {self.low_seconds} to {self.high_seconds} s"
