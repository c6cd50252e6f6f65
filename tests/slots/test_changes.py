"""Carrying out wanted changes: claims, fences, lost and late answers (promises 1 and 6)."""

from datetime import datetime, timedelta

import pytest

from slots.models import CloseReason, JournalEntry, LicencePool, Slot, SlotState
from slots.services import (
    WantedChange,
    change_claim,
    change_confirm,
    change_postpone,
    change_refuse,
    pool_dispatch,
    pool_lock,
    pool_reconcile,
    slot_release,
    slot_request,
)
from tests.factories import (
    FakeJira,
    claimed,
    confirmed,
    entry_of,
    events_of,
    holder,
    minutes,
    seconds,
    slot_of,
    waiting,
)
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db


def refuse(change: WantedChange, at: datetime, *, whole_pool: bool = False) -> bool:
    """Report that Jira refused for good."""
    return change_refuse(
        change=change, whole_pool=whole_pool, message="No.", code="refused_by_jira", at=at
    )


def postpone(change: WantedChange, at: datetime, *, unknown: bool, error: str = "late") -> bool:
    """Report that a call failed, to be tried again in ten seconds."""
    return change_postpone(change=change, error=error, unknown=unknown, delay=10, at=at)


def test_a_claim_says_everything_the_call_needs(single: LicencePool, at: datetime) -> None:
    ann = waiting(single, at)
    slot = slot_of(ann)
    assert change_claim(slot_id=slot.pk, at=at) == WantedChange(
        slot_id=slot.pk,
        pool_id=single.pk,
        site_id=single.site_id,
        fence=1,
        claim=at + seconds(60),
        add=True,
        account_id=str(ann.account_id),
        group_id=single.access_group.group_id,
        attempt=1,
        dry_run=False,
    )


def test_only_one_may_carry_out_a_change_until_the_claim_runs_out(
    single: LicencePool, at: datetime
) -> None:
    slot = slot_of(waiting(single, at))
    assert change_claim(slot_id=slot.pk, at=at) is not None
    assert change_claim(slot_id=slot.pk, at=at + seconds(59)) is None
    again = change_claim(slot_id=slot.pk, at=at + seconds(60))
    assert again is not None
    assert again.attempt == 2


@pytest.mark.parametrize("state", [SlotState.FREE, SlotState.ACTIVE])
def test_a_slot_that_wants_nothing_cannot_be_claimed(
    single: LicencePool, at: datetime, state: SlotState
) -> None:
    if state == SlotState.ACTIVE:
        holder(single, at)
    assert change_claim(slot_id=single.slots.get().pk, at=at) is None


def test_a_row_that_is_gone_cannot_be_claimed(at: datetime) -> None:
    assert change_claim(slot_id=12345, at=at) is None


def test_a_dry_run_is_told_to_those_who_call_jira(at: datetime, jira: FakeJira) -> None:
    pool = make_pool(dry_run=True)
    ann = waiting(pool, at)
    jira.settle(at)
    assert slot_of(ann).state == SlotState.ACTIVE
    assert jira.members_of(pool) == set()


def test_a_confirmed_grant_starts_the_stay(single: LicencePool, at: datetime) -> None:
    ann = waiting(single, at)
    assert confirmed(ann, at + seconds(7))
    slot = slot_of(ann)
    assert (slot.state, slot.confirmed_at, slot.clock_from) == (
        SlotState.ACTIVE,
        at + seconds(7),
        at + seconds(7),
    )
    assert JournalEntry.objects.get(user=ann, event="confirmed").details == {
        "seconds": 7.0,
        "asked_at": (at + seconds(7)).isoformat(),
    }


def test_a_confirmation_twice_counts_once(single: LicencePool, at: datetime) -> None:
    ann = waiting(single, at)
    change = claimed(ann, at)
    assert [change_confirm(change=change, at=at), change_confirm(change=change, at=at)] == [
        True,
        False,
    ]
    assert events_of(ann).count("confirmed") == 1


