"""The true maximum of every interval, against counting every second."""

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ium.usage.recording.sweepline import (
    LENGTH,
    Change,
    Level,
    intervals,
    joined,
    seen_between,
)

LIMIT = 3
HOUR = 3600
SPANS = st.lists(
    st.tuples(st.integers(-600, HOUR + 600), st.integers(0, 2000)).map(lambda s: (s[0], sum(s))),
    max_size=12,
)
HOLES = st.lists(
    st.tuples(st.integers(0, HOUR), st.integers(0, 900)).map(lambda s: (s[0], sum(s))), max_size=3
)


def history(held: list[tuple[int, int]], waited: list[tuple[int, int]]) -> list[Change]:
    """Return every change of spans during which somebody holds or waits, in order."""
    steps = [(b, 1, 0) for b, e in held if b < e] + [(e, -1, 0) for b, e in held if b < e]
    steps += [(b, 0, 1) for b, e in waited if b < e] + [(e, 0, -1) for b, e in waited if b < e]
    steps.sort(key=lambda step: step[0])
    levels = accumulate(
        steps, lambda sums, step: (sums[0] + step[1], sums[1] + step[2]), initial=(0, 0)
    )
    next(levels)
    return [
        Change(step[0], Level(h, w, 0, LIMIT)) for step, (h, w) in zip(steps, levels, strict=True)
    ]


def inside(spans: list[tuple[int, int]], second: float) -> int:
    """Count the spans in which a moment lies, one by one."""
    return sum(begin <= second < end for begin, end in spans)


@given(held=SPANS, waited=SPANS, holes=HOLES)
@settings(max_examples=150, deadline=None)
def test_every_interval_is_as_if_counted_in_every_second(
    held: list[tuple[int, int]], waited: list[tuple[int, int]], holes: list[tuple[int, int]]
) -> None:
    changes = history(held, waited)
    before = Level(inside(held, -0.5), inside(waited, -0.5), 0, LIMIT)
    first = [change for change in changes if change.at >= 0]
    found = {n.start: n for n in intervals(before, first, 0, HOUR, holes)}
    for start in range(0, HOUR, LENGTH):
        seconds = range(start, start + LENGTH)
        seen = [second for second in seconds if not inside(holes, second)]
        if not seen:
            assert start not in found, "nothing is made up for a time that nobody saw"
            continue
        numbers = found[start]
        counts = [inside(held, second) for second in seconds]
        # Between two changes of the same second there is no second to count in: such peaks are true as well.
        assert numbers.max_occupied >= max(counts)
        assert numbers.max_occupied == max(most(first, before, start, "occupied"))
        assert numbers.max_waiting == max(most(first, before, start, "waiting"))
        assert numbers.seen_seconds == len(seen)
        assert numbers.occupied_seconds == sum(inside(held, second) for second in seen)
        assert numbers.full_seconds == sum(inside(held, second) >= LIMIT for second in seen)
        assert numbers.end_level.occupied == counts[-1]


def most(changes: list[Change], before: Level, start: int, name: str) -> list[int]:
    """Return all levels that an interval had."""
    earlier = [c.level for c in changes if c.at < start]
    levels = [earlier[-1] if earlier else before]
    levels += [c.level for c in changes if start <= c.at < start + LENGTH]
    return [getattr(level, name) for level in levels]


def test_a_peak_of_a_moment_between_two_looks_is_found() -> None:
    peak = [Change(100, Level(7, 0, 0, 9)), Change(101, Level(2, 0, 0, 9))]
    [numbers] = intervals(Level(2, 0, 0, 9), peak, 0, LENGTH)
    assert (numbers.max_occupied, numbers.end_level.occupied) == (7, 2)


def test_a_slot_that_is_handed_on_in_one_moment_is_no_second_slot() -> None:
    handed_on = [Change(50, Level(0, 1, 0, 1)), Change(50, Level(1, 0, 0, 1))]
    [numbers] = intervals(Level(1, 1, 0, 1), handed_on, 0, LENGTH)
    assert numbers.max_occupied == 1
    assert numbers.full_seconds == LENGTH


def test_an_entry_whose_time_was_taken_before_it_waited_for_the_lock_counts_in_its_place() -> None:
    # It bears 40, the one that was written before it 45: nobody held two slots.
    [numbers] = intervals(
        Level(1, 0, 0, 1), [Change(45, Level(0, 0, 0, 1)), Change(40, Level(1, 0, 0, 1))], 0, LENGTH
    )
    assert numbers.max_occupied == 1
    assert numbers.occupied_seconds == LENGTH


@pytest.mark.parametrize(
    ("holes", "seen"), [([], 300), ([(0, 300)], 0), ([(100, 200), (150, 400)], 100)]
)
def test_time_that_nobody_saw_does_not_count(holes: list[tuple[float, float]], seen: float) -> None:
    assert seen_between(0, 300, joined(holes)) == seen
