"""A past for the demo: some weeks of an office that never was, so that charts show something at once.

Waits and stays are simulated event by event and counted as recording would count them. An `Import` row marks the
time, and every chart says that it is simulated. It ends with yesterday: from then on the demo records itself.
"""

import heapq
import math
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction

from activity.models import Source
from ium.usage.charts.facts import SIMULATED
from ium.usage.charts.periods import Fineness, Period, zone
from ium.usage.models import (
    CALL_BUCKETS,
    CallTime,
    Gap,
    GapReason,
    Histogram,
    Import,
    IntervalUse,
    LengthKind,
    PeriodKind,
    PeriodUse,
    Refusal,
    SourceUse,
)
from ium.usage.recording.periods import bucket_of
from slots.models import LicencePool

NAME = "Simulated history of the demo"
PEOPLE = 48
VISITS_A_DAY = 2.6  # of each person on a working day
WEEKEND = 0.06  # of a working day
STAY_MINUTES = (3.6, 0.75)  # of a lognormal distribution: 37 minutes in the middle
PATIENCE_MINUTES = 25.0
FIVE_MINUTES = 300
DAY_ENDS = 23.9 * 3600  # nobody stays over midnight
KINDS = {Fineness.HOUR: PeriodKind.HOUR, Fineness.DAY: PeriodKind.DAY}
# Hours of the day at which work begins, as weights: before and after lunch.
PEAKS = ((9.4, 1.1, 1.0), (13.9, 1.5, 0.8))
GAP_DAY, GAP_HOURS = 9, (10.25, 12.5)  # so many days before the end IUM "did not run"
REASONS = (("not_in_user_group", 3.0), ("locked", 1.2), ("account_not_active", 0.3))
OPERATIONS = (
    ("group member add", 0.35, 2.4),
    ("group member remove", 0.3, 2.4),
    ("group read", 0.6, 0.5),
)


@dataclass(frozen=True)
class Visit:
    """Somebody asks at `asked`, gets a slot at `begin` (None: gives up) and is done at `end`. Seconds."""

    person: int
    asked: float
    begin: float | None
    end: float


@transaction.atomic
def history_fill(*, pool: LicencePool, days: int, at: datetime, seed: int = 7) -> bool:
    """Write the past of a pool; return whether it was: a pool that has records keeps them as they are."""
    if days < 1 or IntervalUse.objects.filter(pool=pool).exists():
        return False
    today = (at - timedelta(hours=3)).astimezone(zone()).date()
    last = today - timedelta(days=1)
    period = Period(last - timedelta(days=days - 1), last, zone(), Fineness.INTERVAL)
    rng = random.Random(seed)
    visits = list(_visits(period, pool.slot_count, rng))
    gaps = [_gap(period)] if days > GAP_DAY else []
    _write(pool, period, visits, gaps, rng)
    Import.objects.create(
        pool=pool,
        name=NAME,
        digest=SIMULATED,
        time_zone=period.zone.key,
        created_at=at,
        lines=0,
        people=PEOPLE,
        spans=0,
        begins_at=period.since,
        ends_at=period.until,
    )
    return True


@transaction.atomic
def history_remove(*, pool: LicencePool) -> bool:
    """Take the past out again; return whether there was one."""
    mark = Import.objects.filter(pool=pool, digest=SIMULATED).first()
    if mark is None:
        return False
    begin, end = mark.begins_at, mark.ends_at
    first, last = (each.astimezone(zone()).date() for each in (begin, end - timedelta(seconds=1)))
    IntervalUse.objects.filter(pool=pool, at__gte=begin, at__lt=end).delete()
    PeriodUse.objects.filter(pool=pool, at__gte=begin, at__lt=end, imported=False).delete()
    for model in (Histogram, Refusal, SourceUse):
        model.objects.filter(pool=pool, day__gte=first, day__lte=last).delete()
    Gap.objects.filter(pool=pool, begins_at__gte=begin, ends_at__lt=end).delete()
    CallTime.objects.filter(site=pool.site_id, hour__gte=begin, hour__lt=end).delete()
    mark.delete()
    return True


def _gap(period: Period) -> tuple[float, float]:
    midnight = period.midnight(period.last - timedelta(days=GAP_DAY))
    begin, end = (midnight.timestamp() + hour * 3600 for hour in GAP_HOURS)
    return begin, end


def _visits(period: Period, limit: int, rng: random.Random) -> Iterator[Visit]:
    """Let people come, wait in order, work and leave. Nobody stays over midnight."""
    for number in range(period.days):
        day = period.first + timedelta(days=number)
        latest = period.midnight(day).timestamp() + DAY_ENDS
        yield from _day(sorted(_arrivals(period, day, rng)), limit, latest, rng)