def test_a_late_confirmation_of_an_old_fence_does_nothing(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    adding = claimed(ann, at)
    slot_release(user=ann, pool=single, at=at + seconds(1))
    assert not change_confirm(change=adding, at=at + seconds(2))
    assert slot_of(ann).state == SlotState.REVOKING


def test_a_removal_waits_for_the_answer_to_the_call_in_flight(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    adding = claimed(ann, at)
    slot_release(user=ann, pool=single, at=at + seconds(1))
    assert jira.settle(at + seconds(2)) == 0
    jira.call(adding)
    change_confirm(change=adding, at=at + seconds(3))
    assert jira.settle(at + seconds(3)) == 1
    assert not single.slots.used().exists()
    assert jira.members_of(single) == set()


def test_a_removal_is_not_final_while_a_lost_call_to_add_may_still_land(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    adding = claimed(ann, at)
    postpone(adding, at + seconds(18), unknown=True)
    slot_release(user=ann, pool=single, at=at + seconds(20))
    waiting(single, at + seconds(60))
    jira.settle(at + seconds(20))
    assert slot_of(ann).state == SlotState.REVOKING
    jira.call(adding)  # it lands after Jira confirmed the removal
    jira.settle(at + seconds(89))
    assert slot_of(ann).state == SlotState.REVOKING
    jira.settle(at + seconds(90))
    assert jira.highest_of(single) == 1
    assert ann.account_id not in jira.members_of(single)


def test_a_lost_first_call_may_land_even_when_the_second_was_confirmed(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    lost = claimed(ann, at)
    postpone(lost, at + seconds(18), unknown=True)
    jira.settle(at + seconds(28))
    assert slot_of(ann).state == SlotState.ACTIVE
    slot_release(user=ann, pool=single, at=at + seconds(40))
    waiting(single, at + seconds(60))
    jira.settle(at + seconds(40))
    jira.call(lost)
    jira.settle(at + seconds(60))
    jira.settle(at + seconds(118))
    assert jira.highest_of(single) == 1
    assert ann.account_id not in jira.members_of(single)


def test_a_call_still_in_flight_may_land_after_its_predecessor_was_confirmed(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    slow = claimed(ann, at)
    second = claimed(ann, at + seconds(60))
    change_confirm(change=slow, at=at + seconds(61))
    slot_release(user=ann, pool=single, at=at + seconds(62))
    waiting(single, at + seconds(62))
    jira.settle(at + seconds(63))
    jira.call(second)
    jira.settle(at + seconds(149))
    jira.settle(at + seconds(150))
    assert jira.highest_of(single) == 1


def test_an_answered_first_call_cannot_land_late(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    postpone(claimed(ann, at), at, unknown=False)
    slot_release(user=ann, pool=single, at=at)
    jira.settle(at)
    assert not single.slots.used().exists()


def test_a_failed_call_is_tried_again_after_the_delay_and_not_before(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    assert postpone(claimed(ann, at), at, unknown=False)
    slot = slot_of(ann)
    assert change_claim(slot_id=slot.pk, at=at + seconds(9)) is None
    assert change_claim(slot_id=slot.pk, at=at + seconds(10)) is not None
    assert (slot.state, slot.last_error) == (SlotState.GRANTING, "late")


def test_the_same_error_again_is_journalled_once(single: LicencePool, at: datetime) -> None:
    ann = waiting(single, at)
    for step in range(3):
        moment = at + seconds(10 * step)
        postpone(claimed(ann, moment), moment, unknown=True)
    assert events_of(ann).count("retry") == 1
    assert JournalEntry.objects.get(event="retry").reason == "unknown"


def test_the_failure_of_an_old_claim_does_not_end_the_claim_of_another(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    old = claimed(ann, at)
    new = claimed(ann, at + seconds(60))
    postpone(old, at + seconds(61), unknown=False)
    assert slot_of(ann).claimed_until == new.claim


@pytest.mark.parametrize("unknown", [True, False])
def test_a_failure_of_an_old_fence_ends_the_claim_only_when_its_outcome_is_known(
    single: LicencePool, at: datetime, unknown: bool
) -> None:
    ann = waiting(single, at)
    adding = claimed(ann, at)
    slot_release(user=ann, pool=single, at=at)
    assert not postpone(adding, at, unknown=unknown)
    assert (slot_of(ann).claimed_until is None) is not unknown


def test_a_person_jira_refuses_gets_no_slot_and_the_next_one_does(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    ben = waiting(single, at)
    assert refuse(claimed(ann, at), at)
    assert entry_of(ann).close_reason == CloseReason.REFUSED
    assert slot_of(ben).state == SlotState.GRANTING
    assert events_of(ann)[-1] == "grant_failed"


def test_a_refusal_after_a_lost_call_is_undone_before_the_slot_goes_on(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    lost = claimed(ann, at)
    postpone(lost, at, unknown=True)
    refuse(claimed(ann, at + seconds(10)), at + seconds(10))
    assert slot_of(ann).state == SlotState.REVOKING
    waiting(single, at + seconds(60))
    jira.settle(at + seconds(60))
    jira.call(lost)
    jira.settle(at + seconds(100))
    assert jira.highest_of(single) == 1
    assert ann.account_id not in jira.members_of(single)


def test_a_refusal_of_the_first_call_does_not_free_the_slot_while_a_second_is_in_flight(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    first = claimed(ann, at)
    claimed(ann, at + seconds(60))
    refuse(first, at + seconds(61))
    assert slot_of(ann).state == SlotState.REVOKING


def test_a_refusal_that_concerns_everybody_keeps_the_place_and_pauses_the_pool(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    waiting(single, at)
    refuse(claimed(ann, at), at, whole_pool=True)
    entry = entry_of(ann)
    assert (entry.closed_at, entry.seq) == (None, 1)
    assert not single.slots.used().exists()
    single.refresh_from_db()
    assert single.is_paused(at + seconds(59))
    assert pool_dispatch(pool=pool_lock(single.pk), at=at + seconds(60)) == 1
    jira.settle(at + seconds(60))
    assert slot_of(ann).state == SlotState.ACTIVE


def test_a_refusal_of_an_old_fence_changes_nothing(single: LicencePool, at: datetime) -> None:
    ann = waiting(single, at)
    adding = claimed(ann, at)
    slot_release(user=ann, pool=single, at=at)
    assert not refuse(adding, at)
    assert slot_of(ann).state == SlotState.REVOKING
    assert slot_of(ann).claimed_until is None


def test_a_refused_removal_keeps_the_slot_used_and_is_tried_again(
    single: LicencePool, at: datetime
) -> None:
    ann = holder(single, at)
    slot_release(user=ann, pool=single, at=at)
    assert refuse(claimed(ann, at), at)
    slot = slot_of(ann)
    assert (slot.state, slot.next_attempt_at) == (SlotState.REVOKING, at + seconds(60))
    single.refresh_from_db()
    assert single.is_paused(at)


def test_a_worker_that_dies_in_the_middle_loses_nothing(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    claimed(ann, at)  # and is never heard of again
    assert jira.settle(at + seconds(59)) == 0
    assert jira.settle(at + seconds(60)) == 1
    assert slot_of(ann).state == SlotState.ACTIVE


def test_unfinished_changes_are_found_without_any_message(
    single: LicencePool, at: datetime
) -> None:
    slot = slot_of(waiting(single, at))
    assert list(Slot.objects.unfinished(at)) == [slot]


def test_the_next_one_is_served_in_the_transaction_that_frees_the_slot(
    single: LicencePool, at: datetime
) -> None:
    ann = holder(single, at)
    ben = waiting(single, at)
    slot_release(user=ann, pool=single, at=at)
    confirmed(ann, at + seconds(3))
    assert slot_of(ben).granted_at == at + seconds(3)


def test_the_stay_is_noted_with_wait_and_reason(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    ben = waiting(single, at)
    slot_release(user=ann, pool=single, at=at + seconds(30))
    confirmed(ann, at + seconds(30))
    confirmed(ben, at + seconds(31))
    slot_release(user=ben, pool=single, at=at + minutes(1))
    confirmed(ben, at + minutes(1))
    stay = single.sessions.get(user=ben)
    assert (stay.waited_seconds, stay.granted_at, stay.confirmed_at, stay.ended_at) == (
        30.0,
        at + seconds(30),
        at + seconds(31),
        at + minutes(1),
    )
    assert stay.loss_reason == "released"


def test_a_membership_that_is_repaired_soon_after_a_lost_call_waits_for_that_call(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    postpone(claimed(ann, at), at, unknown=True)
    jira.settle(at + seconds(10))
    read_at = at + seconds(50)
    found = pool_reconcile(pool_id=single.pk, member_ids=[], read_at=read_at, at=read_at)
    assert found.missing == 0
    read_at = at + timedelta(minutes=5)
    found = pool_reconcile(pool_id=single.pk, member_ids=[], read_at=read_at, at=read_at)
    assert found.missing == 1


def test_a_slot_wanted_again_at_once_is_removed_before_it_is_added(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    slot_release(user=ann, pool=single, at=at)
    slot_request(user=ann, pool=single, return_url=None, at=at)
    jira.settle(at)
    assert [kind for kind, _ in jira.calls] == ["add", "remove", "add"]


@pytest.mark.parametrize("report", ["confirm", "refuse", "postpone"])
def test_a_late_report_about_an_earlier_holder_does_nothing_to_the_next_one(
    single: LicencePool, at: datetime, report: str
) -> None:
    ann = waiting(single, at)
    old = claimed(ann, at)
    slot_release(user=ann, pool=single, at=at + seconds(1))
    confirmed(ann, at + seconds(90))
    ben = waiting(single, at + seconds(90))
    before = Slot.objects.values().get()
    late = at + seconds(95)
    if report == "confirm":
        assert not change_confirm(change=old, at=late)
    elif report == "refuse":
        assert not refuse(old, late)
    else:
        assert not postpone(old, late, unknown=False)
    assert Slot.objects.values().get() == before
    assert slot_of(ben).state == SlotState.GRANTING
