"""Writing the journal, in the same transaction as what it explains."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from ium.directory.models import User
from slots.models import Event, JournalEntry, LicencePool, Slot


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
    return JournalEntry.objects.create(
        event=event,
        at=at,
        pool=pool,
        user_id=user.pk if user is not None else user_id,
        slot_id=slot.pk if slot is not None else None,
        fence=slot.fence if slot is not None else None,
        reason=reason,
        actor=actor,
        details=details,
    )


def journal_slots(
    slots: Iterable[Slot],
    *,
    event: Event,
    at: datetime,
    details: Callable[[Slot], dict[str, Any]] = lambda _slot: {},
    reason: str = "",
    actor: User | None = None,
) -> None:
    """Append one entry about each slot and its holder: one statement, however many there are."""
    JournalEntry.objects.bulk_create(
        [
            JournalEntry(
                event=event,
                at=at,
                pool_id=slot.pool_id,
                user_id=slot.holder_id,
                slot_id=slot.pk,
                fence=slot.fence,
                reason=reason,
                actor=actor,
                details=details(slot),
            )
            for slot in slots
        ]
    )
