"""Hours, and days of the pool's time zone, made from the intervals and the facts; again while late ones may come."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum

from ium.directory.models import Device
from ium.usage.models import (
    INTERVAL,
    ActivitySpan,
    Histogram,
    IntervalUse,
    LengthKind,
    PeriodKind,
    PeriodUse,
    Refusal,
    SourceUse,
)
from ium.usage.recording.gaps import floor
from ium.usage.zone import day_bounds, day_of, zone_of
from slots.models import CloseReason, Event, JournalEntry, LicencePool, LossReason

HOUR = timedelta(hours=1)
# A wait that ended may still go on (it keeps its place for a while): so long a period is made again.
LATE = timedelta(hours=2)
# After a long time without recording so many hours, or days, are made at once.
AT_ONCE = 24
DAYS_AT_ONCE = 10
# Upper limits in seconds: from ten seconds to a working day.
BUCKETS = (10, 30, 60, 120, 300, 600, 900, 1800, 2700, 3600, 5400, 7200, 10800, 14400, 21600, 28800)
_ENDS = (Event.GRANTED, Event.LEFT_QUEUE, Event.GONE, Event.REFUSED, Event.REPAIRED)
_NOT_LOST = (LossReason.RELEASED, LossReason.REFUSED)
_KEY = {"pool", "kind", "at", "imported"}
_COLUMNS = [f.name for f in PeriodUse._meta.concrete_fields if f.name not in {"id", *_KEY}]


def record_hours(*, pool_id: int, at: datetime) -> int:
    """Write the hours that are over and not final yet; return how many. Two workers at once write the same.

    Of a long time without recording, a day at a time: the next run goes on.
    """
    pool = LicencePool.objects.get(pk=pool_id)
    # The clock was set back: what lies ahead now is recorded when it comes.
    PeriodUse.objects.filter(pool=pool, at__gt=at, imported=False).delete()
    recorded = _recorded_until(pool)
    if recorded is None:
        return 0
    begin = floor(_since(pool, PeriodKind.HOUR, recorded), HOUR)
    begins = [begin + number * HOUR for number in range(AT_ONCE)]
    rows = [_period(pool, PeriodKind.HOUR, b, b + HOUR) for b in begins if b + HOUR <= recorded]
    return _write([row for row in rows if row is not None])


def record_days(*, pool_id: int, at: datetime) -> int:
    """Write the days that are over, and what is counted by days, so far also for today; return how many days.

    Of a long time without recording, ten days at a time. Two workers at once write the same.
    """
    pool, zone = LicencePool.objects.get(pk=pool_id), zone_of()
    recorded = _recorded_until(pool)
    if recorded is None:
        return 0
    first = day_of(_since(pool, PeriodKind.DAY, recorded), zone)
    days = [first + timedelta(days=number) for number in range(DAYS_AT_ONCE)]
    done = [day for day in days if day_bounds(day, zone)[0] < recorded]
    for day in done:
        _record_day(pool, day, recorded)
    return len(done)


def _recorded_until(pool: LicencePool) -> datetime | None:
    """Return up to when the intervals are recorded: no period is made of less."""
    last = IntervalUse.objects.filter(pool=pool).aggregate(Max("at"))["at__max"]
    return None if last is None else last + INTERVAL


def _since(pool: LicencePool, kind: PeriodKind, recorded: datetime) -> datetime:
    """Return from when on periods are not final: after the last row, or where the intervals begin."""
    last = PeriodUse.objects.filter(pool=pool, kind=kind, imported=False).aggregate(Max("at"))
    following = IntervalUse.objects.filter(pool=pool)
    if last["at__max"] is not None:
        # A day is at most 25 hours long, so this moment lies in the next one.
        step = HOUR if kind == PeriodKind.HOUR else timedelta(hours=26)
        following = following.filter(at__gte=last["at__max"] + step)
    begin = following.aggregate(Min("at"))["at__min"]
    return recorded - LATE if begin is None else min(recorded - LATE, begin)


def _record_day(pool: LicencePool, day: date, recorded: datetime) -> None:
    begin, end = day_bounds(day, zone_of(pool))
    if end <= recorded and (row := _period(pool, PeriodKind.DAY, begin, end)):
        _write([row])
    count_lengths(pool, day, begin, end)
    _count_refusals(pool, day, begin, end)
    _count_sources(pool, day, begin, end)


def _period(
    pool: LicencePool, kind: PeriodKind, begin: datetime, end: datetime
) -> PeriodUse | None:
    """Return a period's row; None when IUM saw nothing of it."""
    sums = IntervalUse.objects.filter(pool=pool, at__gte=begin, at__lt=end).aggregate(
        limit_min=Min("limit"),
        limit_max=Max("limit"),
        most=Max("max_occupied"),
        most_waiting=Max("max_waiting"),
        full=Sum("full_seconds"),
        seen=Sum("seen_seconds"),
        slot_seconds=Sum("occupied_seconds"),
    )
    if not sums["seen"]:
        return None
    return PeriodUse(
        pool=pool,
        kind=kind,
        at=begin,
        limit_min=sums["limit_min"],
        limit_max=sums["limit_max"],
        max_occupied=sums["most"],
        max_waiting=sums["most_waiting"],
        full_seconds=sums["full"],
        seen_seconds=sums["seen"],
        mean_occupied=sums["slot_seconds"] / sums["seen"],
        people=_people(pool, begin, end),
        **_events(pool, begin, end),
        **_waits(pool, begin, end),
    )


