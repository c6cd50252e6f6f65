"""Recorded demand in the form in which it is replayed: blocks of work in which no slot can be lost."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ium.usage.demand import Demand, Want

# A pause as long as this ends a person's day: who still waits when the day's work would be over goes home.
NIGHT = 6 * 3600.0
# Wants without any recorded work count so long when nobody else's length is known either.
UNKNOWN_LENGTH = 600.0


@dataclass
class Blocks:
    """Blocks of work of all people, one person after the other; `first[p]` to `first[p + 1]` are person p's.

    `asks`: when the person wants to begin, `lengths`: how long it takes, `homes`: when the day's work would be over.
    `assumed`: blocks whose length nobody knows, because the person never got a slot for them.
    """

    first: list[int] = field(default_factory=lambda: [0])
    asks: list[float] = field(default_factory=list)
    lengths: list[float] = field(default_factory=list)
    homes: list[float] = field(default_factory=list)
    groups: list[frozenset[int]] = field(default_factory=list)
    assumed: int = 0

    @property
    def people(self) -> int:
        """Return how many people want anything."""
        return len(self.groups)


def blocks_of(demands: Sequence[Demand], *, inactivity: float) -> Blocks:
    """Cut everybody's work where a pause is as long as the inactivity time (seconds): only there can a slot be lost.

    What was a wait when it was recorded is no pause: the work moves forward to where it was first asked for.
    """
    usual = usual_length(demands)
    blocks = Blocks()
    for demand in demands:
        begun = len(blocks.asks)
        for want in demand.wants:
            blocks.assumed += not want.spans
            for ask, length in _sittings(want, inactivity, usual):
                _add(blocks, begun, ask, length, inactivity)
        if len(blocks.asks) > begun:
            blocks.groups.append(demand.groups)
            blocks.first.append(len(blocks.asks))
            _send_home(blocks, begun)
    return blocks


def usual_length(demands: Sequence[Demand]) -> float:
    """Return the median length (seconds) of what people did at a stretch where it is known."""
    known = [
        want.spans[-1][1] - want.spans[0][0]
        for demand in demands
        for want in demand.wants
        if want.spans
    ]
    return statistics.median(known) if known else UNKNOWN_LENGTH


def _sittings(want: Want, inactivity: float, usual: float) -> Iterator[tuple[float, float]]:
    if not want.spans:
        yield want.start, usual
        return
    ask, begin, end = want.start, *want.spans[0]
    for start, stop in want.spans[1:]:
        if start - end >= inactivity:
            yield ask, end - begin
            ask = begin = start
        end = stop
    yield ask, end - begin


def _add(blocks: Blocks, begun: int, ask: float, length: float, inactivity: float) -> None:
    """Add a block, or lengthen the person's last one if the pause between them is too short to lose a slot in."""
    if len(blocks.asks) > begun:
        pause = ask - (blocks.asks[-1] + blocks.lengths[-1])
        if pause < inactivity:
            blocks.lengths[-1] += max(0.0, pause) + length
            return
    blocks.asks.append(ask)
    blocks.lengths.append(length)


def _send_home(blocks: Blocks, begun: int) -> None:
    homes: list[float] = []
    home = float("-inf")
    later_ask = float("inf")
    for index in range(len(blocks.asks) - 1, begun - 1, -1):
        end = blocks.asks[index] + blocks.lengths[index]
        if later_ask - end >= NIGHT:
            home = end
        homes.append(home)
        later_ask = blocks.asks[index]
    blocks.homes += reversed(homes)
