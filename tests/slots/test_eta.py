"""The expected wait: numbers by hand."""

from datetime import datetime

import pytest

from slots.eta import Pace, expected_wait, pool_pace
from slots.models import CloseReason, LicencePool, QueueEntry, SlotSession
from tests.factories import member, minutes, seconds

HALF_HOUR = Pace(mean_hold=1800, giving_up=0)


@pytest.mark.parametrize(
    ("slots", "ahead", "wait"),
    [(1, 0, 1800), (2, 0, 900), (20, 0, 90), (20, 9, 900), (1800, 0, 1)],
)
def test_without_anybody_giving_up_the_wait_is_place_times_hold_by_slots(
    slots: int, ahead: int, wait: int
) -> None:
    assert expected_wait(HALF_HOUR, slots=slots, ahead=ahead) == (
        max(0, round(wait * 0.6 - 120)),
        round(wait * 1.5 + 120),
    )


def test_those_who_give_up_shorten_the_wait() -> None:
    # 1/(1/100) + 1/(1/100 + 0.01) + 1/(1/100 + 2 * 0.01) = 100 + 50 + 33.33
    pace = Pace(mean_hold=100, giving_up=0.01)
    assert expected_wait(pace, slots=1, ahead=2) == (0, round(183.333 * 1.5 + 120))


def test_the_lower_end_is_never_negative() -> None:
    assert expected_wait(Pace(mean_hold=1, giving_up=0), slots=10, ahead=0) == (0, 120)


def test_an_unknown_pace_or_no_slot_gives_no_number() -> None:
    assert expected_wait(None, slots=5, ahead=0) is None
    assert expected_wait(HALF_HOUR, slots=0, ahead=0) is None


def stays(pool: LicencePool, number: int, held: float, at: datetime) -> None:
    """Note so many finished stays of so many seconds each."""
    person = member(pool)
    SlotSession.objects.bulk_create(
        SlotSession(
            pool=pool,
            user=person,
            waited_seconds=0,
            granted_at=at - seconds(held),
            ended_at=at,
            loss_reason="released",
        )
        for _ in range(number)
    )


@pytest.mark.django_db
def test_the_pace_is_unknown_until_thirty_stays_ended(pool: LicencePool, at: datetime) -> None:
    stays(pool, 29, 60, at)
    assert pool_pace(pool, at) is None
    stays(pool, 1, 60, at)
    assert pool_pace(pool, at) == Pace(mean_hold=60, giving_up=0)


@pytest.mark.django_db
def test_only_the_last_fifty_stays_count(pool: LicencePool, at: datetime) -> None:
    stays(pool, 50, 9000, at - minutes(1))
    stays(pool, 50, 30, at)
    pace = pool_pace(pool, at)
    assert pace is not None
    assert pace.mean_hold == 30


@pytest.mark.django_db
def test_stays_of_another_pool_do_not_count(
    pool: LicencePool, single: LicencePool, at: datetime
) -> None:
    stays(single, 50, 60, at)
    assert pool_pace(pool, at) is None


@pytest.mark.django_db
def test_a_stay_of_no_length_does_not_divide_by_zero(pool: LicencePool, at: datetime) -> None:
    stays(pool, 30, 0, at)
    assert pool_pace(pool, at) == Pace(mean_hold=1, giving_up=0)


@pytest.mark.django_db
def test_giving_up_is_counted_per_waiting_second_of_the_last_hour(
    pool: LicencePool, at: datetime
) -> None:
    stays(pool, 30, 60, at)
    person = member(pool)
    ends = [("served", 5), ("left", 5), ("gone", 5), ("left", 61)]
    for number, (reason, ago) in enumerate(ends, 1):
        ended = at - minutes(ago)
        QueueEntry.objects.create(
            pool=pool,
            user=person,
            seq=number,
            joined_at=ended - seconds(100),
            seen_at=ended,
            alive_until=ended,
            closed_at=ended,
            close_reason=CloseReason(reason),
        )
    pace = pool_pace(pool, at)
    assert pace is not None
    assert pace.giving_up == pytest.approx(2 / 300)