def _people(pool: LicencePool, begin: datetime, end: datetime) -> int:
    """Count who had a slot at any time in between: what the reference product counts."""
    stays = pool.sessions.filter(ended_at__gte=begin, granted_at__lt=end)
    holding = pool.slots.filter(granted_at__lt=end).exclude(holder=None)
    people = set(stays.values_list("user_id", flat=True))
    return len(people | set(holding.values_list("holder_id", flat=True)))


def _events(pool: LicencePool, begin: datetime, end: datetime) -> dict[str, int]:
    entries = JournalEntry.objects.filter(pool=pool, at__gte=begin, at__lt=end)
    lost = Q(event=Event.REVOKING) & ~Q(reason__in=_NOT_LOST)
    return entries.aggregate(
        grants=Count("pk", filter=Q(event=Event.GRANTED)), losses=Count("pk", filter=lost)
    )


def _ended_waits(pool: LicencePool, begin: datetime, end: datetime) -> "QuerySet[Any]":
    # Waits have no index by their end, the journal has: whose waits may have ended in that time?
    told = JournalEntry.objects.filter(pool=pool, at__gte=begin, at__lt=end, event__in=_ENDS)
    return pool.entries.filter(
        user__in=told.values("user"), closed_at__gte=begin, closed_at__lt=end
    )


def _waits(pool: LicencePool, begin: datetime, end: datetime) -> dict[str, float]:
    lengths, given_up = [], 0
    waits = _ended_waits(pool, begin, end).values_list("joined_at", "closed_at", "close_reason")
    for joined_at, closed_at, reason in waits.iterator(5000):
        lengths.append(max(0.0, (closed_at - joined_at).total_seconds()))
        given_up += reason != CloseReason.SERVED
    return {
        "waits": len(lengths),
        "waits_given_up": given_up,
        "wait_seconds_sum": sum(lengths),
        "wait_seconds_max": max(lengths, default=0.0),
    }


@transaction.atomic
def _write(rows: list[PeriodUse]) -> int:
    PeriodUse.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["pool", "kind", "at", "imported"],
        update_fields=_COLUMNS,
    )
    return len(rows)


def bucket_of(seconds: float) -> int | None:
    """Return the upper limit under which a length is counted; None for longer than the longest."""
    return next((limit for limit in BUCKETS if seconds <= limit), None)


def count_lengths(pool: LicencePool, day: date, begin: datetime, end: datetime) -> None:
    """Count the stays and waits that ended on a day by their lengths."""
    stays = pool.sessions.filter(ended_at__gte=begin, ended_at__lt=end)
    waits = _ended_waits(pool, begin, end)
    with suppress(IntegrityError):  # another worker writes the same at this moment
        _replace(pool, day, LengthKind.SESSION, stays.values_list("granted_at", "ended_at"))
        _replace(pool, day, LengthKind.WAIT, waits.values_list("joined_at", "closed_at"))


@transaction.atomic
def _replace(
    pool: LicencePool, day: date, kind: LengthKind, times: Iterable[tuple[datetime, datetime]]
) -> None:
    counts = Counter(bucket_of((end - begin).total_seconds()) for begin, end in times)
    Histogram.objects.filter(pool=pool, day=day, kind=kind).delete()
    Histogram.objects.bulk_create(
        Histogram(pool=pool, day=day, kind=kind, bucket=bucket, count=count)
        for bucket, count in counts.items()
    )


def _count_refusals(pool: LicencePool, day: date, begin: datetime, end: datetime) -> None:
    """Count who was told no: refused requests (the journal has each once an hour) and grants that Jira refused."""
    told = JournalEntry.objects.filter(
        pool=pool, at__gte=begin, at__lt=end, event__in=[Event.REFUSED, Event.GRANT_FAILED]
    )
    counts = told.values_list("reason").annotate(number=Count("pk")).order_by()
    Refusal.objects.bulk_create(
        [Refusal(pool=pool, day=day, reason=reason, count=count) for reason, count in counts],
        update_conflicts=True,
        unique_fields=["pool", "day", "reason"],
        update_fields=["count"],
    )


def _count_sources(pool: LicencePool, day: date, begin: datetime, end: datetime) -> None:
    """Count different people by where IUM learned of their activity, and those with the extension by its version."""
    spans = ActivitySpan.objects.filter(
        pool=pool, imported=False, started_at__gte=begin - timedelta(days=1), started_at__lt=end
    ).filter(ended_at__gte=begin)
    by_source: dict[str, set[int]] = {}
    for source, user_id in spans.values_list("source", "user_id").distinct().iterator(5000):
        by_source.setdefault(source, set()).add(user_id)
    with_extension = by_source.pop("extension", set())
    counts = {(source, ""): len(people) for source, people in by_source.items()}
    for version, number in _versions(with_extension).items():
        counts["extension", version] = number
    SourceUse.objects.bulk_create(
        [
            SourceUse(pool=pool, day=day, source=source, version=version, people=people)
            for (source, version), people in counts.items()
        ],
        update_conflicts=True,
        unique_fields=["pool", "day", "source", "version"],
        update_fields=["people"],
    )


def _versions(people: set[int]) -> Counter[str]:
    """Count people by the version that their latest browser with the extension has."""
    found = dict.fromkeys(people, "")
    devices = Device.objects.exclude(extension_version="").order_by(
        F("extension_seen_at").asc(nulls_first=True)
    )
    for user_id, version in devices.values_list("user_id", "extension_version").iterator(5000):
        if user_id in found:
            found[user_id] = version
    return Counter(found.values())
