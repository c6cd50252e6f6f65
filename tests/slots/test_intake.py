"""Missing data costs nobody a slot or a place (promise 5)."""

from datetime import datetime

import pytest

from activity.models import Intake
from slots.models import JournalEntry, LicencePool, SlotState
from slots.services import (
    clocks_restart,
    intake_observe,
    pool_upkeep,
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
    minutes,
    seconds,
    slot_of,
    trusted,
    waiting,
)

pytestmark = pytest.mark.django_db
AWAY = minutes(90)


def test_nothing_is_taken_before_the_first_pulse_after_downtime(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    trusted(at + minutes(59))
    sweep_warn(pool_id=pool.pk, at=at + minutes(59))
    assert sweep_revoke(pool_id=pool.pk, at=at + AWAY) == 0
    assert slot_of(ann).state == SlotState.ACTIVE


def test_nobody_is_warned_while_activity_cannot_be_trusted(pool: LicencePool, at: datetime) -> None:
    holder(pool, at)
    trusted(at + minutes(56))
    assert sweep_warn(pool_id=pool.pk, at=at + minutes(59)) == 0


def test_without_any_pulse_nothing_is_taken(pool: LicencePool, at: datetime) -> None:
    Intake.objects.all().delete()
    holder(pool, at)
    assert sweep_warn(pool_id=pool.pk, at=at + minutes(59)) == 0


def test_after_a_gap_the_clock_of_every_holder_starts_again(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    trusted(at + minutes(59))
    sweep_warn(pool_id=pool.pk, at=at + minutes(59))
    assert intake_observe(at=at + AWAY) == minutes(31)
    slot = slot_of(ann)
    assert (slot.clock_from, slot.warned_at, slot.revoke_at) == (at + AWAY, None, None)
    assert sweep_revoke(pool_id=pool.pk, at=at + AWAY) == 0
    trusted(at + AWAY + minutes(54))
    assert sweep_warn(pool_id=pool.pk, at=at + AWAY + minutes(54)) == 0
    trusted(at + AWAY + minutes(59))
    assert sweep_warn(pool_id=pool.pk, at=at + AWAY + minutes(59)) == 1


def test_a_gap_is_journalled_with_its_length_for_every_pool(
    pool: LicencePool, single: LicencePool, at: datetime
) -> None:
    holder(pool, at)
    intake_observe(at=at + seconds(121))
    entries = JournalEntry.objects.filter(event="clocks_reset").order_by("pool")
    assert [(entry.pool, entry.reason, entry.details) for entry in entries] == [
        (pool, "gap", {"gap_seconds": 121.0, "holders": 1}),
        (single, "gap", {"gap_seconds": 121.0, "holders": 0}),
    ]


def test_a_short_silence_is_no_gap(pool: LicencePool, at: datetime) -> None:
    assert intake_observe(at=at + seconds(120)) is None
    assert "clocks_reset" not in events_in(pool)


def test_a_clock_that_goes_backwards_restarts_the_clocks(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    assert intake_observe(at=at - minutes(10)) == -minutes(10)
    assert slot_of(ann).clock_from == at - minutes(10)
    assert sweep_warn(pool_id=pool.pk, at=at + minutes(49)) == 0


def test_a_few_seconds_backwards_are_no_gap(at: datetime) -> None:
    assert intake_observe(at=at - seconds(5)) is None


def test_downtime_costs_nobody_the_place_in_the_queue(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    pool_upkeep(pool_id=single.pk, at=at + AWAY)  # IUM is back, nobody could have asked yet
    intake_observe(at=at + AWAY)
    pool_upkeep(pool_id=single.pk, at=at + AWAY + seconds(60))
    assert entry_of(ben).closed_at is None
    slot_request(user=ben, pool=single, return_url=None, at=at + AWAY + seconds(60))
    assert entry_of(ben).seq == 2


def test_after_downtime_who_does_not_come_back_is_gone_in_the_usual_time(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    ben = waiting(single, at)
    intake_observe(at=at + AWAY)
    trusted(at + AWAY + seconds(301))
    pool_upkeep(pool_id=single.pk, at=at + AWAY + seconds(301))
    assert entry_of(ben).close_reason == "gone"


@pytest.mark.parametrize("answered", [True, False])
def test_downtime_costs_nobody_a_slot_that_could_not_be_taken_up(
    single: LicencePool, at: datetime, answered: bool
) -> None:
    ben = waiting(single, at)
    if answered:
        confirmed(ben, at + seconds(5))
    pool_upkeep(pool_id=single.pk, at=at + AWAY)
    intake_observe(at=at + AWAY)
    trusted(at + AWAY + seconds(100))
    pool_upkeep(pool_id=single.pk, at=at + AWAY + seconds(100))
    assert slot_of(ben).state != SlotState.REVOKING
    trusted(at + AWAY + seconds(300))
    pool_upkeep(pool_id=single.pk, at=at + AWAY + seconds(300))
    assert slot_of(ben).state == SlotState.REVOKING


def test_restarting_clocks_touches_only_holders_of_that_pool(
    pool: LicencePool, single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann, ben = jira.holder(pool, at), jira.holder(single, at)
    assert clocks_restart(pool_id=pool.pk, reason="gap", seconds=1, at=at + AWAY) == 1
    assert slot_of(ann).clock_from == at + AWAY
    assert slot_of(ben).clock_from == at
