"""Faults put into the product on purpose: each breaks one rule that a promise hangs on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from slots.models import CloseReason, LicencePool, LossReason, QueueEntry, Slot, SlotState
from slots.models.queue import QueueQuerySet
from slots.models.slot import SlotQuerySet
from slots.services import WantedChange, change_confirm, change_postpone, dispatch, losses, requests
from slots.services.asking import Ask, Outcome, slot_request_many
from slots.services.journal import journal_write
from slots.services.pools import pool_lock


def drop_the_unsettled_wait(patch: pytest.MonkeyPatch) -> None:
    """A removal is believed although a lost addition may still land."""
    patch.setattr("slots.services.confirming._had_passed", lambda *_: True)


def drop_the_fence(patch: pytest.MonkeyPatch) -> None:
    """A late answer is taken for the answer to whatever the slot wants now."""

    patch.setattr("slots.services.wanted._wants", lambda slot, _: slot.holder_id is not None)


def free_on_an_unknown_outcome(patch: pytest.MonkeyPatch) -> None:
    """A timeout counts as done."""

    def postpone(*, change: WantedChange, unknown: bool, at: datetime, **details: Any) -> bool:
        if unknown and not change.add:
            return change_confirm(change=change, at=at)
        return change_postpone(change=change, unknown=unknown, at=at, **details)

    patch.setattr("slots.services.change_postpone", postpone)


def serve_the_last_first(patch: pytest.MonkeyPatch) -> None:
    """The queue is a stack."""
    patch.setattr(
        QueueQuerySet, "waiting", lambda self: self.filter(closed_at=None).order_by("-seq")
    )


def ignore_priorities(patch: pytest.MonkeyPatch) -> None:
    """Whom the administrator moved up waits like everybody else."""
    patch.setattr(
        QueueQuerySet, "waiting", lambda self: self.filter(closed_at=None).order_by("seq")
    )


def serve_the_silent(patch: pytest.MonkeyPatch) -> None:
    """Slots are given to people who are not there."""
    patch.setattr(QueueQuerySet, "alive", lambda self, at: self.waiting())


def sweep_without_warning(patch: pytest.MonkeyPatch) -> None:
    """The sweep takes everybody who is inactive."""

    @transaction.atomic
    def sweep(*, pool_id: int, at: datetime) -> int:
        pool = pool_lock(pool_id)
        if not losses.may_be_taken(pool, at):
            return 0
        slots = losses._sweepable(pool, at).select_related("holder", "pool")
        return sum(losses.revoke(slot, reason=LossReason.SWEEP, at=at) for slot in slots)

    patch.setattr("slots.services.sweep_revoke", sweep)


def sweep_while_blind(patch: pytest.MonkeyPatch) -> None:
    """Inactivity counts although nobody could see activity."""
    patch.setattr("slots.services.losses.intake_is_trusted", lambda **_: True)


def forget_to_restart_clocks(patch: pytest.MonkeyPatch) -> None:
    """After a gap inactivity counts on."""
    patch.setattr("slots.services.upkeep.clocks_restart", lambda **_: 0)


def believe_old_readings(patch: pytest.MonkeyPatch) -> None:
    """Whose removal was confirmed while the members were being read gets a slot again."""
    patch.setattr("slots.services.reconcile._freed_since", lambda *_: set())


def repair_what_is_new(patch: pytest.MonkeyPatch) -> None:
    """Who came in while the members were being read counts as missing."""
    patch.setattr(
        "slots.services.reconcile._is_settled", lambda slot, _: slot.state == SlotState.ACTIVE
    )


def count_then_insert(patch: pytest.MonkeyPatch) -> None:
    """Slots in use are counted, and what is on its way to or from Jira is forgotten."""

    def count_and_give(*, pool: LicencePool, at: datetime) -> list[dispatch.Grant]:
        if dispatch.grants_rest(pool, at):
            return []
        free = pool.slot_count - pool.slots.filter(state=SlotState.ACTIVE).count()
        people = [e for e in pool.entries.alive(at) if not pool.slots.filter(holder=e.user)]
        grants = [
            dispatch.Grant(Slot.objects.create(pool=pool), entry)
            for entry in people[: max(0, free)]
        ]
        return dispatch.grant_many(grants, pool=pool, at=at)

    for place in ("asking", "confirming", "dispatch"):
        patch.setattr(f"slots.services.{place}.pool_give", count_and_give)


def forget_the_journal(patch: pytest.MonkeyPatch) -> None:
    """Nobody writes down why a slot was taken."""
    patch.setattr("slots.services.losses.journal_slots", lambda *_, **__: None)


def adopt_strangers(patch: pytest.MonkeyPatch) -> None:
    """Everybody in the access group counts as an IUM user."""
    patch.setattr("slots.services.reconcile.why_not_managed", lambda **_: None)


def give_up_when_a_worker_dies(patch: pytest.MonkeyPatch) -> None:
    """A claim never runs out."""
    unfinished = SlotQuerySet.unfinished
    patch.setattr(
        SlotQuerySet, "unfinished", lambda self, at: unfinished(self, at).filter(claimed_until=None)
    )


def keep_surplus_rows(patch: pytest.MonkeyPatch) -> None:
    """After the limit was lowered a row that comes free is given on."""

    def free(slots: Sequence[Slot], _pool: LicencePool) -> None:
        Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(
            state=SlotState.FREE, holder=None, loss_reason="", fence=F("fence") + 1
        )

    for place in ("freeing", "refusing"):
        patch.setattr(f"slots.services.{place}.slots_empty", free)
    patch.setattr(LicencePool, "slot_count", property(lambda self: self.slots.count() or 1))


def forget_an_interrupted_sync(patch: pytest.MonkeyPatch) -> None:
    """People who left keep their slot when the sync that saw it died."""
    patch.setattr("jira_sync.services.people.people_inside", lambda _: set())


def close_two_waits_at_once(patch: pytest.MonkeyPatch) -> None:
    """Who leaves the queue takes the next one along, without a word."""

    def close(entry: QueueEntry, reason: CloseReason, *, at: datetime, actor: Any = None) -> None:
        QueueEntry.objects.waiting().filter(seq__gte=entry.seq).update(
            closed_at=at, close_reason=reason
        )
        journal_write(event="left_queue", at=at, pool=entry.pool, user=entry.user)

    patch.setattr("slots.services.requests.close_entry", close)


def forget_caps(patch: pytest.MonkeyPatch) -> None:
    """A group gets as many slots as there are."""
    patch.setattr("slots.shares.Standing.full", lambda _: frozenset())


def lend_for_ever(patch: pytest.MonkeyPatch) -> None:
    """What was reserved and lent does not come back first."""
    patch.setattr("slots.shares.Standing.owed", lambda _: frozenset())


def let_a_class_pass_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Whoever stands places ahead stands before everybody else."""
    order = ("-priority", "-places_ahead", "seq")
    patch.setattr(
        QueueQuerySet, "waiting", lambda self: self.filter(closed_at=None).order_by(*order)
    )


