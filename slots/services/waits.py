"""How a wait ends without a slot, and how it goes on after a slot that was not taken up."""

from datetime import datetime, timedelta

from django.db.models import F

from ium.directory.models import User
from slots.models import CloseReason, Event, LicencePool, LossReason, QueueEntry, Slot
from slots.rules import ALIVE_SECONDS, place_is_kept
from slots.services.journal import journal_write

ALIVE_FOR = timedelta(seconds=ALIVE_SECONDS)
_EVENTS = {
    CloseReason.LEFT: Event.LEFT_QUEUE,
    CloseReason.REMOVED: Event.LEFT_QUEUE,
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


def latest_wait(pool: LicencePool, user_id: int) -> QueueEntry | None:
    """Return the person's open entry; without one, the one that ended last."""
    waits = pool.entries.filter(user=user_id)
    return waits.order_by(F("closed_at").desc(nulls_first=True), "-seq").first()


def wait_goes_on(entry: QueueEntry, *, return_url: str | None, at: datetime, join: bool) -> bool:
    """Note that the person asks; False when the wait is over. The caller holds the pool lock.

    Whoever left and asks again (`join`) within the time a place is kept goes on with the same wait, in the same
    place. Only the person's own leaving is undone, not what an administrator did.
    """
    back = entry.closed_at is not None
    if back and not (join and _left_lately(entry, at)):
        return False
    entry.closed_at, entry.close_reason = None, ""
    entry.seen_at, entry.alive_until = at, at + ALIVE_FOR
    entry.return_url = return_url or entry.return_url
    entry.save(update_fields=["closed_at", "close_reason", "seen_at", "alive_until", "return_url"])
    if back:
        journal_write(
            event=Event.JOINED,
            at=at,
            pool=entry.pool,
            user=entry.user,
            reason="came_back",
            seq=entry.seq,
        )
    return True


def _left_lately(entry: QueueEntry, at: datetime) -> bool:
    left_at = entry.closed_at
    kept = left_at is not None and entry.pool.timing.gone_if_seen_before(at) <= left_at
    return kept and entry.close_reason == CloseReason.LEFT


def place_keep(slot: Slot, at: datetime) -> bool:
    """Open the wait behind a slot that was not taken up again, on its old place; the first time only."""
    entry = slot.queue_entry
    if slot.loss_reason != LossReason.UNCLAIMED or entry is None:
        return False
    waits = QueueEntry.objects.waiting().filter(pool=entry.pool_id, user=entry.user_id)
    if not place_is_kept(entry.misses) or waits.exists():
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
