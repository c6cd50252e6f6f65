"""What Jira refused or did not answer: a grant ends, or everything is tried again. The slot stays used meanwhile."""

from datetime import datetime, timedelta

from django.db import transaction

from ium.directory.models import User
from slots.models import CloseReason, Event, LossReason, QueueEntry, Slot
from slots.services.dispatch import pool_dispatch
from slots.services.freeing import slots_empty
from slots.services.journal import journal_write
from slots.services.losses import revoke
from slots.services.pools import pool_lock, pool_pause
from slots.services.wanted import (
    WantedChange,
    change_answered_late,
    settled_by,
    still_wanted,
)


@transaction.atomic
def change_refuse(
    *, change: WantedChange, whole_pool: bool, message: str, code: str, at: datetime
) -> bool:
    """Jira refused for good. A grant ends: for this person, or (whole_pool) everybody waits a minute.

    A refused removal is tried again later: the slot stays used, whatever the reason.
    """
    if not change.add:
        pool_pause(pool_id=change.pool_id, reason=code, message=message, at=at)
        return change_postpone(change=change, error=message, unknown=False, delay=60, at=at)
    pool = pool_lock(change.pool_id)
    slot = still_wanted([change]).get(change.slot_id)
    if slot is None:
        change_answered_late(change=change)
        return False
    journal_write(
        event=Event.GRANT_FAILED,
        at=at,
        pool=pool,
        user=slot.holder,
        slot=slot,
        reason=code,
        message=message,
    )
    _return_to_queue(slot, keep_place=whole_pool)
    if slot.attempts == 1:
        slots_empty([slot], pool)
    else:  # another attempt may have been lost on the way and still land: make sure that it is undone
        revoke(slot, reason=LossReason.REFUSED, at=at)
    if whole_pool:
        pool_pause(pool_id=pool.pk, reason=code, message=message, at=at)
        pool.refresh_from_db(fields=["paused_until"])
    pool_dispatch(pool=pool, at=at)
    return True


def grant_withdraw(slot: Slot, *, at: datetime, actor: User | None) -> None:
    """Take back a grant of a pool with too many rows; its person waits on. The caller holds the pool lock."""
    _return_to_queue(slot, keep_place=True)
    # Without any call so far there is nothing to undo in Jira.
    untouched = Slot.objects.filter(
        pk=slot.pk, fence=slot.fence, attempts=0, confirmed_at=None, claimed_until=None
    )
    if not untouched.delete()[0]:
        revoke(slot, reason=LossReason.ADMINISTRATOR, at=at, actor=actor)
        return
    journal_write(
        event=Event.FREED,
        at=at,
        pool=slot.pool,
        user=slot.holder,
        slot=slot,
        reason=LossReason.ADMINISTRATOR,
        actor=actor,
    )


def _return_to_queue(slot: Slot, *, keep_place: bool) -> None:
    if slot.queue_entry is None:
        return
    entries = QueueEntry.objects.filter(pk=slot.queue_entry.pk)
    again = QueueEntry.objects.waiting().filter(pool=slot.pool_id, user=slot.holder).exists()
    if keep_place and not again:
        entries.update(closed_at=None, close_reason="")
    else:
        entries.update(close_reason=CloseReason.REFUSED)


@transaction.atomic
def change_postpone(
    *, change: WantedChange, error: str, unknown: bool, delay: float, at: datetime
) -> bool:
    """The call failed or its outcome is unknown: try again after `delay` seconds. The slot stays used."""
    slot = still_wanted([change]).get(change.slot_id)
    if slot is None:
        if not unknown:
            change_answered_late(change=change)
        return False
    values = {} if unknown else settled_by(change)
    Slot.objects.filter(pk=slot.pk, claimed_until=change.claim).update(
        claimed_until=None,
        next_attempt_at=at + timedelta(seconds=delay),
        last_error=error,
        **values,
    )
    if slot.last_error != error:
        journal_write(
            event=Event.RETRY,
            at=at,
            pool=slot.pool,
            user=slot.holder,
            slot=slot,
            reason="unknown" if unknown else "failed",
            message=error,
            attempt=change.attempt,
        )
    return True
