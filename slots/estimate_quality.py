"""How good the estimates of the wait were, and how long people really waited: numbers for the administrator."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.lib.spans import span
from slots.models import CloseReason, LicencePool, Outcome, QueueEntry, WaitEstimate

WEEKS = 12
# Of the newest so many rows per pool: pages stay fast however much is recorded.
MOST = 20_000
# A few minutes cannot be estimated in percent: as in the simulation, waits that had two minutes left are judged.
JUDGED_FROM = 120
ENOUGH = 30
GOOD_ERROR, GOOD_INSIDE = 0.30, 0.85
GAVE_UP = frozenset({CloseReason.LEFT, CloseReason.GONE})


@dataclass(frozen=True)
class Quality:
    """Of judged estimates: how many, the median relative error, and the share of true waits inside the range shown."""

    number: int
    median_error: float
    inside: float

    @property
    def is_good(self) -> bool:
        """Whether both are as good as IUM promises."""
        return self.median_error <= GOOD_ERROR and self.inside >= GOOD_INSIDE


@dataclass(frozen=True)
class Waits:
    """Of ended waits: how many got a slot after a wait, their median and 95th percentile in seconds, who gave up."""

    number: int
    median: float
    p95: float
    gave_up: int


@dataclass(frozen=True)
class Week:
    """One week of a pool; None where nothing was recorded."""

    monday: date
    quality: Quality | None
    waits: Waits | None


@dataclass(frozen=True)
class PoolQuality:
    """A pool's weeks, newest first, and what the last four mean in words."""

    pool: LicencePool
    weeks: list[Week]
    words: str


def quality_of(rows: Sequence[tuple[int, int, int, int]]) -> Quality | None:
    """Return the quality of estimates, each (expected, low, high, true) in seconds; None without any."""
    if not rows:
        return None
    return Quality(
        number=len(rows),
        median_error=statistics.median(
            abs(expected - true) / true for expected, _, _, true in rows
        ),
        inside=statistics.fmean(low <= true <= high for _, low, high, true in rows),
    )


def recent_quality(pool: LicencePool, at: datetime, *, days: int = 7) -> Quality | None:
    """Return the quality of the last days' estimates; None without any."""
    return quality_of([row[1:] for row in _estimates(pool, at - timedelta(days=days))])


def pool_quality(pool: LicencePool, at: datetime) -> PoolQuality:
    """Return the pool's last twelve weeks. Two queries."""
    since = at - timedelta(weeks=WEEKS)
    estimates: dict[date, list[tuple[int, int, int, int]]] = defaultdict(list)
    for made_at, *numbers in _estimates(pool, since):
        estimates[_monday(made_at)].append((numbers[0], numbers[1], numbers[2], numbers[3]))
    waits: dict[date, list[tuple[float, str]]] = defaultdict(list)
    for closed_at, seconds, reason in _waits(pool, since):
        waits[_monday(closed_at)].append((seconds, reason))
    mondays = sorted({*estimates, *waits}, reverse=True)
    recent = [row for monday in mondays[:4] for row in estimates[monday]]
    return PoolQuality(
        pool=pool,
        weeks=[
            Week(monday, quality_of(estimates[monday]), _summed_up(waits[monday]))
            for monday in mondays
        ],
        words=in_words(quality_of(recent)),
    )


def in_words(quality: Quality | None) -> str:
    """Return what the numbers mean, and what an administrator can do."""
    if quality is None or quality.number < ENOUGH:
        return _(
            "Too few estimates to judge yet. People are told an expected wait once 30 stays have ended, or at once"
            " if you enter an assumed length of a stay in the configuration."
        )
    words = {
        "error": round(100 * quality.median_error),
        "inside": round(100 * quality.inside),
    }
    found = _(
        "Half of the estimates were wrong by less than %(error)s %%; of 100 true waits, %(inside)s lay in the range"
        " that people saw."
    )
    if quality.is_good:
        return f"{found % words} {_('People can rely on it.')}"
    advice = _(
        "That is worse than IUM promises (30 % and 85). Usual causes: the licences or the inactivity time were changed"
        " lately, or activity of many people is not seen because they lack the browser extension."
    )
    return f"{found % words} {advice}"


def _monday(moment: datetime) -> date:
    day = localtime(moment).date()
    return day - timedelta(days=day.weekday())


def _estimates(pool: LicencePool, since: datetime) -> list[tuple[datetime, int, int, int, int]]:
    rows = WaitEstimate.objects.filter(
        pool=pool, made_at__gte=since, outcome=Outcome.SERVED, actual_seconds__gte=JUDGED_FROM
    ).order_by("-made_at")
    columns = ("made_at", "expected_seconds", "low_seconds", "high_seconds", "actual_seconds")
    return [
        (made_at, expected, low, high, true or 0)
        for made_at, expected, low, high, true in rows.values_list(*columns)[:MOST]
    ]


def _waits(pool: LicencePool, since: datetime) -> Iterable[tuple[datetime, float, str]]:
    rows = QueueEntry.objects.filter(pool=pool, closed_at__gte=since).order_by("-closed_at")
    for joined_at, closed_at, reason in rows.values_list("joined_at", "closed_at", "close_reason")[
        :MOST
    ]:
        if closed_at is not None:
            yield closed_at, (closed_at - joined_at).total_seconds(), reason


def _summed_up(waits: Sequence[tuple[float, str]]) -> Waits | None:
    """Sum waits up. Who got a slot at once did not wait."""
    served = sorted(
        seconds for seconds, reason in waits if reason == CloseReason.SERVED and seconds > 0
    )
    gave_up = sum(reason in GAVE_UP for _, reason in waits)
    if not served:
        return Waits(0, 0.0, 0.0, gave_up) if gave_up else None
    return Waits(
        number=len(served),
        median=statistics.median(served),
        p95=served[min(len(served) - 1, int(0.95 * len(served)))],
        gave_up=gave_up,
    )


def week_cells(week: Week) -> dict[str, str]:
    """Return a week as text for a table: a dash where nothing was recorded."""
    quality, waits = week.quality, week.waits
    return {
        "estimates": str(quality.number) if quality is not None else "-",
        "error": _percent(quality.median_error) if quality is not None else "-",
        "inside": _percent(quality.inside) if quality is not None else "-",
        "waits": str(waits.number) if waits is not None else "-",
        "median": span(waits.median) if waits is not None and waits.number else "-",
        "p95": span(waits.p95) if waits is not None and waits.number else "-",
        "gave_up": ngettext("%(number)s person", "%(number)s people", waits.gave_up)
        % {"number": waits.gave_up}
        if waits is not None
        else "-",
    }


def _percent(share: float) -> str:
    return _("%(number)s %%") % {"number": round(100 * share)}
