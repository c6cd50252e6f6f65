"""The curve over numbers of licences, its knee, and what is recommended, with how sure that is. Pure arithmetic."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from ium.usage.demand import Demand
from ium.usage.replay.blocks import blocks_of
from ium.usage.replay.engine import replay
from ium.usage.replay.options import Delays, Habits, Options
from ium.usage.replay.outcome import Outcome, quantile

WEEK = 7 * 86_400.0
POINTS = 16
# Less than half of the true peak is no question anybody asks; more than the peak changes nothing.
LOWEST_SHARE = 0.5


@dataclass(frozen=True)
class Target:
    """What is good enough: at most this share of requests waits longer than so many seconds (or gives up)."""

    share: float = 0.01
    seconds: float = 60.0


@dataclass(frozen=True)
class Point:
    """What one number of licences would have meant. Waits are those not served at once, in seconds."""

    licences: int
    asked: int
    waited: int
    waited_long: int
    gave_up: int
    median: float
    p95: float
    worst: float
    wait_hours: float
    cut_off: int
    losses: int
    full_hours: float


@dataclass(frozen=True)
class Curve:
    """Points in rising order, and what follows from them.

    `knee`: the point furthest below the straight line from the first to the last point of the hours waited: with
    fewer licences the waiting grows faster than the licences saved. `low`, `high`: the least and the most that is
    recommended when one of the weeks is left out; equal to it when there is one week only, and then `weeks` is 1.
    """

    peak: int
    points: tuple[Point, ...]
    knee: int
    recommended: int
    low: int
    high: int
    weeks: int
    assumed: int
    people: int


def curve_of(
    demand: Sequence[Demand],
    options: Options,
    delays: Delays,
    habits: Habits,
    *,
    target: Target,
    also: Sequence[int] = (),
    told: Callable[[float], bool] = lambda done: True,
) -> Curve | None:
    """Replay the demand with several numbers of licences.

    `also`: numbers wanted in any case. `told` hears how much is done (0 to 1) and answers whether to go on; None
    when it said no. Raises ValueError without any demand.
    """
    blocks = blocks_of(demand, inactivity=options.timing.inactivity)
    if not blocks.people:
        raise ValueError("Nobody wanted anything in this time.")
    free = replay(blocks, replace(options, slots=10**9), delays, habits)
    peak = free.most_used
    numbers = sorted({*_numbers(peak), *also})
    begin = min(blocks.asks)
    weeks = int((max(blocks.asks) - begin) // WEEK) + 1
    points: list[Point] = []
    by_week: list[list[tuple[int, int]]] = []
    for done, number in enumerate(numbers):
        if not told(done / len(numbers)):
            return None
        outcome = replay(blocks, replace(options, slots=number), delays, habits)
        points.append(point_of(outcome, target))
        by_week.append(list(_weekly(outcome, target, begin, weeks)))
    recommended = _enough(numbers, [(p.asked, p.waited_long + p.gave_up) for p in points], target)
    without = [
        _enough(numbers, [_sum(each, left_out) for each in by_week], target)
        for left_out in range(weeks if weeks > 1 else 0)
    ]
    return Curve(
        peak=peak,
        points=tuple(points),
        knee=knee_of(points),
        recommended=recommended,
        low=min([recommended, *without]),
        high=max([recommended, *without]),
        weeks=weeks,
        assumed=blocks.assumed,
        people=blocks.people,
    )


def _numbers(peak: int) -> Iterator[int]:
    lowest = max(1, round(LOWEST_SHARE * peak))
    steps = min(POINTS, peak - lowest + 1)
    for step in range(steps):
        yield lowest + round(step * (peak - lowest) / max(1, steps - 1))


def point_of(outcome: Outcome, target: Target) -> Point:
    """Summarise a replay."""
    served = sorted(wait.seconds for wait in outcome.waits if wait.served)
    return Point(
        licences=outcome.slots,
        asked=len(outcome.asked),
        waited=len(outcome.waits),
        waited_long=sum(seconds > target.seconds for seconds in served),
        gave_up=len(outcome.waits) - len(served),
        median=quantile(served, 0.5),
        p95=quantile(served, 0.95),
        worst=served[-1] if served else 0.0,
        wait_hours=sum(wait.seconds for wait in outcome.waits) / 3600,
        cut_off=len(outcome.cut_off),
        losses=sum(outcome.losses.values()),
        full_hours=outcome.full_seconds / 3600,
    )


def _weekly(
    outcome: Outcome, target: Target, begin: float, weeks: int
) -> Iterator[tuple[int, int]]:
    asked, bad = [0] * weeks, [0] * weeks
    for moment in outcome.asked:
        asked[min(weeks - 1, int((moment - begin) // WEEK))] += 1
    for wait in outcome.waits:
        if not wait.served or wait.seconds > target.seconds:
            bad[min(weeks - 1, int((wait.joined - begin) // WEEK))] += 1
    return zip(asked, bad, strict=True)


def _sum(weeks: Sequence[tuple[int, int]], left_out: int) -> tuple[int, int]:
    kept = [week for number, week in enumerate(weeks) if number != left_out]
    return sum(asked for asked, _ in kept), sum(bad for _, bad in kept)


def _enough(numbers: Sequence[int], counts: Sequence[tuple[int, int]], target: Target) -> int:
    """Return the smallest number from which on the target is met; the largest if it never is."""
    enough = numbers[-1]
    for number, (asked, bad) in reversed(list(zip(numbers, counts, strict=True))):
        if bad > target.share * asked:
            break
        enough = number
    return enough


def knee_of(points: Sequence[Point]) -> int:
    """Return the number of licences at the knee (see `Curve`); the largest if nobody ever waits."""
    first, last = points[0], points[-1]
    width, height = last.licences - first.licences, first.wait_hours - last.wait_hours
    if not width or height <= 0:
        return last.licences

    def below(point: Point) -> float:
        along = (point.licences - first.licences) / width
        return (1 - along) - (point.wait_hours - last.wait_hours) / height

    return max(points, key=below).licences


def as_json(curve: Curve) -> dict[str, object]:
    """Return a curve as plain data."""
    return asdict(curve)
