"""Grants nobody takes up, and people who stopped waiting (promises 2 and 3)."""

from datetime import datetime, timedelta

import pytest

from slots.models import CloseReason, LicencePool, LossReason, SlotSession, SlotState
from slots.services import pool_reconcile, pool_upkeep, slot_activity, slot_release, slot_request
from tests.factories import (
    FakeJira,
    confirmed,
    entry_of,
    events_of,
    holder,
    seconds,
    slot_of,
    trusted,
    waiting,
)

pytestmark = pytest.mark.django_db
CLAIM = seconds(120)


@pytest.fixture
def absent(single: LicencePool, at: datetime, jira: FakeJira) -> LicencePool:
    """Ben got the slot 30 s after his last sign of life, and Cleo waits behind him."""
    ann = jira.holder(single, at, display_name="Ann")
    waiting(single, at, display_name="Ben")
    slot_release(user=ann, pool=single, at=at + seconds(30))
    waiting(single, at + seconds(30), display_name="Cleo")
    jira.settle(at + seconds(30))
    return single


def upkeep(pool: LicencePool, at: datetime) -> int:
    """Run the job at a moment up to which activity could be received."""
    trusted(at)
    return pool_upkeep(pool_id=pool.pk, at=at)


def poll(pool: LicencePool, name: str, at: datetime) -> None:
    """Let somebody in the queue ask again."""
    user = pool.user_group.members.get(display_name=name)
    slot_request(user=user, pool=pool, return_url=None, at=at)