def _arrivals(period: Period, day: date, rng: random.Random) -> Iterator[tuple[float, int]]:
    midnight = period.midnight(day).timestamp()
    share = WEEKEND if day.weekday() > 4 else 1 - 0.08 * abs(day.weekday() - 1.5)
    growth = 0.8 + 0.35 * (day - period.first).days / max(1, period.days)
    for _ in range(round(PEOPLE * VISITS_A_DAY * share * growth * rng.uniform(0.9, 1.1))):
        hour, width, _weight = rng.choices(PEAKS, [peak[2] for peak in PEAKS])[0]
        moment = min(max(rng.gauss(hour, width), 6.0), 20.0)
        yield midnight + moment * 3600, rng.randrange(PEOPLE)


def _day(
    arrivals: list[tuple[float, int]], limit: int, latest: float, rng: random.Random
) -> Iterator[Visit]:
    """Serve the arrivals of a day in order. A slot is free again when a stay has ended."""
    ends: list[float] = []
    present: dict[int, float] = {}
    for asked, person in arrivals:
        if present.get(person, 0.0) >= asked:
            continue
        while ends and ends[0] <= asked:
            heapq.heappop(ends)
        begin = asked if len(ends) < limit else heapq.heappop(ends)
        patience = rng.expovariate(1 / (PATIENCE_MINUTES * 60)) + 120
        if begin - asked > patience:
            heapq.heappush(ends, begin)
            present[person] = asked + patience
            yield Visit(person, asked, None, asked + patience)
            continue
        stay = min(max(rng.lognormvariate(*STAY_MINUTES), 2.0), 200.0) * 60
        end = max(begin, min(begin + stay, latest))
        heapq.heappush(ends, end)
        present[person] = end
        yield Visit(person, asked, begin, end)


def _write(
    pool: LicencePool,
    period: Period,
    visits: list[Visit],
    gaps: list[tuple[float, float]],
    rng: random.Random,
) -> None:
    intervals = list(_intervals(pool, period, visits, gaps))
    IntervalUse.objects.bulk_create(intervals, batch_size=500)
    for fineness in KINDS:
        rows = _periods(pool, period, fineness, intervals, visits)
        PeriodUse.objects.bulk_create(rows, batch_size=500)
    Gap.objects.bulk_create(
        Gap(pool=pool, begins_at=_moment(begin), ends_at=_moment(end), reason=GapReason.NOT_RUNNING)
        for begin, end in gaps
    )
    Histogram.objects.bulk_create(_lengths(pool, period, visits), batch_size=500)
    _write_counts(pool, period, visits, rng)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _changes(visits: Iterable[Visit]) -> list[tuple[float, int, int]]:
    """Return (moment, change of occupied, change of waiting) in order; who leaves goes before who comes."""
    found = []
    for visit in visits:
        if visit.begin is None:
            found += [(visit.asked, 0, 1), (visit.end, 0, -1)]
        else:
            found += [(visit.begin, 1, 0), (visit.end, -1, 0)]
            if visit.begin > visit.asked:
                found += [(visit.asked, 0, 1), (visit.begin, 0, -1)]
    return sorted(found)


def _intervals(
    pool: LicencePool,
    period: Period,
    visits: list[Visit],
    gaps: list[tuple[float, float]],
) -> Iterator[IntervalUse]:
    """Sweep over all changes once; five minutes in a gap have no row, as recording leaves them out."""
    changes, index, occupied, waiting = _changes(visits), 0, 0, 0
    limit = pool.slot_count
    for at in period.grid():
        start = at.timestamp()
        stop = moment = start
        stop += FIVE_MINUTES
        most, most_waiting, area, full = occupied, waiting, 0.0, 0.0
        while index <= len(changes):
            until = min(changes[index][0], stop) if index < len(changes) else stop
            area += occupied * (until - moment)
            full += (until - moment) if occupied >= limit else 0
            moment = until
            if until >= stop:
                break
            occupied += changes[index][1]
            waiting += changes[index][2]
            most, most_waiting = max(most, occupied), max(most_waiting, waiting)
            index += 1
        if not any(begin <= start and stop <= end for begin, end in gaps):
            yield IntervalUse(
                pool=pool,
                at=at,
                limit=limit,
                occupied=occupied,
                warned=occupied // 8,
                waiting=waiting,
                free=max(0, limit - occupied),
                draining=0,
                max_occupied=most,
                max_waiting=most_waiting,
                full_seconds=full,
                seen_seconds=FIVE_MINUTES,
                occupied_seconds=area,
            )


def _floor(moments: list[float], moment: float) -> float:
    return moments[max(0, bisect_right(moments, moment) - 1)]


