"""Writing the journal, in the same transaction as what it explains."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, F, JSONField, Value

from ium.directory.models import User
from ium.lib.rows import insert_from
from slots.models import Event, JournalEntry, LicencePool, Slot

# Slots named in one statement: databases have a limit.
BATCH = 1000


def journal_write(
    *,
    event: Event,
    at: datetime,
    pool: LicencePool | None = None,
    user: User | None = None,
    user_id: int | None = None,
    slot: Slot | None = None,
    reason: str = "",
    actor: User | None = None,
    **details: Any,
) -> JournalEntry:
    """Append one entry. `actor` None means IUM itself; `details` must be plain JSON."""
    entry = journal_entry(
        event=event,
        at=at,
        pool=pool,
        user_id=user.pk if user is not None else user_id,
        slot=slot,
        reason=reason,
        actor=actor,
        **details,
    )
    entry.save(force_insert=True)
    return entry


def journal_entry(
    *,
    event: Event,
    at: datetime,
    pool: LicencePool | None,
    user_id: int | None,
    slot: Slot | None = None,
    reason: str = "",
    actor: User | None = None,
    **details: Any,
) -> JournalEntry:
    """Return one entry, to be written with others (`JournalEntry.objects.bulk_create`)."""
    return JournalEntry(
        event=event,
        at=at,
        pool=pool,
        user_id=user_id,
        slot_id=slot.pk if slot is not None else None,
        fence=slot.fence if slot is not None else None,
        reason=reason,
        actor=actor,
        details=details,
    )


def journal_slots(
    slot_ids: Collection[int],
    *,
    event: Event,
    at: datetime,
    reason: str = "",
    actor: User | None = None,
    **details: Any,
) -> None:
    """Append one entry about each of these slots and its holder, with the fence it has now, in few statements."""
    columns = {
        "event": Value(event.value),
        "at": Value(at),
        "pool": F("pool"),
        "user": F("holder"),
        "slot_id": F("pk"),
        "fence": F("fence"),
        "reason": Value(str(reason)),
        "actor": Value(actor.pk if actor is not None else None, BigIntegerField()),
        "details": Value(details, JSONField()),
    }
    keys = sorted(slot_ids)
    for start in range(0, len(keys), BATCH):
        some = Slot.objects.filter(pk__in=keys[start : start + BATCH])
        insert_from(some, JournalEntry, **columns)