def test_a_grant_nobody_takes_up_goes_to_the_next_after_the_claim_time(
    absent: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ben = absent.user_group.members.get(display_name="Ben")
    cleo = absent.user_group.members.get(display_name="Cleo")
    granted = at + seconds(30)
    poll(absent, "Cleo", granted + CLAIM)
    assert upkeep(absent, granted + CLAIM - seconds(1)) == 0
    assert slot_of(ben).state == SlotState.ACTIVE
    assert upkeep(absent, granted + CLAIM) == 1
    assert slot_of(ben).loss_reason == LossReason.UNCLAIMED
    jira.settle(granted + CLAIM)
    assert slot_of(cleo).state == SlotState.ACTIVE
    assert jira.highest_of(absent) == 1


def test_the_first_miss_keeps_the_place_silently(
    absent: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ben = absent.user_group.members.get(display_name="Ben")
    later = at + seconds(30) + CLAIM
    upkeep(absent, later)
    jira.settle(later)
    entry = entry_of(ben)
    assert (entry.closed_at, entry.misses, entry.seq) == (None, 1, 2)
    assert entry.alive_until < later
    assert SlotSession.objects.get(user=ben).loss_reason == LossReason.UNCLAIMED


def test_after_the_first_miss_a_sign_of_life_brings_the_slot_before_later_people(
    absent: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ben = absent.user_group.members.get(display_name="Ben")
    cleo = absent.user_group.members.get(display_name="Cleo")
    later = at + seconds(30) + CLAIM
    poll(absent, "Cleo", later)
    upkeep(absent, later)
    jira.settle(later)
    poll(absent, "Ben", later)
    waiting(absent, later)
    slot_release(user=cleo, pool=absent, at=later)
    jira.settle(later)
    assert slot_of(ben).state == SlotState.ACTIVE


def test_who_comes_back_while_the_missed_slot_is_still_being_taken_has_the_old_place(
    absent: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ben = absent.user_group.members.get(display_name="Ben")
    later = at + seconds(30) + CLAIM
    poll(absent, "Cleo", later)
    upkeep(absent, later)
    poll(absent, "Ben", later)  # before Jira confirmed the removal
    jira.settle(later)
    assert slot_of(ben).state == SlotState.ACTIVE
    assert entry_of(ben).seq == 2


def test_the_second_miss_ends_the_wait(absent: LicencePool, at: datetime, jira: FakeJira) -> None:
    ben = absent.user_group.members.get(display_name="Ben")
    first = at + seconds(30) + CLAIM
    upkeep(absent, first)
    jira.settle(first)  # Cleo is silent by now: nobody is served
    poll(absent, "Ben", first)
    jira.settle(first + seconds(5))
    second = first + seconds(5) + CLAIM
    upkeep(absent, second)
    jira.settle(second)
    entry = entry_of(ben)
    assert (entry.close_reason, entry.misses) == (CloseReason.GONE, 2)
    assert events_of(ben)[-2:] == ["freed", "gone"]


def test_a_poll_after_the_confirmation_takes_the_slot_up(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ben = waiting(single, at)
    confirmed(ben, at + seconds(5))
    slot_request(user=ben, pool=single, return_url=None, at=at + seconds(6))
    assert upkeep(single, at + seconds(6) + CLAIM) == 0
    assert events_of(ben)[-1] == "claimed"


def test_activity_after_the_confirmation_takes_the_slot_up(
    single: LicencePool, at: datetime
) -> None:
    ben = waiting(single, at)
    confirmed(ben, at + seconds(5))
    slot_activity(user=ben, pool=single, idle=timedelta(0), source="webhook", at=at + seconds(20))
    assert upkeep(single, at + seconds(20) + CLAIM) == 0
    assert events_of(ben)[-1] == "claimed"


def test_activity_from_before_the_confirmation_does_not_take_the_slot_up(
    single: LicencePool, at: datetime
) -> None:
    ben = waiting(single, at)
    confirmed(ben, at + seconds(5))
    slot_activity(user=ben, pool=single, idle=seconds(10), source="webhook", at=at + seconds(12))
    assert upkeep(single, at + seconds(5) + CLAIM) == 1


def test_somebody_whose_membership_was_repaired_need_not_take_the_slot_up_again(
    single: LicencePool, at: datetime
) -> None:
    ann = holder(single, at)
    hour = at + timedelta(minutes=30)
    pool_reconcile(pool_id=single.pk, member_ids=[], read_at=hour, at=hour)
    confirmed(ann, hour + seconds(5))
    assert upkeep(single, hour + seconds(5) + CLAIM) == 0
    assert slot_of(ann).state == SlotState.ACTIVE


def test_a_grant_jira_never_confirmed_is_taken_when_its_user_left_long_ago(
    single: LicencePool, at: datetime
) -> None:
    ben = waiting(single, at)
    assert upkeep(single, at + seconds(299)) == 0
    assert upkeep(single, at + seconds(300)) == 1
    assert slot_of(ben).loss_reason == LossReason.UNCLAIMED


def test_a_grant_jira_never_confirmed_stays_while_its_user_asks(
    single: LicencePool, at: datetime
) -> None:
    ben = waiting(single, at)
    slot_request(user=ben, pool=single, return_url=None, at=at + seconds(200))
    assert upkeep(single, at + seconds(400)) == 0
    assert slot_of(ben).state == SlotState.GRANTING


def test_who_stays_silent_longer_than_the_place_is_kept_is_gone(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    ben = waiting(single, at)
    assert upkeep(single, at + seconds(300)) == 0
    assert upkeep(single, at + seconds(301)) == 1
    assert entry_of(ben).close_reason == CloseReason.GONE
    assert events_of(ben) == ["joined", "gone"]


def test_who_was_gone_joins_at_the_end(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    later = at + seconds(301)
    cleo = waiting(single, later)
    upkeep(single, later)
    slot_request(user=ben, pool=single, return_url=None, at=later)
    assert entry_of(ben).seq > entry_of(cleo).seq


def test_upkeep_hands_out_what_became_free_without_anybody_asking(
    pool: LicencePool, at: datetime
) -> None:
    pool.site.connection_state = "unreachable"
    pool.site.save()
    ben = waiting(pool, at)
    pool.site.connection_state = "ok"
    pool.site.save()
    upkeep(pool, at + seconds(10))
    assert slot_of(ben).state == SlotState.GRANTING


def test_upkeep_twice_changes_nothing_more(absent: LicencePool, at: datetime) -> None:
    later = at + seconds(30) + CLAIM
    assert [upkeep(absent, later), upkeep(absent, later)] == [1, 0]
