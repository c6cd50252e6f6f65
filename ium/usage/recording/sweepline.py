"""The true maximum of every interval, by going through all changes in the order in which they happened.

Arithmetic without Django; times in seconds since the epoch.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

LENGTH = 300
Piece = tuple[float, float]


class Level(NamedTuple):
    """How things stand between two changes."""

    occupied: int = 0
    waiting: int = 0
    warned: int = 0
    limit: int = 0

    @property
    def is_full(self) -> bool:
        """Whether there is no free slot."""
        return self.occupied >= self.limit


class Change(NamedTuple):
    """How things stand from a moment on."""

    at: float
    level: Level


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is kept of one interval: see `IntervalUse`."""

    start: float
    end_level: Level
    max_occupied: int
    max_waiting: int
    full_seconds: float
    occupied_seconds: float
    seen_seconds: float


def intervals(
    before: Level, changes: Sequence[Change], start: float, end: float, gaps: Iterable[Piece] = ()
) -> Iterator[Numbers]:
    """Return the numbers of each interval between `start` and `end` (both multiples of LENGTH) that was seen at all.

    `before`: how things stood at the start. Changes are in the order in which they happened; one that bears an
    earlier time than the one before it took effect at the same moment as that. Of the time in `gaps` nothing counts
    but the changes themselves.
    """
    holes = joined(gaps)
    level, index = before, 0
    moment = start
    while moment < end:
        stop = moment + LENGTH
        inside = []
        while index < len(changes) and changes[index].at < stop:
            inside.append(changes[index])
            index += 1
        numbers = _one(level, inside, moment, stop, holes)
        if numbers.seen_seconds > 0:
            yield numbers
        level, moment = numbers.end_level, stop


def _one(
    level: Level, changes: Sequence[Change], start: float, stop: float, holes: Sequence[Piece]
) -> Numbers:
    numbers = Numbers(start, level, level.occupied, level.waiting, 0, 0, 0)
    moment = start
    for change in (*changes, Change(stop, changes[-1].level if changes else level)):
        until = max(moment, change.at)
        numbers = _add(numbers, level, seen_between(moment, until, holes))
        moment, level = until, change.level
        numbers = replace(
            numbers,
            end_level=level,
            max_occupied=max(numbers.max_occupied, level.occupied),
            max_waiting=max(numbers.max_waiting, level.waiting),
        )
    return numbers


def _add(numbers: Numbers, level: Level, seconds: float) -> Numbers:
    return replace(
        numbers,
        seen_seconds=numbers.seen_seconds + seconds,
        occupied_seconds=numbers.occupied_seconds + seconds * level.occupied,
        full_seconds=numbers.full_seconds + (seconds if level.is_full else 0),
    )


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the same time in pieces that neither overlap nor touch, in order."""
    found: list[Piece] = []
    for begin, end in sorted(pieces):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def seen_between(begin: float, end: float, holes: Sequence[Piece]) -> float:
    """Return how many seconds between two moments lie in none of the holes, which do not overlap."""
    hidden = sum(max(0.0, min(end, to) - max(begin, since)) for since, to in holes)
    return max(0.0, end - begin - hidden)
