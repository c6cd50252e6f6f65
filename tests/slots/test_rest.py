"""When nothing is given: switched off, paused, or Jira fails (promises 5 and 7)."""

from datetime import datetime, timedelta

import pytest

from ium.lib.errors import NotEntitled
from slots.models import LicencePool, SlotState
from slots.services import (
    pool_pause,
    pool_upkeep,
    slot_release,
    slot_request,
    sweep_revoke,
    sweep_warn,
)
from tests.factories import (
    FakeJira,
    confirmed,
    entry_of,
    events_in,
    holder,
    member,
    minutes,
    seconds,
    slot_of,
    trusted,
    waiting,
)

pytestmark = pytest.mark.django_db


def switch(pool: LicencePool, on: bool) -> None:
    """Switch a pool on or off."""
    pool.enabled = on
    pool.save(update_fields=["enabled"])


def connection(pool: LicencePool, state: str) -> None:
    """Set what IUM knows about its connection to Jira."""
    pool.site.connection_state = state
    pool.site.save(update_fields=["connection_state"])


def test_a_pool_that_is_off_gives_nobody_a_slot(pool: LicencePool, at: datetime) -> None:
    switch(pool, on=False)
    with pytest.raises(NotEntitled) as refusal:
        slot_request(user=member(pool), pool=pool, return_url=None, at=at)
    assert refusal.value.code == "pool_off"
    assert not pool.slots.used().exists()


def test_who_waits_while_the_pool_is_off_keeps_the_place_by_asking(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    ben = waiting(single, at)
    switch(single, on=False)
    for minute in range(1, 8):
        slot_request(user=ben, pool=single, return_url=None, at=at + minutes(minute))
    trusted(at + minutes(8))
    pool_upkeep(pool_id=single.pk, at=at + minutes(8))
    assert entry_of(ben).closed_at is None


def test_a_pool_that_is_off_serves_nobody_and_goes_on_when_it_is_on_again(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    ben = waiting(single, at)
    switch(single, on=False)
    slot_release(user=ann, pool=single, at=at)
    jira.settle(at)
    pool_upkeep(pool_id=single.pk, at=at)
    assert entry_of(ben).closed_at is None
    switch(single, on=True)
    pool_upkeep(pool_id=single.pk, at=at)
    assert slot_of(ben).state == SlotState.GRANTING


def idle(pool: LicencePool, at: datetime) -> None:
    """Let an hour and a half pass with every job at work and nobody there."""
    for minute in (3, 58, 59, 60, 63, 64, 65, 90):
        moment = at + minutes(minute)
        trusted(moment)
        sweep_warn(pool_id=pool.pk, at=moment)
        sweep_revoke(pool_id=pool.pk, at=moment)
        pool_upkeep(pool_id=pool.pk, at=moment)


def test_an_hour_and_a_half_without_anybody_costs_the_slot(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    idle(pool, at)
    assert slot_of(ann).state == SlotState.REVOKING


@pytest.mark.parametrize("claimed", [True, False])
def test_nobody_loses_a_slot_of_a_pool_that_is_off(
    pool: LicencePool, at: datetime, claimed: bool
) -> None:
    ann = waiting(pool, at)
    confirmed(ann, at + seconds(0 if claimed else 5))
    switch(pool, on=False)
    idle(pool, at)
    assert slot_of(ann).state == SlotState.ACTIVE


@pytest.mark.parametrize("claimed", [True, False])
@pytest.mark.parametrize("state", ["unreachable", "refused"])
def test_nobody_loses_a_slot_while_jira_or_the_key_fails(
    pool: LicencePool, at: datetime, state: str, claimed: bool
) -> None:
    ann = waiting(pool, at)
    confirmed(ann, at + seconds(0 if claimed else 5))
    connection(pool, state)
    idle(pool, at)
    assert slot_of(ann).state == SlotState.ACTIVE


def test_while_jira_is_down_people_join_and_are_served_when_it_is_back(
    pool: LicencePool, at: datetime
) -> None:
    connection(pool, "unreachable")
    ben = waiting(pool, at)
    assert entry_of(ben).closed_at is None
    connection(pool, "ok")
    pool_upkeep(pool_id=pool.pk, at=at + seconds(10))
    assert slot_of(ben).state == SlotState.GRANTING


def test_a_warning_from_before_an_outage_takes_nothing_during_it(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    trusted(at + minutes(59))
    assert sweep_warn(pool_id=pool.pk, at=at + minutes(59)) == 1
    connection(pool, "unreachable")
    trusted(at + minutes(60))
    assert sweep_revoke(pool_id=pool.pk, at=at + minutes(60)) == 0
    assert slot_of(ann).state == SlotState.ACTIVE


def test_a_paused_pool_gives_nothing_for_a_minute_and_then_goes_on(
    single: LicencePool, at: datetime
) -> None:
    pool_pause(pool_id=single.pk, reason="seats", message="No seats.", at=at)
    ben = waiting(single, at + seconds(59))
    assert entry_of(ben).closed_at is None
    pool_upkeep(pool_id=single.pk, at=at + seconds(60))
    assert slot_of(ben).state == SlotState.GRANTING


def test_a_pause_is_journalled_once_for_the_same_reason(single: LicencePool, at: datetime) -> None:
    for second in (0, 30, 60):
        pool_pause(pool_id=single.pk, reason="seats", message="No seats.", at=at + seconds(second))
    pool_pause(pool_id=single.pk, reason="sick", message="Other.", at=at + seconds(70))
    assert events_in(single).count("paused") == 2
    pool_pause(pool_id=single.pk, reason="sick", message="Other.", at=at + timedelta(hours=1))
    assert events_in(single).count("paused") == 3
