"""Carrying out what slots want from Jira: claim a change, report what came of it.

The calls themselves are made by jira_sync, outside any transaction. Every report names the fence and the claim
it was made for; a late report can therefore not undo a newer decision.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from activity.services import intake_is_trusted
from ium.directory.models import User
from slots.models import (
    CloseReason,
    Event,
    LicencePool,
    LossReason,
    Opening,
    QueueEntry,
    Slot,
    SlotLock,
    SlotSession,
    SlotState,
)
from slots.services.dispatch import pool_dispatch
from slots.services.journal import journal_write
from slots.services.losses import revoke
from slots.services.pools import pool_lock, pool_pause
from slots.services.waits import place_keep

# Longer than the client waits for one change (3 s to connect, 15 s to answer, a read back): nobody else starts
# the same call meanwhile.
CLAIM_TIME = timedelta(seconds=60)
# A lost call to add somebody may still take effect in Jira for so long; until then the slot stays used.
SETTLE_TIME = timedelta(seconds=90)
LOOK_AGAIN = timedelta(seconds=10)
# A claim happens with every call; of the hundred columns of slot, pool, group and holder it needs a tenth.
_FOR_A_CLAIM = (
    "state",
    "fence",
    "attempts",
    "unsettled_until",
    "holder__account_id",
    "pool__site_id",
    "pool__assigned_licences",
    "pool__buffer_licences",
    "pool__dry_run",
    "pool__access_group__group_id",
)


@dataclass(frozen=True)
class WantedChange:
    """A membership change that the holder of this object, and nobody else, may carry out now."""

    slot_id: int
    pool_id: int
    site_id: int
    fence: int
    claim: datetime
    add: bool
    account_id: str
    group_id: str
    attempt: int
    dry_run: bool
    # No earlier call to add this person may still take effect: all were answered.
    clean: bool = True


@transaction.atomic
def change_claim(*, slot_id: int, at: datetime) -> WantedChange | None:
    """Claim the change a slot wants; None when there is none or somebody else is at it.

    The claim is a row before the call: a worker that dies in the middle leaves it, and it runs out.
    """
    slot = (
        Slot.objects.unfinished(at)
        .select_related("pool__access_group", "holder")
        .only(*_FOR_A_CLAIM)
        .filter(pk=slot_id)
        .first()
    )
    if slot is None or slot.holder is None:
        return None
    claim = at + CLAIM_TIME
    adding = slot.state == SlotState.GRANTING
    if adding and slot.pool.slots.used().count() > slot.pool.slot_count:
        return None  # the limit was lowered: remove first, then add
    values = {"unsettled_until": at + SETTLE_TIME} if adding else {}
    claimed = (
        Slot.objects.unfinished(at)
        .filter(pk=slot.pk, fence=slot.fence)
        .update(claimed_until=claim, attempts=F("attempts") + 1, **values)
    )
    if not claimed:
        return None
    return WantedChange(
        slot_id=slot.pk,
        pool_id=slot.pool_id,
        site_id=slot.pool.site_id,
        fence=slot.fence,
        claim=claim,
        add=adding,
        account_id=slot.holder.account_id or "",
        group_id=slot.pool.access_group.group_id,
        attempt=slot.attempts + 1,
        dry_run=slot.pool.dry_run,
        clean=slot.unsettled_until is None,
    )


def change_answered_late(*, change: WantedChange) -> None:
    """Jira answered a call whose slot has moved on: nothing is in flight, the newer change may start."""
    Slot.objects.filter(pk=change.slot_id, claimed_until=change.claim).update(
        claimed_until=None, next_attempt_at=None, **_settled(change)
    )


def _settled(change: WantedChange) -> dict[str, None]:
    """An answered call to add somebody cannot land late any more; one to remove says nothing about that."""
    return {"unsettled_until": None} if change.add and change.clean else {}


def _current(change: WantedChange, pool: LicencePool | None = None) -> Slot | None:
    """Return the slot if the report is about what it still wants. The caller holds the lock of the pool."""
    slot = (
        Slot.objects.select_related("queue_entry")
        .filter(
            pk=change.slot_id,
            fence=change.fence,
            state=SlotState.GRANTING if change.add else SlotState.REVOKING,
        )
        .first()
    )
    if slot is not None and pool is not None:
        slot.pool = pool
    return slot


@transaction.atomic
def change_confirm(
    *, change: WantedChange, at: datetime, by_reading: bool = False, will_look: bool = False
) -> bool:
    """Jira confirmed: the grant is active, or the removed holder's slot goes on. False when it came too late.

    `by_reading`: no call was made, the membership of a lost one was found when looking. `will_look`: the caller now
    asks Jira when its pages open for the new holder (`opening_report`).
    """
    pool = pool_lock(change.pool_id)
    slot = _current(change, pool)
    if slot is None:
        change_answered_late(change=change)
        return False
    if change.add:
        # The only call that was lost has landed, or was never lost: then none can land any more. Of several, an
        # earlier one still may, even after the slot was handed back.
        alone = change.clean and slot.claimed_until == change.claim
        settled = alone or (slot.attempts == 2 and by_reading)
        opening = Opening.ASKED if will_look else ""
        _activate(slot, at, settled=settled, opening=opening, asked_at=_begun(change))
    elif slot.unsettled_until and not _had_passed(slot.unsettled_until, change, at):
        # An earlier call to add this person was lost and may still land, or has landed between this removal and
        # its answer: look again when it cannot any more.
        Slot.objects.filter(pk=slot.pk).update(
            claimed_until=None, next_attempt_at=max(slot.unsettled_until, at + LOOK_AGAIN)
        )
    else:
        _free(slot, pool, at, asked_at=_begun(change))
        pool_dispatch(pool=pool, at=at)
    return True


def _begun(change: WantedChange) -> datetime:
    """Return when the call began."""
    return change.claim - CLAIM_TIME


def _had_passed(moment: datetime, change: WantedChange, at: datetime) -> bool:
    """Whether a moment was over before the call began: Jira may have carried it out at once and answered later.

    While the clock may have been set forward unnoticed, nobody can tell.
    """
    begun = min(at, _begun(change))
    return moment <= begun and intake_is_trusted(at=at)


def _activate(slot: Slot, at: datetime, *, settled: bool, opening: str, asked_at: datetime) -> None:
    Slot.objects.filter(pk=slot.pk).update(
        state=SlotState.ACTIVE,
        confirmed_at=at,
        opening=opening,
        # A repaired membership need not be taken up a second time.
        seen_at=at if slot.was_claimed else slot.seen_at,
        clock_from=at,
        attempts=0,
        next_attempt_at=None,
        claimed_until=None,
        unsettled_until=None if settled else slot.unsettled_until,
        last_error="",
    )
    journal_write(
        event=Event.CONFIRMED,
        at=at,
        pool=slot.pool,
        user_id=slot.holder_id,
        slot=slot,
        seconds=_seconds(slot.granted_at, at),
        asked_at=asked_at.isoformat(),
    )


def _seconds(start: datetime | None, end: datetime) -> float:
    return round((end - start).total_seconds(), 3) if start is not None else 0.0


def _free(slot: Slot, pool: LicencePool, at: datetime, *, asked_at: datetime | None = None) -> None:
    """End the stay: note it, put an absent person back in the queue, lock the swept, free or drop the row."""
    journal_write(
        event=Event.FREED,
        at=at,
        pool=pool,
        user_id=slot.holder_id,
        slot=slot,
        reason=slot.loss_reason,
        seconds=_seconds(slot.revoking_since, at),
        asked_at=asked_at.isoformat() if asked_at is not None else None,
    )
    _note_session(slot, at)
    if slot.loss_reason == LossReason.UNCLAIMED:
        _put_back(slot, at)
    if slot.loss_reason == LossReason.SWEEP and pool.lock_minutes > 0 and slot.holder_id:
        until = pool.timing.lock_until(at)
        SlotLock.objects.update_or_create(
            pool=pool, user_id=slot.holder_id, defaults={"until": until}
        )
    _empty(slot, pool)


def slot_let_go(slot: Slot, *, at: datetime) -> None:
    """Free a slot whose holder is surely no member of the access group. The caller holds the pool lock."""
    if revoke(slot, reason=LossReason.LEFT, at=at):
        slot.refresh_from_db()
        _free(slot, slot.pool, at)


def _note_session(slot: Slot, at: datetime) -> None:
    if slot.holder_id is None or slot.granted_at is None:
        return
    entry = slot.queue_entry
    SlotSession.objects.create(
        pool=slot.pool,
        user_id=slot.holder_id,
        waited_seconds=_seconds(entry.joined_at, slot.granted_at) if entry is not None else 0,
        granted_at=slot.granted_at,
        confirmed_at=slot.confirmed_at,
        ended_at=at,
        loss_reason=slot.loss_reason,
    )


def _empty(slot: Slot, pool: LicencePool) -> None:
    """Make the row free; drop it when the pool has more rows than licences (they drain as they come free)."""
    if pool.slots.count() > pool.slot_count:
        Slot.objects.filter(pk=slot.pk).delete()
        return
    Slot.objects.filter(pk=slot.pk).update(
        state=SlotState.FREE,
        holder=None,
        fence=slot.fence + 1,
        return_url="",
        granted_at=None,
        confirmed_at=None,
        opening="",
        seen_at=None,
        clock_from=None,
        warned_at=None,
        revoke_at=None,
        loss_reason="",
        revoking_since=None,
        queue_entry=None,
        attempts=0,
        next_attempt_at=None,
        claimed_until=None,
        unsettled_until=None,
        last_error="",
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
    slot = _current(change, pool)
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
        _empty(slot, pool)
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
    slot = _current(change)
    if slot is None:
        if not unknown:
            change_answered_late(change=change)
        return False
    values = {} if unknown else _settled(change)
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
