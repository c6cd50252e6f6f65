"""Records made by hand, a line each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models.sql import compiler

from ium.usage.charts.facts import Scope, scope_of
from ium.usage.charts.periods import Fineness, Period
from ium.usage.models import IntervalUse, PeriodKind, PeriodUse
from slots.models import LicencePool

BERLIN = ZoneInfo("Europe/Berlin")
LIMIT = 10


def berlin(*numbers: int, fold: int = 0) -> datetime:
    """Return a moment on Berlin's clocks, in UTC."""
    year, month, day, *time = numbers
    wall = datetime(year, month, day, *time)  # type: ignore[arg-type] # noqa: DTZ001 - the zone comes next
    return wall.replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


def interval(pool: LicencePool, at: datetime, most: int, **fields: Any) -> IntervalUse:
    """Record five minutes, fully observed unless `seen_seconds` says otherwise."""
    seen = fields.get("seen_seconds", 300)
    values = {
        "limit": LIMIT,
        "occupied": most,
        "warned": 0,
        "waiting": 0,
        "free": 0,
        "draining": 0,
        "max_occupied": most,
        "max_waiting": 0,
        "full_seconds": 0,
        "seen_seconds": seen,
        "occupied_seconds": most * seen,
    }
    return IntervalUse.objects.create(pool=pool, at=at, **(values | fields))


def use(kind: PeriodKind, pool: LicencePool, at: datetime, most: int, **fields: Any) -> PeriodUse:
    """Return an hour or a day, fully observed, not saved."""
    values = {
        "limit_min": LIMIT,
        "limit_max": LIMIT,
        "max_occupied": most,
        "mean_occupied": most / 2,
        "max_waiting": 0,
        "full_seconds": 0,
        "seen_seconds": 3600 if kind == PeriodKind.HOUR else 86400,
        "people": most * 2,
        "grants": 0,
        "losses": 0,
        "waits": 0,
        "waits_given_up": 0,
        "wait_seconds_sum": 0,
        "wait_seconds_max": 0,
    }
    return PeriodUse(pool=pool, kind=kind, at=at, **(values | fields))


def hour(pool: LicencePool, at: datetime, most: int, **fields: Any) -> None:
    """Record an hour."""
    use(PeriodKind.HOUR, pool, at, most, **fields).save()


def day(pool: LicencePool, at: datetime, most: int, **fields: Any) -> None:
    """Record a day."""
    use(PeriodKind.DAY, pool, at, most, **fields).save()


def scope(
    *pools: LicencePool,
    first: date,
    last: date,
    fineness: Fineness = Fineness.INTERVAL,
    second: date | None = None,
    at: datetime | None = None,
) -> Scope:
    """Return what a page in Berlin shows; `second`: the first day of the second period."""
    period = Period(first, last, BERLIN, fineness)
    other = period.moved((second - first).days) if second else None
    return scope_of(pools, period, other, at or period.until)


def years(pool: LicencePool, last: date, days: int, zone: ZoneInfo = BERLIN) -> None:
    """Record so many days of a pool by hours and days."""
    period = Period(last - timedelta(days=days - 1), last, zone, Fineness.HOUR)
    rows = [use(PeriodKind.HOUR, pool, at, at.hour, waits=3) for at in period.grid()]
    rows += [use(PeriodKind.DAY, pool, at, 9, waits=30) for at in period.grid(Fineness.DAY)]
    PeriodUse.objects.bulk_create(rows, batch_size=500)


@contextmanager
def rows_read() -> Iterator[list[int]]:
    """Count the rows that the database hands over: one number for each reading of a part of an answer."""
    found: list[int] = []
    real: Callable[..., Any] = compiler.cursor_iter

    def counting(*args: Any, **kwargs: Any) -> Iterator[Any]:
        for rows in real(*args, **kwargs):
            found.append(len(rows))
            yield rows

    compiler.cursor_iter = counting  # put back below
    try:
        yield found
    finally:
        compiler.cursor_iter = real
