"""What the estimate is made of, from rows."""

from datetime import datetime

import pytest

from slots.eta import HAND_OVER, Pace, Stays, Wait
from slots.eta_facts import (
    expected_wait,
    forget_timetables,
    giving_up,
    pool_outlook,
    recent_stays,
    steady_range,
    timetable_of,
)
from slots.models import CloseReason, LicencePool, LossReason, QueueEntry, Slot
from slots.services import slot_release
from tests.factories import active, holder, member, minutes, seconds, stays, waiting

pytestmark = pytest.mark.django_db


def wait_ended(pool: LicencePool, at: datetime, reason: CloseReason) -> None:
    """Note a wait of 100 seconds that ended like that."""
    QueueEntry.objects.create(
        pool=pool,
        user=member(pool),
        seq=1000 + QueueEntry.objects.count(),
        joined_at=at - seconds(100),
        seen_at=at,
        alive_until=at,
        closed_at=at,
        close_reason=reason,
    )


def test_only_the_last_two_hundred_stays_count(pool: LicencePool, at: datetime) -> None:
    stays(pool, 200, 9000, at - minutes(1))
    stays(pool, 150, 30, at)
    stays(pool, 50, 40, at, LossReason.RELEASED)
    assert recent_stays(pool) == Stays(number=200, lost=150, seconds=150 * 30 + 50 * 40)


def test_stays_of_another_pool_do_not_count(
    pool: LicencePool, single: LicencePool, at: datetime
) -> None:
    stays(single, 50, 60, at)
    assert recent_stays(pool).number == 0
    assert expected_wait(pool, ahead=0, at=at) is None


def test_without_enough_stays_the_administrator_may_assume_a_length(
    pool: LicencePool, at: datetime
) -> None:
    pool.assumed_hold_minutes = 30
    outlook = pool_outlook(pool, at)
    assert outlook is not None
    assert outlook.pace == Pace(handed_back=0, lost=1 / 1800)


def test_a_pool_without_slots_promises_nothing(pool: LicencePool, at: datetime) -> None:
    pool.assumed_hold_minutes = 30
    pool.buffer_licences = pool.assigned_licences
    assert pool_outlook(pool, at) is None


def test_giving_up_is_counted_per_waiting_second_of_the_last_hour(
    single: LicencePool, at: datetime
) -> None:
    for reason, ago in (("served", 5), ("left", 5), ("gone", 5), ("refused", 5), ("left", 61)):
        wait_ended(single, at - minutes(ago), CloseReason(reason))
    assert giving_up(single, at) == pytest.approx(2 / 400)


def test_those_who_still_wait_have_not_given_up_yet(single: LicencePool, at: datetime) -> None:
    holder(single, at - seconds(300))
    waiting(single, at - seconds(200))
    wait_ended(single, at, CloseReason.LEFT)
    # The holder's own wait took no time.
    assert giving_up(single, at) == pytest.approx(1 / 300)


def test_holders_are_seen_since_their_last_activity(pool: LicencePool, at: datetime) -> None:
    ann, ben = holder(pool, at - minutes(50)), holder(pool, at - minutes(40))
    active(ann, pool, at - minutes(10))
    stays(pool, 30, 3600, at)
    outlook = pool_outlook(pool, at)
    assert outlook is not None
    assert sorted(at.timestamp() - since for since in outlook.inactive_since if since) == [
        600,
        2400,
    ]
    assert ben.pk


def test_the_minimum_hold_makes_a_fresh_slot_safe(pool: LicencePool, at: datetime) -> None:
    pool.minimum_hold_seconds = 3600 + 900
    holder(pool, at - minutes(30))
    stays(pool, 30, 3600, at)
    outlook = pool_outlook(pool, at)
    assert outlook is not None
    # Safe until 75 minutes after the beginning: as if inactive only from the 15th of them on.
    assert outlook.inactive_since == ((at - minutes(15)).timestamp(),)


def test_administrators_slots_are_not_counted_on(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at - minutes(50))
    ann.is_protected = True
    ann.save()
    stays(pool, 30, 3600, at)
    outlook = pool_outlook(pool, at)
    assert outlook is not None
    assert outlook.inactive_since == (None,)


def test_a_slot_that_is_going_back_is_promised_to_the_first(
    single: LicencePool, at: datetime
) -> None:
    stays(single, 30, 3600, at)
    ann = holder(single, at - minutes(5))
    waiting(single, at)
    forget_timetables()
    slot_release(user=ann, pool=single, at=at)
    outlook = pool_outlook(single, at)
    assert outlook is not None
    assert (outlook.coming, outlook.surplus, outlook.inactive_since) == (1, 0, ())
    wait = expected_wait(single, ahead=0, at=at)
    assert wait is not None
    assert wait.point == HAND_OVER


def test_rows_above_the_limit_are_surplus(pool: LicencePool, at: datetime) -> None:
    holder(pool, at), holder(pool, at)
    stays(pool, 30, 3600, at)
    pool.assigned_licences = 1
    outlook = pool_outlook(pool, at)
    assert outlook is not None
    assert outlook.surplus == 1


def test_with_reclaim_sweeps_do_not_matter(pool: LicencePool, at: datetime) -> None:
    stays(pool, 30, 3600, at)
    with_sweeps = pool_outlook(pool, at)
    pool.reclaim_on_request = True
    with_reclaim = pool_outlook(pool, at)
    assert with_sweeps is not None
    assert with_reclaim is not None
    assert (with_sweeps.sweep_every, with_reclaim.sweep_every) == (300, None)


def test_a_timetable_is_read_once_in_five_seconds_and_again_when_the_clock_goes_back(
    pool: LicencePool, at: datetime, django_assert_num_queries: object
) -> None:
    holder(pool, at)
    stays(pool, 30, 3600, at)
    counted = django_assert_num_queries
    with counted(3):  # type: ignore[operator]
        first = timetable_of(pool, at)
    with counted(0):  # type: ignore[operator]
        assert timetable_of(pool, at + seconds(4.9)) is first
    assert timetable_of(pool, at + seconds(5)) is not first
    assert timetable_of(pool, at - seconds(1)) is not first


def test_what_somebody_sees_does_not_go_up_by_a_single_step() -> None:
    assert steady_range(1, Wait(60, 200, 300)) == (60, 300)
    assert steady_range(1, Wait(120, 260, 360)) == (60, 300)
    assert steady_range(2, Wait(120, 260, 360)) == (120, 360)
    assert steady_range(1, Wait(180, 300, 420)) == (180, 420)
    assert steady_range(1, Wait(120, 200, 360)) == (120, 360)


def test_what_was_shown_is_forgotten_when_it_becomes_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("slots.eta_facts.SHOWN_AT_MOST", 2)
    for entry in range(4):
        steady_range(entry, Wait(60, 200, 300))
    assert steady_range(0, Wait(120, 260, 360)) == (120, 360)


def test_another_limit_is_seen_at_once(pool: LicencePool, at: datetime) -> None:
    stays(pool, 30, 3600, at)
    holder(pool, at)
    first = timetable_of(pool, at)
    pool.assigned_licences = 5
    assert timetable_of(pool, at) is not first
    assert Slot.objects.used().count() == 1
