"""Taking an inactive holder's slot at once, because somebody asks (section 3 of the design)."""

from datetime import datetime

import pytest

from slots.models import LicencePool, LossReason, SlotState
from slots.services import pool_apply_limit, slot_request
from tests.factories import (
    FakeJira,
    active,
    entry_of,
    minutes,
    seconds,
    slot_of,
    trusted,
    waiting,
)
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db
HOUR = minutes(60)


@pytest.fixture
def pool() -> LicencePool:
    """A pool of two licences that allows reclaiming."""
    return make_pool(reclaim_on_request=True)


@pytest.fixture
def full(pool: LicencePool, at: datetime, jira: FakeJira) -> LicencePool:
    """Ann has been inactive for an hour, Ben for a minute less; activity can be trusted."""
    jira.holder(pool, at, display_name="Ann")
    ben = jira.holder(pool, at, display_name="Ben")
    active(ben, pool, at + minutes(1))
    trusted(at + HOUR)
    return pool


def state_of(pool: LicencePool, name: str) -> str:
    """Return the state of a holder's slot."""
    return slot_of(pool.user_group.members.get(display_name=name)).state


def test_a_request_takes_the_slot_of_the_longest_inactive_holder(
    full: LicencePool, at: datetime, jira: FakeJira
) -> None:
    cleo = waiting(full, at + HOUR)
    slot = slot_of(full.user_group.members.get(display_name="Ann"))
    assert (slot.state, slot.loss_reason, slot.warned_at) == (
        SlotState.REVOKING,
        LossReason.RECLAIM,
        None,
    )
    assert state_of(full, "Ben") == SlotState.ACTIVE
    jira.settle(at + HOUR)
    assert slot_of(cleo).state == SlotState.ACTIVE
    assert jira.highest_of(full) == 2


def test_nobody_within_the_inactivity_time_is_taken(full: LicencePool, at: datetime) -> None:
    early = at + HOUR - seconds(1)
    trusted(early)
    waiting(full, early)
    assert state_of(full, "Ann") == state_of(full, "Ben") == SlotState.ACTIVE


def test_of_two_the_one_inactive_longer_is_taken(full: LicencePool, at: datetime) -> None:
    ann = full.user_group.members.get(display_name="Ann")
    active(ann, full, at + minutes(2))
    trusted(at + minutes(90))
    waiting(full, at + minutes(90))
    assert (state_of(full, "Ann"), state_of(full, "Ben")) == (
        SlotState.ACTIVE,
        SlotState.REVOKING,
    )


def test_one_person_asking_again_and_again_takes_only_one_slot(
    full: LicencePool, at: datetime
) -> None:
    later = at + minutes(70)
    trusted(later)
    cleo = waiting(full, later)
    slot_request(user=cleo, pool=full, return_url=None, at=later)
    assert full.slots.filter(state=SlotState.REVOKING).count() == 1


def test_two_people_asking_take_two_slots(full: LicencePool, at: datetime) -> None:
    later = at + minutes(70)
    trusted(later)
    waiting(full, later)
    waiting(full, later)
    assert full.slots.filter(state=SlotState.REVOKING).count() == 2


def test_the_first_in_the_queue_gets_the_reclaimed_slot_and_not_who_asked_last(
    full: LicencePool, at: datetime, jira: FakeJira
) -> None:
    early = at + HOUR - seconds(30)
    trusted(early)
    cleo = waiting(full, early)
    trusted(at + HOUR)
    dan = waiting(full, at + HOUR)
    jira.settle(at + HOUR)
    assert slot_of(cleo).state == SlotState.ACTIVE
    assert entry_of(dan).closed_at is None


def test_without_the_option_nothing_is_reclaimed(full: LicencePool, at: datetime) -> None:
    full.reclaim_on_request = False
    full.save(update_fields=["reclaim_on_request"])
    waiting(full, at + HOUR)
    assert state_of(full, "Ann") == SlotState.ACTIVE


def test_a_free_slot_is_taken_before_anybody_loses_one(full: LicencePool, at: datetime) -> None:
    full.assigned_licences = 3
    full.save(update_fields=["assigned_licences"])
    pool_apply_limit(pool_id=full.pk, at=at)
    cleo = waiting(full, at + HOUR)
    assert slot_of(cleo).state == SlotState.GRANTING
    assert state_of(full, "Ann") == SlotState.ACTIVE


def test_nothing_is_reclaimed_when_activity_cannot_be_trusted(
    full: LicencePool, at: datetime
) -> None:
    trusted(at)
    waiting(full, at + HOUR)
    assert state_of(full, "Ann") == SlotState.ACTIVE


@pytest.mark.parametrize("state", ["unreachable", "refused"])
def test_nothing_is_reclaimed_while_jira_cannot_be_used(
    full: LicencePool, at: datetime, state: str
) -> None:
    full.site.connection_state = state
    full.site.save()
    waiting(full, at + HOUR)
    assert state_of(full, "Ann") == SlotState.ACTIVE


def test_a_fresh_slot_is_not_reclaimed(at: datetime, jira: FakeJira) -> None:
    pool = make_pool(
        assigned_licences=1,
        reclaim_on_request=True,
        inactivity_minutes=5,
        minimum_hold_seconds=600,
    )
    jira.holder(pool, at, display_name="Ann")
    trusted(at + minutes(9))
    waiting(pool, at + minutes(9))
    assert state_of(pool, "Ann") == SlotState.ACTIVE


def test_an_administrator_of_jira_is_not_reclaimed_from(full: LicencePool, at: datetime) -> None:
    full.user_group.members.update(is_protected=True)
    trusted(at + minutes(90))
    waiting(full, at + minutes(90))
    assert state_of(full, "Ann") == state_of(full, "Ben") == SlotState.ACTIVE


def test_nothing_is_reclaimed_while_the_pool_drains(full: LicencePool, at: datetime) -> None:
    full.assigned_licences = 1
    full.save(update_fields=["assigned_licences"])
    pool_apply_limit(pool_id=full.pk, at=at)
    waiting(full, at + HOUR)
    assert state_of(full, "Ann") == SlotState.ACTIVE
