"""How a wait ends without a slot."""

from datetime import datetime

from ium.directory.models import User
from slots.models import CloseReason, Event, QueueEntry
from slots.services.journal import journal_write

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
