"""The queue: who waits, since when, and who is still there."""

from datetime import datetime

from django.db import models
from django.db.models import BigIntegerField, ExpressionWrapper, F, Q
from django.utils.translation import gettext_lazy as _

from ium.directory.models import User
from slots.models.pool import LicencePool
from slots.rules import rank


class CloseReason(models.TextChoices):
    """How a wait ended."""

    SERVED = "served", _("got a slot")
    LEFT = "left", _("left the queue")
    REMOVED = "removed", _("taken out of the queue")
    GONE = "gone", _("stopped asking")
    REFUSED = "refused", _("cannot get a slot")


# The number less the places a group's rule puts its people ahead. Of equal ranks the later number comes first:
# otherwise one place ahead would be none.
RANK = ExpressionWrapper(rank(F("seq"), F("places_ahead")), output_field=BigIntegerField())
IN_ORDER = (F("priority").desc(), RANK, F("seq").desc())


class QueueQuerySet(models.QuerySet["QueueEntry"]):
    """Entries by whether somebody is behind them."""

    def waiting(self) -> "QueueQuerySet":
        """Return open entries in the order of service."""
        return self.filter(closed_at=None).order_by(*IN_ORDER)

    def alive(self, at: datetime) -> "QueueQuerySet":
        """Return waiting entries whose person has been heard of recently; only these are served."""
        return self.waiting().filter(alive_until__gte=at)

    def before(self, entry: "QueueEntry") -> "QueueQuerySet":
        """Return the entries that stand before this one."""
        same = Q(priority=entry.priority)
        return self.alias(ranked=RANK).filter(
            Q(priority__gt=entry.priority)
            | same & Q(ranked__lt=entry.rank)
            | same & Q(ranked=entry.rank, seq__gt=entry.seq)
        )


class QueueEntry(models.Model):
    """A person's place in the queue of a pool.

    The place belongs to the account: reload, second tab and second device find the same entry. Order is the
    number `seq`, given out under the pool lock, less `places_ahead`; times never decide. `priority` is an
    administrator's word and goes before both.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="entries")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="queue_entries")
    seq = models.PositiveBigIntegerField(_("number"))
    priority = models.IntegerField(_("priority"), default=0)
    places_ahead = models.PositiveIntegerField(_("places ahead"), default=0, db_default=0)
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
            models.Index(F("pool"), *IN_ORDER, condition=Q(closed_at=None), name="queue_in_rank")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.seq})"

    @property
    def rank(self) -> int:
        """The number that decides within a priority."""
        return int(rank(self.seq, self.places_ahead))

    @property
    def order(self) -> tuple[int, int, int]:
        """Where the entry stands (as IN_ORDER): smaller is earlier."""
        return -self.priority, self.rank, -self.seq
