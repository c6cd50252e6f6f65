"""How long somebody will probably wait: pure arithmetic, run by production and by `./ium.sh bench eta` alike.

What decides the wait is known in advance: a slot is lost at a sweep, after the inactivity time, and IUM sees since when
each holder is inactive. So the estimate is a timetable of the slots that will probably come free: those of inactive
holders at the sweep at which they are due (unless they come back before), those of the others at the pace of the recent
stays. Somebody's wait ends when as many slots came free as people stand before them, less those of them who give up.
In simulated working weeks this is wrong by less than half of what place * mean hold / slots is wrong by.

Times are seconds; moments are seconds since any fixed midnight, because sweeps lie on a grid of the day.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

MINUTE, HOUR = 60, 3600
# So many finished stays decide the pace, and without so many nothing is said.
RECENT_STAYS, ENOUGH_STAYS = 200, 30
# Somebody inactive comes back at this rate. The estimate hardly depends on it: between 25 and 80 minutes the error
# in the simulation changes by less than one percentage point.
COMES_BACK = 1 / (40 * MINUTE)
# Who was active within so many seconds counts as working.
WORKING = 60.0
# From taking a slot to the next person's access: the answers of Jira, and the poll in which the user hears of it.
HAND_OVER = 10.0
# The timetable: its step, and how far it reaches; beyond, the pace at its end goes on.
STEP, REACH = 15.0, 4 * HOUR
LONGEST = 7 * 24 * HOUR
# The range is so many standard deviations wide on each side, where rates are uncertain by this share.
DEVIATIONS, UNCERTAIN = 1.3, 0.25
# Nobody is promised a moment: so much at least on each side.
SLACK = 60.0
# On average a sum of waits ends a little before its count is full (the median of a gamma distribution).
MEDIAN_OF_SUM = 0.7


@dataclass(frozen=True)
class Pace:
    """How often a used slot comes free, per second: handed back or taken by hand, and lost to inactivity.

    `giving_up`: how often one waiting person gives up, per second.
    """

    handed_back: float
    lost: float
    giving_up: float = 0.0


@dataclass(frozen=True)
class Stays:
    """Recent finished stays, summed up: how many, how many lost to inactivity, seconds in all."""

    number: int
    lost: int
    seconds: float


def pace_of(
    stays: Stays, ages: Iterable[float], *, giving_up: float, assumed_hold: float | None = None
) -> Pace | None:
    """Return the pace; None until there were enough stays, unless a mean hold is assumed.

    `ages`: for how long those still inside have been there. Longer than the mean, they are a lower bound of a stay
    that the finished ones lack.
    """
    if stays.number < ENOUGH_STAYS:
        return Pace(0.0, 1 / assumed_hold, giving_up) if assumed_hold else None
    mean = stays.seconds / stays.number
    held = stays.seconds + sum(max(0.0, age - mean) for age in ages)
    held = max(held, float(stays.number))  # stays of no length divide by nothing
    return Pace((stays.number - stays.lost) / held, stays.lost / held, giving_up)


@dataclass(frozen=True)
class Outlook:
    """A pool as the estimate sees it.

    `inactive_since`: for each slot in use, the moment from which its holder's inactivity counts; None for somebody who
    cannot be taken. `coming`: slots whose removal Jira is being asked for. `surplus`: so many rows go as they become
    free. `sweep_every` None: an inactive holder's slot is taken as soon as somebody asks (reclaim).
    """

    at: float
    slots: int
    pace: Pace
    inactive_since: tuple[float | None, ...]
    inactivity: float
    sweep_every: float | None
    coming: int = 0
    surplus: int = 0

    def due(self, since: float) -> float:
        """Return in how many seconds a holder who stays inactive loses the slot."""
        end = since + self.inactivity
        if self.sweep_every is not None:
            end = math.ceil(end / self.sweep_every) * self.sweep_every
            if end < self.at:  # this sweep has passed without taking it: the next one will
                end = math.ceil(self.at / self.sweep_every) * self.sweep_every
        return max(0.0, end - self.at)


@dataclass(frozen=True)
class Wait:
    """An expected wait in seconds: a range that most waits end in, and its middle."""

    low: float
    point: float
    high: float


@dataclass(frozen=True)
class _Curve:
    """How many slots came free up to each step; `deviations`: at most so many (above 0), or surely so many (below)."""

    deviations: float
    counts: list[float]
    after: float

    def count(self, step: float) -> float:
        """Return the number up to a step; after the last one the same pace goes on."""
        last = len(self.counts) - 1
        return self.counts[min(int(step), last)] + max(0.0, step - last) * self.after


class Timetable:
    """When slots will probably come free: how many up to each step, at most so many, and surely so many."""

    def __init__(self, outlook: Outlook) -> None:
        """Work the timetable out; asking it is cheap then."""
        self._surplus = outlook.surplus
        self._giving_up = outlook.pace.giving_up * STEP
        self._length = int(REACH / STEP) + 1
        self._jumps = [0.0] * (self._length + 1)
        self._spread = [0.0] * (self._length + 1)
        self._rates = [0.0] * (self._length + 1)
        self._fill(outlook)
        self._early, self._middle, self._late = (
            self._curve(deviations, outlook.coming) for deviations in (DEVIATIONS, 0.0, -DEVIATIONS)
        )

    def wait(self, ahead: int) -> Wait | None:
        """Return the expected wait of somebody with so many living people ahead; None when nothing comes free."""
        wanted = ahead + 1.0 + self._surplus
        point = self._when(self._middle, ahead, wanted - 1 + MEDIAN_OF_SUM)
        if point is None:
            return None
        low = self._when(self._early, ahead, wanted) or 0.0
        high = self._when(self._late, ahead, wanted)
        return Wait(
            low=max(0.0, min(point, low) - SLACK),
            point=point + HAND_OVER,
            high=max(point, high if high is not None else LONGEST) + HAND_OVER + SLACK,
        )

    def freed_within(self, seconds: float) -> float:
        """Return how many slots will probably come free within so many seconds."""
        return max(0.0, self._middle.count(seconds / STEP) - self._surplus)

    def _curve(self, deviations: float, certain: int) -> _Curve:
        """Return the sum of slots up to each step, so many deviations above or below it."""
        paces = list(accumulate(self._rates))
        flow = list(accumulate([0.0, *paces[:-2]]))
        jumps, spread = accumulate(self._jumps), accumulate(self._spread)
        counts = [
            flowed + jumped + deviations * _deviation(flowed + uneven, flowed + jumped - certain)
            for flowed, jumped, uneven in zip(flow, jumps, spread, strict=False)
        ]
        # What was likely reached stays reached.
        after = paces[self._length - 1] * (1 + deviations * UNCERTAIN)
        return _Curve(deviations, list(accumulate(counts, max)), after)

    def _fill(self, outlook: Outlook) -> None:
        """Enter every slot: what it does until it comes free, and what its next holder does after that."""
        flow = partial(self._flow, outlook, _working_paces(outlook))
        for since in outlook.inactive_since:
            if since is None:
                continue
            if outlook.at - since < WORKING:
                flow(0.0, 1.0)
                continue
            due = outlook.due(since)
            stays_away = math.exp(-COMES_BACK * due)
            self._jump(due, stays_away)
            flow(due, stays_away)
            flow(due / 2, 1 - stays_away)
        for _ in range(outlook.coming):
            self._jump(0.0, 1.0)
            flow(0.0, 1.0)

    def _jump(self, seconds: float, likely: float) -> None:
        """Enter a slot that comes free at a moment with this likelihood."""
        step = min(self._length, math.ceil(seconds / STEP))
        self._jumps[step] += likely
        self._spread[step] += likely * (1 - likely)

    def _flow(
        self, outlook: Outlook, paces: tuple[float, float], start: float, likely: float
    ) -> None:
        """Enter somebody who works from `start` on: may hand back at once, and be lost an inactivity time later."""
        handed_back, lost = paces
        for seconds, pace in ((start, handed_back), (start + _idle_time(outlook), lost)):
            step = min(self._length, int(seconds / STEP))
            self._rates[step] += likely * pace * STEP

    def _when(self, curve: _Curve, ahead: int, wanted: float) -> float | None:
        """Return when, on this curve, so many slots came free or people ahead gave up; None after the longest time."""
        reached = partial(self._reached, curve, ahead)
        step: float = bisect_left(range(self._length), wanted, key=reached)
        if step == self._length:
            first, step = step, LONGEST / STEP
            if reached(step) < wanted:
                return None
            while step - first > 1:
                middle = (first + step) / 2
                first, step = (middle, step) if reached(middle) < wanted else (first, middle)
        return step * STEP

    def _reached(self, curve: _Curve, ahead: int, step: float) -> float:
        """Return how many slots came free or people ahead gave up until a step."""
        left = -math.expm1(-self._giving_up * step)
        gone = ahead * left
        deviation = _deviation(gone * (1 - left), gone) if curve.deviations else 0.0
        return curve.count(step) + max(0.0, gone + curve.deviations * deviation)


def _deviation(variance: float, uncertain: float) -> float:
    """Return the standard deviation of a count, so many of which come at rates that are not well known."""
    return math.sqrt(variance + (UNCERTAIN * uncertain) ** 2)


def _idle_time(outlook: Outlook) -> float:
    """Return how long after the last activity a slot is lost, on average."""
    return outlook.inactivity + (outlook.sweep_every or 0.0) / 2


def _working_paces(outlook: Outlook) -> tuple[float, float]:
    """Return how often a *working* holder hands back, and turns inactive for good, per second.

    The recorded paces are of all holders, the inactive ones among them; the share of the working ones follows from the
    balance of those who turn inactive, come back and are lost.
    """
    pace, idle = outlook.pace, _idle_time(outlook)
    working = max(0.15, 1 - pace.lost * math.expm1(COMES_BACK * idle) / COMES_BACK)
    return pace.handed_back / working, pace.lost / working


def step_of(seconds: float) -> int:
    """Return the step in which a wait of this length is shown: 1 minute below 10, 5 below 60, then 15."""
    minutes = seconds / MINUTE
    return MINUTE * (1 if minutes < 10 else 5 if minutes < 60 else 15)


def shown(wait: Wait) -> tuple[int, int]:
    """Return the range as people see it, in seconds: rounded outwards to whole steps."""
    low_step, high_step = step_of(wait.low), step_of(wait.high)
    return (
        int(wait.low // low_step) * low_step,
        max(1, math.ceil(wait.high / high_step)) * high_step,
    )


def steadied(before: tuple[int, int] | None, now: tuple[int, int]) -> tuple[int, int]:
    """Return what to show after `before`: an end that would go up by a single step stays where it was."""
    if before is None:
        return now
    low, high = (
        old if old < new <= old + step_of(old) else new
        for old, new in zip(before, now, strict=True)
    )
    return min(low, high), high
