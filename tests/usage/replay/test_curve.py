"""The curve, its knee and the recommendation, on demand whose answer is known."""

import pytest

from ium.usage.demand import Demand, Want
from ium.usage.replay.blocks import blocks_of
from ium.usage.replay.curve import Point, Target, curve_of, knee_of
from ium.usage.replay.engine import replay
from ium.usage.replay.options import Delays, Habits, Options
from slots.rules import Timing

TIMING = Timing.of(
    float,
    inactivity=600,
    warning=60,
    minimum_hold=0,
    claim_time=120,
    lock_time=0,
    place_kept=300,
)
NONE = Delays(0, 0, 0, 0, 0, 0)
HOUR, BEGIN = 3600.0, 1_772_442_000.0


def works(person: int, *hours: tuple[float, float]) -> Demand:
    """Return somebody who works without a pause in these hours."""
    wants = [
        Want(
            BEGIN + HOUR * begin, BEGIN + HOUR * end, ((BEGIN + HOUR * begin, BEGIN + HOUR * end),)
        )
        for begin, end in hours
    ]
    return Demand(person, frozenset(), tuple(wants))


def test_who_finds_no_licence_waits_until_the_sweep_takes_an_inactive_one() -> None:
    blocks = blocks_of([works(1, (0, 1)), works(2, (0.5, 2))], inactivity=600)
    found = replay(blocks, Options(1, TIMING, 300), NONE, Habits(patience=None))
    [wait] = found.waits
    assert (wait.person, wait.seconds, wait.served) == (1, 0.5 * HOUR + 600, True)
    assert (found.most_used, found.losses["sweep"]) == (1, 2)


def test_reclaim_takes_it_as_soon_as_it_may_be_taken() -> None:
    late = Demand(1, frozenset(), (Want(BEGIN, BEGIN + 100, ((BEGIN, BEGIN + 100),)),))
    blocks = blocks_of([late, works(2, (0.01, 1))], inactivity=600)
    swept = replay(blocks, Options(1, TIMING, 300), NONE, Habits(patience=None)).waits
    taken = replay(blocks, Options(1, TIMING, 300, reclaim=True), NONE, Habits(patience=None)).waits
    assert taken[0].seconds == 100 + 600 - 0.01 * HOUR
    assert swept[0].seconds > taken[0].seconds


def test_a_longer_inactivity_time_never_cuts_work_short() -> None:
    pauses = Demand(
        1,
        frozenset(),
        (Want(BEGIN, BEGIN + 2000, ((BEGIN, BEGIN + 60), (BEGIN + 1500, BEGIN + 2000))),),
    )
    short = replay(blocks_of([pauses], inactivity=600), Options(1, TIMING, 300), NONE, Habits())
    assert len(short.cut_off) == 1
    assert len(blocks_of([pauses], inactivity=1800).asks) == 1


def test_the_recommendation_is_the_smallest_number_that_meets_the_target() -> None:
    demand = [works(person, (0, 1)) for person in range(8)]
    found = curve_of(demand, Options(0, TIMING, 300), NONE, Habits(), target=Target(), also=[3])
    assert found is not None
    assert (found.peak, found.recommended, found.weeks, found.people) == (8, 8, 1, 8)
    assert [point.licences for point in found.points] == [3, 4, 5, 6, 7, 8]
    assert found.points[0].waited == 5


def test_a_cancelled_run_stops() -> None:
    asked: list[float] = []

    def stop(done: float) -> bool:
        asked.append(done)
        return False

    assert (
        curve_of(
            [works(1, (0, 1)), works(2, (0, 1))],
            Options(0, TIMING, 300),
            NONE,
            Habits(),
            target=Target(),
            told=stop,
        )
        is None
    )
    assert asked == [0.0]


def test_without_demand_there_is_no_curve() -> None:
    with pytest.raises(ValueError, match="Nobody"):
        curve_of([], Options(0, TIMING, 300), NONE, Habits(), target=Target())


def test_the_knee_is_furthest_below_the_straight_line() -> None:
    def point(licences: int, hours: float) -> Point:
        return Point(licences, 0, 0, 0, 0, 0, 0, 0, hours, 0, 0, 0)

    assert knee_of([point(10, 100), point(12, 10), point(14, 5), point(20, 0)]) == 12
    assert knee_of([point(10, 0), point(20, 0)]) == 20
