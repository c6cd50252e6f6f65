"""The queue: who waits, since when, and who is still there."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ium.directory.models import User
from slots.models.pool import LicencePool


class CloseReason(models.TextChoices):
    """How a wait ended."""

    SERVED = "served", _("got a slot")
    LEFT = "left", _("left the queue")
    REMOVED = "removed", _("taken out of the queue")
    GONE = "gone", _("stopped asking")
    REFUSED = "refused", _("cannot get a slot")


class QueueQuerySet(models.QuerySet["QueueEntry"]):
    """Entries by whether somebody is behind them."""

    def waiting(self) -> "QueueQuerySet":
        """Return open entries in the order of service."""
        return self.filter(closed_at=None).order_by("-priority", "seq")

    def alive(self, at: datetime) -> "QueueQuerySet":
        """Return waiting entries whose person has been heard of recently; only these are served."""
        return self.waiting().filter(alive_until__gte=at)


class QueueEntry(models.Model):
    """A person's place in the queue of a pool.

    The place belongs to the account: reload, second tab and second device find the same entry. Order is the
    number `seq`, given out under the pool lock; times never decide.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="entries")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="queue_entries")
    seq = models.PositiveBigIntegerField(_("number"))
    priority = models.IntegerField(_("priority"), default=0)
    joined_at = models.DateTimeField(_("joined"))
    seen_at = models.DateTimeField(_("last seen"))
    alive_until = models.DateTimeField(_("counts as there until"))
    return_url = models.TextField(_("wanted page"), blank=True)
    misses = models.PositiveSmallIntegerField(_("slots not taken up"), default=0)
    closed_at = models.DateTimeField(_("ended"), null=True, blank=True)
    close_reason = models.CharField(
        _("how it ended"), max_length=16, choices=CloseReason, blank=True, default=""
    )

    objects = QueueQuerySet.as_manager()

    class Meta:
        verbose_name = _("queue entry")
        verbose_name_plural = _("queue")
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "user"], condition=Q(closed_at=None), name="one_open_entry_per_user"
            ),
            models.UniqueConstraint(fields=["pool", "seq"], name="queue_number_once"),
            models.CheckConstraint(
                condition=Q(closed_at=None, close_reason="")
                | (Q(closed_at__isnull=False) & ~Q(close_reason="")),
                name="closed_entry_has_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["pool", "-priority", "seq"],
                condition=Q(closed_at=None),
                name="queue_in_order",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.seq})"
