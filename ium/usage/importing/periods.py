"""Hours and days of imported activity: who would hold a slot by the pool's inactivity time counts as occupied."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from ium.usage.models import ActivitySpan, PeriodKind, PeriodUse
from ium.usage.recording.gaps import floor
from ium.usage.recording.sweepline import LENGTH, Change, Level, Numbers, intervals, joined
from ium.usage.zone import day_bounds, day_of, zone_of
from slots.models import LicencePool

HOUR = timedelta(hours=1)
Holds = dict[tuple[int | None, int | None], list[tuple[float, float]]]


def periods_from_imports(*, pool: LicencePool, since: datetime, until: datetime) -> int:
    """Make the hours and days that touch this time anew, from all imports of the pool; return how many."""
    zone = zone_of(pool)
    until += pool.inactivity
    begin = day_bounds(day_of(since, zone), zone)[0]
    end = day_bounds(day_of(until, zone), zone)[1]
    own = PeriodUse.objects.filter(pool=pool, imported=True, at__gte=begin - HOUR, at__lt=end)
    own.delete()
    holds = _holds(pool, begin, end)
    if not holds:
        return 0
    numbers = list(_numbers(holds, floor(begin, HOUR).timestamp(), end.timestamp()))
    rows = _periods(pool, holds, numbers, PeriodKind.HOUR)
    rows += _periods(pool, holds, numbers, PeriodKind.DAY)
    PeriodUse.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def _holds(pool: LicencePool, begin: datetime, end: datetime) -> Holds:
    spans = ActivitySpan.objects.filter(
        pool=pool,
        imported=True,
        started_at__gte=begin - timedelta(days=1) - pool.inactivity,
        started_at__lt=end,
    ).values_list("user_id", "imported_person_id", "started_at", "ended_at")
    found: Holds = defaultdict(list)
    longer = pool.inactivity.total_seconds()
    for user_id, person_id, since, until in spans.iterator(5000):
        found[user_id, person_id].append((since.timestamp(), until.timestamp() + longer))
    return {person: joined(pieces) for person, pieces in found.items()}


def _numbers(holds: Holds, start: float, end: float) -> list[Numbers]:
    steps = [(b, 1) for pieces in holds.values() for b, _ in pieces]
    steps += [(e, -1) for pieces in holds.values() for _, e in pieces]
    occupied, before, changes = 0, Level(), []
    for at, step in sorted(steps):
        occupied += step
        level = Level(occupied=occupied, limit=occupied + 1)
        if at < start:
            before = level
        else:
            changes.append(Change(at, level))
    return list(intervals(before, changes, start, end))


def _periods(
    pool: LicencePool, holds: Holds, numbers: list[Numbers], kind: PeriodKind
) -> list[PeriodUse]:
    zone = zone_of(pool)
    grouped: defaultdict[datetime, list[Numbers]] = defaultdict(list)
    for each in numbers:
        moment = datetime.fromtimestamp(each.start, tz=UTC)
        day = kind == PeriodKind.DAY
        grouped[day_bounds(day_of(moment, zone), zone)[0] if day else floor(moment, HOUR)].append(
            each
        )
    people: defaultdict[datetime, set[object]] = defaultdict(set)
    begins = sorted(grouped)
    starts = [begin.timestamp() for begin in begins]
    for person, pieces in holds.items():
        for since, until in pieces:
            first = max(0, bisect_right(starts, since) - 1)
            for begin in begins[first : bisect_left(starts, until)]:
                if since < grouped[begin][-1].start + LENGTH:
                    people[begin].add(person)
    return [_row(pool, kind, at, grouped[at], len(people[at])) for at in begins if people[at]]


def _row(
    pool: LicencePool, kind: PeriodKind, at: datetime, inside: list[Numbers], people: int
) -> PeriodUse:
    seen = sum(each.seen_seconds for each in inside)
    return PeriodUse(
        pool=pool,
        kind=kind,
        at=at,
        imported=True,
        limit_min=0,
        limit_max=0,
        max_occupied=max(each.max_occupied for each in inside),
        mean_occupied=sum(each.occupied_seconds for each in inside) / seen,
        max_waiting=0,
        full_seconds=0,
        seen_seconds=seen,
        people=people,
        grants=0,
        losses=0,
        waits=0,
        waits_given_up=0,
        wait_seconds_sum=0,
        wait_seconds_max=0,
    )
