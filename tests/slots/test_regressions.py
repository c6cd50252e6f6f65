"""Faults that were found in the running system, each with the test that would have shown it."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from ium.directory.models import User
from ium.directory.services import group_members_replace, site_report_failure
from jira_sync.client.interface import Person
from jira_sync.services import note_answer, sync_user_group
from slots.models import JournalEntry, LicencePool, LossReason, Slot, SlotState
from slots.services import (
    change_claim,
    change_confirm,
    change_postpone,
    intake_observe,
    pool_apply_limit,
    pool_reconcile,
    pool_upkeep,
    slot_release,
    sweep_revoke,
    sweep_warn,
)
from slots.services.wanted import SETTLE_TIME
from tests.factories import (
    claimed,
    confirmed,
    events_in,
    events_of,
    holder,
    minutes,
    seconds,
    slot_of,
    trusted,
    waiting,
)

pytestmark = pytest.mark.django_db


def _outage(pool: LicencePool, since: datetime, until: datetime) -> None:
    """Jira's key is refused from one moment to another, while IUM itself runs."""
    site_report_failure(site_id=pool.site_id, refused=True, message="401", at=since)
    trusted(until)
    note_answer(site_id=pool.site_id, at=until)


# Found by tests/kill/test_outage.py: all ten holders were about to be warned when Jira was back.
def test_an_hour_without_jira_does_not_count_as_inactivity(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    back = at + minutes(70)
    _outage(pool, at + minutes(5), back)
    assert slot_of(ann).clock_from == back
    assert "clocks_reset" in events_in(pool)
    assert sum(sweep_warn(pool_id=pool.pk, at=back + seconds(s)) for s in range(0, 100, 10)) == 0


def test_a_warning_from_before_the_outage_takes_nothing_after_it(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    trusted(at + minutes(59))
    assert sweep_warn(pool_id=pool.pk, at=at + minutes(59)) == 1
    _outage(pool, at + minutes(59) + seconds(10), at + minutes(70))
    assert sweep_revoke(pool_id=pool.pk, at=at + minutes(70)) == 0
    assert slot_of(ann).state == SlotState.ACTIVE


def test_reclaim_takes_nobody_for_the_time_jira_was_away(pool: LicencePool, at: datetime) -> None:
    LicencePool.objects.filter(pk=pool.pk).update(reclaim_on_request=True)
    holders = [holder(pool, at) for _ in range(pool.slot_count)]
    back = at + minutes(70)
    _outage(pool, at + minutes(5), back)
    waiting(pool, back + seconds(1))
    assert {slot_of(user).state for user in holders} == {SlotState.ACTIVE}


def test_a_short_outage_leaves_the_clocks_alone(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    before = slot_of(ann).clock_from
    _outage(pool, at + minutes(5), at + minutes(6))
    assert slot_of(ann).clock_from == before


# Found by tests/model: an administrator of Jira was put into the access group.
def test_a_slot_is_not_given_to_somebody_who_became_an_administrator_while_waiting(
    single: LicencePool, at: datetime
) -> None:
    first, waits = holder(single, at), waiting(single, at)
    User.objects.filter(pk=waits.pk).update(is_protected=True)
    slot_release(user=first, pool=single, at=at)
    confirmed(first, at)
    assert set(single.slots.values_list("state", flat=True)) == {SlotState.FREE}


def test_a_slot_is_not_given_to_somebody_who_left_the_user_group_while_waiting(
    single: LicencePool, at: datetime
) -> None:
    first, waits = holder(single, at), waiting(single, at)
    waits.memberships.all().delete()
    slot_release(user=first, pool=single, at=at)
    confirmed(first, at)
    assert set(single.slots.values_list("state", flat=True)) == {SlotState.FREE}


# Found by tests/model: the journal named the fence before the repair.
def test_the_journal_names_the_fence_of_a_repair(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    pool_reconcile(pool_id=single.pk, member_ids=[], read_at=at + minutes(1), at=at + minutes(1))
    assert JournalEntry.objects.get(event="repaired").fence == slot_of(ann).fence


# Found by tests/model: nothing could be done about the slot until the clock had caught up.
def test_a_clock_set_back_does_not_hold_up_a_slot_whose_worker_died(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    claimed(ann, at)
    intake_observe(at=at - minutes(60))
    assert confirmed(ann, at - minutes(58))


def test_a_clock_set_back_does_not_hide_a_missing_membership(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    intake_observe(at=at - minutes(60))
    later = at - minutes(58)
    difference = pool_reconcile(pool_id=single.pk, member_ids=[], read_at=later, at=later)
    assert difference.missing == 1


def test_a_clock_set_back_lets_nobody_who_is_gone_count_as_there(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    waiting(single, at)
    intake_observe(at=at - minutes(60))
    assert not single.entries.alive(at - minutes(58)).exists()


# Found by tests/model: the removal was believed, although the addition could still land: two members in one licence.
def test_a_clock_set_forward_does_not_shorten_the_wait_for_a_lost_call(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    lost = claimed(ann, at)
    change_postpone(change=lost, error="lost", unknown=True, delay=1, at=at)
    slot_release(user=ann, pool=single, at=at + seconds(1))
    jumped = at + minutes(60)
    assert confirmed(ann, jumped)
    assert slot_of(ann).state == SlotState.REVOKING
    intake_observe(at=jumped)
    assert slot_of(ann).unsettled_until == jumped + SETTLE_TIME


class _EmptyGroup:
    """A Jira in which nobody is in any group."""

    def iter_members(self, group_id: str) -> Iterator[Person]:
        return iter(())


# Found by tests/model: the next run saw no difference any more, and they kept their slots for good.
def test_people_who_left_lose_the_slot_although_the_sync_died_after_mirroring_that(
    single: LicencePool, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jira_sync.services.people.directory_of", lambda _: _EmptyGroup())
    ann = holder(single, at)
    group_members_replace(group=single.user_group, user_ids=[], at=at)
    sync_user_group(group_id=single.user_group_id)
    assert slot_of(ann).loss_reason == LossReason.LEFT


# Found by tests/kill: after a storm of 429 every slot that was handed back idled for 90 s.
def test_an_answered_refusal_leaves_no_call_to_wait_for(single: LicencePool, at: datetime) -> None:
    ann = waiting(single, at)
    answered = claimed(ann, at)
    change_postpone(change=answered, error="429", unknown=False, delay=1, at=at)
    assert confirmed(ann, at + seconds(2))
    assert (slot_of(ann).state, slot_of(ann).unsettled_until) == (SlotState.ACTIVE, None)


def test_a_lost_call_is_waited_for_although_a_later_one_was_answered(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    lost = claimed(ann, at)
    change_postpone(change=lost, error="lost", unknown=True, delay=1, at=at)
    answered = claimed(ann, at + seconds(2))
    change_postpone(change=answered, error="429", unknown=False, delay=1, at=at + seconds(2))
    assert confirmed(ann, at + seconds(4))
    assert slot_of(ann).unsettled_until is not None


# Found by tests/model: a removal was wanted for an administrator of Jira.
def test_a_grant_of_somebody_who_became_an_administrator_is_not_taken_for_silence(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    User.objects.filter(pk=ann.pk).update(is_protected=True)
    trusted(at + minutes(10))
    pool_upkeep(pool_id=single.pk, at=at + minutes(10))
    assert slot_of(ann).state == SlotState.GRANTING


# Found by tests/model: the slot was never repaired and never taken: a licence was lost for good.
def test_a_slot_of_an_administrator_who_is_no_member_any_more_goes_to_the_next(
    single: LicencePool, at: datetime
) -> None:
    ann, ben = holder(single, at), waiting(single, at + minutes(5))
    User.objects.filter(pk=ann.pk).update(is_protected=True)
    later = at + minutes(5) + seconds(10)
    pool_reconcile(pool_id=single.pk, member_ids=[], read_at=later, at=later)
    assert slot_of(ben).state == SlotState.GRANTING
    assert events_of(ann)[-2:] == ["revoking", "freed"]


# Found by tests/model: the lost addition had taken effect, and there were two members for one licence.
def test_after_the_limit_was_lowered_a_grant_waits_for_the_removal_of_another_one(
    pool: LicencePool, at: datetime
) -> None:
    ann, ben = waiting(pool, at), waiting(pool, at)
    lost = claimed(ben, at)
    change_postpone(change=lost, error="lost", unknown=True, delay=1, at=at)
    LicencePool.objects.filter(pk=pool.pk).update(assigned_licences=1)
    pool_apply_limit(pool_id=pool.pk, at=at)
    later = at + SETTLE_TIME
    assert change_claim(slot_id=slot_of(ann).pk, at=later) is None
    assert confirmed(ben, later)
    assert confirmed(ann, later)


# Found by tests/model: the removal was carried out, the lost addition landed, and then the removal's answer came.
def test_a_removal_that_began_before_a_lost_addition_could_not_land_any_more_is_repeated(
    single: LicencePool, at: datetime
) -> None:
    ann = waiting(single, at)
    claimed(ann, at)  # and its worker is slow
    slot_release(user=ann, pool=single, at=at + seconds(1))
    removal = claimed(ann, at + seconds(61))
    trusted(at + SETTLE_TIME)
    assert change_confirm(change=removal, at=at + SETTLE_TIME)
    assert slot_of(ann).state == SlotState.REVOKING
    later = at + SETTLE_TIME + seconds(31)
    trusted(later)
    confirmed(ann, later)
    assert not Slot.objects.filter(holder=ann).exists()