def join_by_polling(patch: pytest.MonkeyPatch) -> None:
    """Whoever polls is put into the queue."""
    many = slot_request_many

    def joining(*, asks: Sequence[Ask], **fields: Any) -> list[Outcome]:
        return many(asks=[replace(ask, join=True) for ask in asks], **fields)

    patch.setattr(requests, "slot_request_many", joining)


Mutation = Callable[[pytest.MonkeyPatch], None]
# What each mutation must be found by.
FOUND_BY: dict[Mutation, str] = {
    drop_the_unsettled_wait: r"members without a slot",
    # The database refuses it too.
    drop_the_fence: r"the journal says|without a slot|constraint",
    free_on_an_unknown_outcome: r"without a slot|allowed",
    serve_the_last_first: r"overtaken",
    ignore_priorities: r"overtaken",
    serve_the_silent: r"not there",
    sweep_without_warning: r"swept without a warning|swept less than",
    sweep_while_blind: r"activity may be missing",
    forget_to_restart_clocks: r"did not start the clocks",
    believe_old_readings: r"adopted whose removal is confirmed",
    repair_what_is_new: r"a member all the time",
    count_then_insert: r"appeared without an explanation|more rows",
    forget_the_journal: r"the journal says|warned or not",
    adopt_strangers: r"was adopted",
    give_up_when_a_worker_dies: r"unfinished",
    keep_surplus_rows: r"more rows|allowed|do not fit",
    forget_an_interrupted_sync: r"no IUM users any more",
    close_two_waits_at_once: r"unexplained",
    forget_caps: r"more slots than its cap|above the cap",
    lend_for_ever: r"a slot reserved for",
    let_a_class_pass_for_ever: r"overtaken",
    join_by_polling: r"a poll put somebody",
}
