"""What Jira confirmed: additions make slots active; removals free them, and they go on at once.

Many at the same moment in one transaction, because most of it costs the same for ten as for one: the pool lock, what
stands in the rows, giving the freed slots to the next, the commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from activity.services import intake_is_trusted
from ium.lib.rows import update_each
from slots.models import Event, JournalEntry, LicencePool, Opening, Slot, SlotState
from slots.services.dispatch import pool_give, want_change
from slots.services.freeing import seconds_between, slots_free
from slots.services.journal import journal_entry
from slots.services.pools import pool_lock
from slots.services.wanted import (
    CLAIM_TIME,
    LOOK_AGAIN,
    WantedChange,
    change_answered_late,
    grants_claim,
    still_wanted,
)


@dataclass(frozen=True)
class Answer:
    """That Jira confirmed a change.

    `by_reading`: no call was made, the membership of a lost one was found when looking. `will_look`: the caller now
    asks Jira when its pages open for the new holder (`opening_report`). `goes_on`: the caller carries out what follows.
    """

    change: WantedChange
    by_reading: bool = False
    will_look: bool = False
    goes_on: bool = False


@dataclass
class Confirmation:
    """What came of an answer: whether it counted, or came too late; the next change, claimed for who goes on."""

    counted: bool
    follows: WantedChange | None = None


def change_confirm(
    *, change: WantedChange, at: datetime, by_reading: bool = False, will_look: bool = False
) -> bool:
    """Jira confirmed one change; see `changes_confirm`. False when it came too late."""
    answer = Answer(change, by_reading=by_reading, will_look=will_look)
    [confirmation] = changes_confirm(pool_id=change.pool_id, answers=[answer], at=at)
    return confirmation.counted


@transaction.atomic
def changes_confirm(*, pool_id: int, answers: Sequence[Answer], at: datetime) -> list[Confirmation]:
    """Jira confirmed changes of a pool: grants are active, removed holders' slots go to the next in the queue.

    Returns what came of each. Freed slots that were given on are claimed for the callers that go on, one for each;
    workers are told of the others. Raises Busy when the pool stays locked for 3 seconds, ValueError for two answers
    about one slot.
    """
    changes = [answer.change for answer in answers]
    if len({change.slot_id for change in changes}) != len(changes):
        raise ValueError("A slot's changes are confirmed one after the other.")
    pool = pool_lock(pool_id)
    slots = still_wanted(changes)
    for change in changes:
        if change.slot_id not in slots:
            change_answered_late(change=change)
    counted = [answer for answer in answers if answer.change.slot_id in slots]
    _activate(counted, slots, pool, at)
    freed = _free(counted, slots, pool, at)
    confirmations = {
        change.slot_id: Confirmation(counted=change.slot_id in slots) for change in changes
    }
    _give_on([answer for answer in freed if answer.goes_on], confirmations, pool, at, bool(freed))
    return [confirmations[change.slot_id] for change in changes]


def _activate(
    answers: Sequence[Answer], slots: dict[int, Slot], pool: LicencePool, at: datetime
) -> None:
    added = [answer for answer in answers if answer.change.add]
    if not added:
        return
    update_each(
        Slot.objects.filter(state=SlotState.GRANTING),
        {answer.change.slot_id: _own(answer, slots[answer.change.slot_id], at) for answer in added},
        state=SlotState.ACTIVE,
        confirmed_at=at,
        clock_from=at,
        attempts=0,
        next_attempt_at=None,
        claimed_until=None,
        last_error="",
    )
    JournalEntry.objects.bulk_create(
        [_news(answer.change, slots[answer.change.slot_id], pool, at) for answer in added]
    )


def _own(answer: Answer, slot: Slot, at: datetime) -> dict[str, Any]:
    """Return what is written of one confirmed addition and not of every other."""
    change = answer.change
    # The only call that was lost has landed, or was never lost: then none can land any more. Of several, an earlier
    # one still may, even after the slot was handed back.
    alone = change.clean and slot.claimed_until == change.claim
    settled = alone or (slot.attempts == 2 and answer.by_reading)
    return {
        "opening": Opening.ASKED if answer.will_look else "",
        # A repaired membership need not be taken up a second time.
        "seen_at": at if slot.was_claimed else slot.seen_at,
        "unsettled_until": None if settled else slot.unsettled_until,
    }


def _news(change: WantedChange, slot: Slot, pool: LicencePool, at: datetime) -> JournalEntry:
    return journal_entry(
        event=Event.CONFIRMED,
        at=at,
        pool=pool,
        user_id=slot.holder_id,
        slot=slot,
        seconds=seconds_between(slot.granted_at, at),
        asked_at=_begun(change).isoformat(),
    )


def _free(
    answers: Sequence[Answer], slots: dict[int, Slot], pool: LicencePool, at: datetime
) -> list[Answer]:
    """Free the slots of removed holders; return the answers that did."""
    freed = []
    for answer in answers:
        if answer.change.add:
            continue
        slot = slots[answer.change.slot_id]
        if slot.unsettled_until and not _had_passed(slot.unsettled_until, answer.change, at):
            # An earlier call to add this person was lost and may still land, or has landed between this removal and
            # its answer: look again when it cannot any more.
            Slot.objects.filter(pk=slot.pk).update(
                claimed_until=None, next_attempt_at=max(slot.unsettled_until, at + LOOK_AGAIN)
            )
            continue
        freed.append(answer)
    asked_at = {answer.change.slot_id: _begun(answer.change) for answer in freed}
    slots_free([slots[slot_id] for slot_id in asked_at], pool, at, asked_at=asked_at)
    return freed


def _give_on(
    going_on: Sequence[Answer],
    confirmations: dict[int, Confirmation],
    pool: LicencePool,
    at: datetime,
    freed: bool,
) -> None:
    """Give freed slots to the next; whoever goes on carries out one grant, workers the others."""
    given = [grant.slot.pk for grant in pool_give(pool=pool, at=at)] if freed else []
    kept, others = given[: len(going_on)], given[len(going_on) :]
    if kept:
        follow = grants_claim(kept, at=at)
        for answer, change in zip(going_on, follow, strict=False):
            confirmations[answer.change.slot_id].follows = change
    want_change(*others)


def _begun(change: WantedChange) -> datetime:
    """Return when the call began."""
    return change.claim - CLAIM_TIME


def _had_passed(moment: datetime, change: WantedChange, at: datetime) -> bool:
    """Whether a moment was over before the call began: Jira may have carried it out at once and answered later.

    While the clock may have been set forward unnoticed, nobody can tell.
    """
    begun = min(at, _begun(change))
    return moment <= begun and intake_is_trusted(at=at)
