"""The end of a stay: Jira confirmed that the holder is no member any more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from slots.models import (
    CloseReason,
    Event,
    JournalEntry,
    LicencePool,
    LossReason,
    QueueEntry,
    Slot,
    SlotLock,
    SlotSession,
    SlotState,
)
from slots.services.journal import journal_entry, journal_write
from slots.services.losses import revoke
from slots.services.waits import place_keep

# What stands in a row that is free, beside its number.
NOBODY_AT_IT: dict[str, Any] = {
    "warned_at": None,
    "revoke_at": None,
    "loss_reason": "",
    "revoking_since": None,
    "attempts": 0,
    "next_attempt_at": None,
    "claimed_until": None,
    "unsettled_until": None,
    "last_error": "",
}
FREE: dict[str, Any] = NOBODY_AT_IT | {
    "state": SlotState.FREE,
    "holder": None,
    "return_url": "",
    "granted_at": None,
    "confirmed_at": None,
    "opening": "",
    "seen_at": None,
    "clock_from": None,
    "queue_entry": None,
}


def slots_free(
    slots: Sequence[Slot],
    pool: LicencePool,
    at: datetime,
    *,
    asked_at: Mapping[int, datetime] | None = None,
) -> None:
    """End stays: note them, put absent people back in the queue, lock the swept, free or drop the rows.

    The caller holds the pool lock. `asked_at`: when each slot's removal was asked for. Costs about the same for
    many as for one.
    """
    if not slots:
        return
    asked = asked_at or {}
    JournalEntry.objects.bulk_create([_news(slot, pool, at, asked.get(slot.pk)) for slot in slots])
    sessions = [_session(slot, pool, at) for slot in slots]
    SlotSession.objects.bulk_create([session for session in sessions if session is not None])
    for slot in slots:
        if slot.loss_reason == LossReason.UNCLAIMED:
            _put_back(slot, at)
    _lock_swept(slots, pool, at)
    slots_empty(slots, pool)


def slot_let_go(slot: Slot, *, at: datetime) -> None:
    """Free a slot whose holder is surely no member of the access group. The caller holds the pool lock."""
    if revoke(slot, reason=LossReason.LEFT, at=at):
        slot.refresh_from_db()
        slots_free([slot], slot.pool, at)


def slots_empty(slots: Sequence[Slot], pool: LicencePool) -> None:
    """Make rows free; drop those the pool has beyond its licences (they drain as they come free)."""
    surplus = max(0, pool.slots.count() - pool.slot_count)
    keys = [slot.pk for slot in slots]
    if surplus:
        Slot.objects.filter(pk__in=keys[:surplus]).delete()
    if keys[surplus:]:
        Slot.objects.filter(pk__in=keys[surplus:]).update(fence=F("fence") + 1, **FREE)


def seconds_between(start: datetime | None, end: datetime) -> float:
    """Return the seconds of a span that the journal tells; 0 when its beginning is not known."""
    return round((end - start).total_seconds(), 3) if start is not None else 0.0


def _news(slot: Slot, pool: LicencePool, at: datetime, asked_at: datetime | None) -> JournalEntry:
    return journal_entry(
        event=Event.FREED,
        at=at,
        pool=pool,
        user_id=slot.holder_id,
        slot=slot,
        reason=slot.loss_reason,
        seconds=seconds_between(slot.revoking_since, at),
        asked_at=asked_at.isoformat() if asked_at is not None else None,
    )


def _session(slot: Slot, pool: LicencePool, at: datetime) -> SlotSession | None:
    if slot.holder_id is None or slot.granted_at is None:
        return None
    entry = slot.queue_entry
    return SlotSession(
        pool=pool,
        user_id=slot.holder_id,
        waited_seconds=seconds_between(entry.joined_at, slot.granted_at) if entry else 0,
        granted_at=slot.granted_at,
        confirmed_at=slot.confirmed_at,
        ended_at=at,
        loss_reason=slot.loss_reason,
    )


def _lock_swept(slots: Sequence[Slot], pool: LicencePool, at: datetime) -> None:
    """Whoever lost a slot to the sweep waits for the lock time, if the pool has one."""
    if not pool.lock_minutes:
        return
    until = pool.timing.lock_until(at)
    locks = [
        SlotLock(pool=pool, user_id=slot.holder_id, until=until)
        for slot in slots
        if slot.loss_reason == LossReason.SWEEP and slot.holder_id
    ]
    SlotLock.objects.bulk_create(
        locks, update_conflicts=True, unique_fields=["pool", "user"], update_fields=["until"]
    )


def _put_back(slot: Slot, at: datetime) -> None:
    """Somebody did not take up the slot: the first time the place is kept, silent; then the wait ends."""
    entry = slot.queue_entry
    if entry is None or entry.closed_at is None or place_keep(slot, at):
        return
    QueueEntry.objects.filter(pk=entry.pk).update(
        misses=F("misses") + 1, close_reason=CloseReason.GONE
    )
    journal_write(event=Event.GONE, at=at, pool=entry.pool, user=entry.user, seq=entry.seq)
