"""The estimate of the wait as arithmetic: numbers by hand."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slots.eta import (
    ENOUGH_STAYS,
    HAND_OVER,
    LONGEST,
    SLACK,
    STEP,
    Outlook,
    Pace,
    Stays,
    Timetable,
    Wait,
    pace_of,
    shown,
    steadied,
)

# Ten o'clock, on the grid of sweeps.
AT = 36_000.0
HOUR = Pace(handed_back=0.0, lost=1 / 3600)


def outlook(**fields: Any) -> Outlook:
    """Return a pool of one slot whose holder works; inactivity 10 minutes, sweeps every 5."""
    pool = Outlook(at=AT, slots=1, pace=HOUR, inactive_since=(AT,), inactivity=600, sweep_every=300)
    return replace(pool, **fields)


def wait(ahead: int = 0, **fields: Any) -> Wait:
    """Return the expected wait in such a pool."""
    found = Timetable(outlook(**fields)).wait(ahead)
    assert found is not None
    return found


def test_somebody_long_inactive_is_lost_at_the_coming_sweep() -> None:
    # Inactive for 9 minutes: over 10 in a minute, and the sweep after that comes in 5.
    assert wait(inactive_since=(AT - 540,)).point == 300 + HAND_OVER


def test_with_reclaim_nobody_waits_for_a_sweep() -> None:
    assert wait(inactive_since=(AT - 540,), sweep_every=None).point == 60 + HAND_OVER


def test_a_sweep_that_passed_without_taking_the_slot_is_not_promised_again() -> None:
    late = outlook(at=AT + 20, inactive_since=(AT - 600,))
    assert late.due(AT - 600) == 280


def test_slots_on_their_way_come_first() -> None:
    assert wait(coming=1).point == HAND_OVER
    assert wait(ahead=1, coming=1).point > 600


def test_slots_that_are_dropped_serve_nobody() -> None:
    both: dict[str, Any] = {"coming": 1, "inactive_since": (AT - 540,)}
    assert wait(**both).point == HAND_OVER
    assert wait(**both, surplus=1).point == 300 + HAND_OVER


def test_somebody_who_cannot_be_taken_frees_nothing() -> None:
    assert Timetable(outlook(inactive_since=(None,))).wait(0) is None


def test_without_any_loss_nothing_is_promised() -> None:
    assert Timetable(outlook(pace=Pace(0.0, 0.0))).wait(0) is None


def test_handing_back_happens_without_any_inactivity() -> None:
    # 20 slots, each handed back once in 2000 s: one in 100 s, so 0.7 of one in 70, in steps of 15.
    found = wait(pace=Pace(handed_back=1 / 2000, lost=0.0), inactive_since=(AT,) * 20)
    assert found.point == 75 + HAND_OVER


def test_those_who_give_up_shorten_the_wait() -> None:
    pace = Pace(handed_back=1 / 2000, lost=0.0)
    loyal, fickle = (
        wait(ahead=20, pace=replace(pace, giving_up=rate), inactive_since=(AT,) * 20).point
        for rate in (0.0, 1 / 1800)
    )
    assert loyal == pytest.approx(2070, abs=2 * STEP)
    assert fickle < 0.75 * loyal


def test_beyond_the_timetable_the_pace_goes_on() -> None:
    pace = Pace(handed_back=1 / 3600, lost=0.0)
    assert wait(ahead=9, pace=pace).point == pytest.approx(9.7 * 3600, rel=0.01)


def test_what_takes_weeks_is_not_promised() -> None:
    assert Timetable(outlook(pace=Pace(1 / LONGEST, 0.0))).wait(5) is None


def test_the_range_has_slack_on_both_sides_even_when_all_is_certain() -> None:
    found = wait(coming=1)
    assert (found.low, found.high) == (0.0, HAND_OVER + SLACK)


ages = st.one_of(st.none(), st.floats(0, 20_000).map(lambda age: AT - age))


@given(
    since=st.lists(ages, min_size=1, max_size=30),
    ahead=st.integers(0, 60),
    coming=st.integers(0, 3),
    pace=st.builds(Pace, st.floats(0, 0.01), st.floats(1e-6, 0.01), st.floats(0, 0.01)),
    reclaim=st.booleans(),
)
def test_a_range_holds_its_middle_and_more_people_ahead_never_shorten_it(
    since: list[float | None], ahead: int, coming: int, pace: Pace, reclaim: bool
) -> None:
    timetable = Timetable(
        outlook(
            inactive_since=tuple(since),
            coming=coming,
            pace=pace,
            sweep_every=None if reclaim else 300,
        )
    )
    found, further = timetable.wait(ahead), timetable.wait(ahead + 1)
    if found is None:
        assert further is None
        return
    assert 0 <= found.low <= found.point <= found.high
    assert further is None or further.point >= found.point


def test_the_pace_is_unknown_until_thirty_stays_ended() -> None:
    assert pace_of(Stays(ENOUGH_STAYS - 1, 20, 3600), [], giving_up=0) is None
    found = pace_of(Stays(ENOUGH_STAYS, 20, 3600), [], giving_up=0.5)
    assert found == Pace(handed_back=10 / 3600, lost=20 / 3600, giving_up=0.5)


def test_until_then_an_assumed_length_is_used() -> None:
    few = Stays(3, 3, 60)
    assert pace_of(few, [], giving_up=0, assumed_hold=1800) == Pace(0, 1 / 1800)


def test_who_is_inside_for_longer_than_the_mean_counts_as_a_lower_bound() -> None:
    found = pace_of(Stays(30, 30, 3000), [50, 1100], giving_up=0)
    assert found == Pace(handed_back=0, lost=30 / 4000)


def test_stays_of_no_length_do_not_divide_by_zero() -> None:
    assert pace_of(Stays(30, 30, 0), [], giving_up=0) == Pace(0, 1)


@pytest.mark.parametrize(
    ("low", "high", "seen"),
    [
        (0, 10, (0, 60)),
        (59, 61, (0, 120)),
        (60, 120, (60, 120)),
        (599, 601, (540, 900)),
        (650, 1190, (600, 1200)),
        (3500, 3601, (3300, 4500)),
        (3601, 9000, (3600, 9000)),
    ],
)
def test_people_see_whole_steps_rounded_outwards(
    low: float, high: float, seen: tuple[int, int]
) -> None:
    assert shown(Wait(low, (low + high) / 2, high)) == seen


def test_a_range_does_not_go_up_by_a_single_step() -> None:
    assert steadied(None, (60, 300)) == (60, 300)
    assert steadied((60, 300), (120, 360)) == (60, 300)
    assert steadied((60, 300), (180, 420)) == (180, 420)
    assert steadied((60, 300), (0, 240)) == (0, 240)
    assert steadied((600, 1200), (900, 1500)) == (600, 1200)
