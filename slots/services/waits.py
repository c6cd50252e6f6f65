"""How a wait ends without a slot, and how it goes on after a slot that was not taken up."""

from datetime import datetime

from ium.directory.models import User
from slots.models import CloseReason, Event, LossReason, QueueEntry, Slot
from slots.services.journal import journal_write

MISSES_UNTIL_GONE = 2
_EVENTS = {
    CloseReason.LEFT: Event.LEFT_QUEUE,
    CloseReason.GONE: Event.GONE,
    CloseReason.REFUSED: Event.REFUSED,
}


def close_entry(
    entry: QueueEntry, reason: CloseReason, *, at: datetime, actor: User | None = None
) -> None:
    """End a wait that got no slot, and journal why. The caller holds the pool lock."""
    QueueEntry.objects.filter(pk=entry.pk, closed_at=None).update(closed_at=at, close_reason=reason)
    journal_write(
        event=_EVENTS[reason],
        at=at,
        pool=entry.pool,
        user=entry.user,
        reason=reason,
        actor=actor,
        seq=entry.seq,
        waited_seconds=round((at - entry.joined_at).total_seconds(), 3),
    )


def place_keep(slot: Slot, at: datetime) -> bool:
    """Open the wait behind a slot that was not taken up again, on its old place; the first time only."""
    entry = slot.queue_entry
    if slot.loss_reason != LossReason.UNCLAIMED or entry is None:
        return False
    waits = QueueEntry.objects.waiting().filter(pool=entry.pool_id, user=entry.user_id)
    if entry.misses + 1 >= MISSES_UNTIL_GONE or waits.exists():
        return False
    opened = QueueEntry.objects.filter(pk=entry.pk, closed_at__isnull=False).update(
        closed_at=None,
        close_reason="",
        misses=entry.misses + 1,
        alive_until=entry.seen_at,
        seen_at=at,
    )
    if opened:
        journal_write(
            event=Event.JOINED,
            at=at,
            pool=slot.pool,
            user=slot.holder,
            reason="place_kept",
            seq=entry.seq,
        )
    return bool(opened)