def _periods(
    pool: LicencePool,
    period: Period,
    fineness: Fineness,
    intervals: list[IntervalUse],
    visits: list[Visit],
) -> Iterator[PeriodUse]:
    """Fold intervals and visits into hours or days. Visits lie within a day, so only those of the day count."""
    of_day: defaultdict[float, list[Visit]] = defaultdict(list)
    midnights = [at.timestamp() for at in period.grid(Fineness.DAY)]
    for visit in visits:
        of_day[_floor(midnights, visit.asked)].append(visit)
    begins = [*period.grid(fineness), period.until]
    inside, index = defaultdict(list), 0
    for row in intervals:
        while row.at >= begins[index + 1]:
            index += 1
        inside[index].append(row)
    for number, rows in inside.items():
        begin, end = begins[number].timestamp(), begins[number + 1].timestamp()
        seen = sum(row.seen_seconds for row in rows)
        yield PeriodUse(
            pool=pool,
            kind=KINDS[fineness],
            at=begins[number],
            limit_min=pool.slot_count,
            limit_max=pool.slot_count,
            max_occupied=max(row.max_occupied for row in rows),
            mean_occupied=sum(row.occupied_seconds for row in rows) / seen,
            max_waiting=max(row.max_waiting for row in rows),
            full_seconds=sum(row.full_seconds for row in rows),
            seen_seconds=seen,
            **_facts(begin, end, of_day[_floor(midnights, begin)]),
        )


def _facts(begin: float, end: float, visits: list[Visit]) -> dict[str, Any]:
    """Return who had a slot in a time, and the waits that ended in it."""
    holding = {v.person for v in visits if v.begin is not None and v.begin < end and v.end >= begin}
    given = [v for v in visits if v.begin is not None and begin <= v.begin < end]
    ended = [
        (v.begin if v.begin is not None else v.end) - v.asked
        for v in visits
        if begin <= (v.begin if v.begin is not None else v.end) < end
    ]
    return {
        "people": len(holding),
        "grants": len(given),
        "losses": sum(1 for v in visits if v.begin is not None and begin <= v.end < end),
        "waits": len(ended),
        "waits_given_up": sum(1 for v in visits if v.begin is None and begin <= v.end < end),
        "wait_seconds_sum": sum(ended),
        "wait_seconds_max": max(ended, default=0.0),
    }


def _lengths(pool: LicencePool, period: Period, visits: list[Visit]) -> list[Histogram]:
    counts: Counter[tuple[date, str, int | None]] = Counter()
    for visit in visits:
        day = _moment(visit.end).astimezone(period.zone).date()
        got = visit.begin if visit.begin is not None else visit.end
        counts[day, LengthKind.WAIT, bucket_of(got - visit.asked)] += 1
        if visit.begin is not None:
            counts[day, LengthKind.SESSION, bucket_of(visit.end - visit.begin)] += 1
    return [
        Histogram(pool=pool, day=day, kind=kind, bucket=bucket, count=count)
        for (day, kind, bucket), count in counts.items()
    ]


def _write_counts(
    pool: LicencePool, period: Period, visits: list[Visit], rng: random.Random
) -> None:
    """Write refusals, sources and Jira's answer times, none of which the visits tell."""
    people: defaultdict[date, set[int]] = defaultdict(set)
    for visit in visits:
        people[_moment(visit.asked).astimezone(period.zone).date()].add(visit.person)
    refusals, sources = [], []
    for number in range(period.days):
        day = period.first + timedelta(days=number)
        active = len(people[day])
        for reason, weight in REASONS:
            count = round(rng.expovariate(1) * weight * active / PEOPLE)
            if count:
                refusals.append(Refusal(pool=pool, day=day, reason=reason, count=count))
        covered = round(active * min(0.96, 0.62 + 0.3 * number / max(1, period.days)))
        newest = round(covered * number / max(1, period.days))
        rows = (
            (Source.EXTENSION, "1.0.0", newest),
            (Source.EXTENSION, "0.9.0", covered - newest),
            (Source.QUEUE_PAGE, "", round(active * 0.7)),
            (Source.WEBHOOK, "", round(active * 0.55)),
        )
        sources += [
            SourceUse(pool=pool, day=day, source=source, version=version, people=count)
            for source, version, count in rows
            if count
        ]
    Refusal.objects.bulk_create(refusals)
    SourceUse.objects.bulk_create(sources)
    CallTime.objects.bulk_create(
        _call_times(pool, period, rng), batch_size=500, ignore_conflicts=True
    )


def _call_times(pool: LicencePool, period: Period, rng: random.Random) -> Iterator[CallTime]:
    for hour in period.grid(Fineness.HOUR):
        local = hour.astimezone(period.zone)
        busy = math.exp(-(((local.hour - 12) / 4) ** 2)) * (WEEKEND if local.weekday() > 4 else 1)
        for operation, seconds, often in OPERATIONS:
            times = [
                rng.lognormvariate(math.log(seconds), 0.5) for _ in range(round(20 * often * busy))
            ]
            if times:
                yield _call_time(pool, hour, operation, times, rng)


def _call_time(
    pool: LicencePool, hour: datetime, operation: str, times: list[float], rng: random.Random
) -> CallTime:
    buckets = [0] * (len(CALL_BUCKETS) + 1)
    for seconds in times:
        place = next((n for n, most in enumerate(CALL_BUCKETS) if seconds <= most), -1)
        buckets[place] += 1
    return CallTime(
        site_id=pool.site_id,
        hour=hour,
        operation=operation,
        count=len(times),
        failed=sum(rng.random() < 0.004 for _ in times),
        seconds_sum=sum(times),
        seconds_max=max(times),
        buckets=buckets,
    )
