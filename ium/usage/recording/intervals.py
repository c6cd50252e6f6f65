"""Five minutes of a pool as rows, made when they are over, and made again while late entries may still come."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Min

from activity.models import Intake
from ium.usage.models import INTERVAL, IntervalUse
from ium.usage.models.retention import retention
from ium.usage.recording.facts import (
    LEAD,
    History,
    Now,
    changes_of,
    entries_between,
    used_after,
)
from ium.usage.recording.gaps import floor, gaps_note, holes_of
from ium.usage.recording.sweepline import Numbers, intervals
from slots.models import JournalEntry, LicencePool

# Transactions that began before the end of an interval have committed by then.
SETTLED = timedelta(seconds=15)
# So many intervals are made again: an entry may still come late.
AGAIN = 2
# After a long time without recording so much is made at once.
STRETCH = timedelta(days=1)
RECENT = timedelta(minutes=30)
_COLUMNS = [
    field.name
    for field in IntervalUse._meta.concrete_fields
    if field.name not in {"id", "pool", "at"}
]


def record_intervals(*, pool_id: int, at: datetime) -> int:
    """Write what is over and not final yet; return how many rows. Two workers at once write the same ones.

    Of a long time without recording, a day at a time: the next run goes on.
    """
    pool = LicencePool.objects.get(pk=pool_id)
    until = _observed_until(at)
    if until is None:
        return 0
    # The clock was set back: what lies ahead now is recorded when it comes.
    IntervalUse.objects.filter(pool=pool, at__gt=at).delete()
    start = _begin(pool, until)
    barrier = gaps_note(pool=pool, since=start - LEAD)
    if barrier:
        start = max(start, _time_of(barrier))
    end = min(until, start + STRETCH)
    if start >= end:
        return 0
    numbers = _numbers(pool, start, end, at=at, barrier=barrier)
    return _write(pool, numbers)


def _time_of(entry_id: int) -> datetime:
    at = JournalEntry.objects.filter(pk=entry_id).values_list("at", flat=True)
    return floor(at.get())


def _observed_until(at: datetime) -> datetime | None:
    """Return up to when everything was observed and noted, or is known to be missing."""
    intake = Intake.objects.filter(pk=1).first()
    return None if intake is None else floor(min(at, intake.seen_at) - SETTLED)


def _begin(pool: LicencePool, until: datetime) -> datetime:
    """Return from when on to record: the last rows again; without any, as far back as they are kept."""
    last = IntervalUse.objects.filter(pool=pool).order_by("-at").values_list("at", flat=True)
    latest = last.first()
    if latest is not None:
        return latest - (AGAIN - 1) * INTERVAL
    kept = until - timedelta(days=retention().interval_days)
    born = birth_of(pool)
    return floor(max(kept, born)) if born is not None else until


def birth_of(pool: LicencePool) -> datetime | None:
    """Return when the pool was set up, as far as anything tells."""
    history = pool.history.aggregate(first=Min("history_date"))["first"]
    journal = JournalEntry.objects.filter(pool=pool).aggregate(first=Min("at"))["first"]
    known = [moment for moment in (history, journal) if moment is not None]
    return min(known) if known else None


def _numbers(
    pool: LicencePool, start: datetime, end: datetime, *, at: datetime, barrier: int
) -> list[Numbers]:
    holes = list(holes_of(pool, start, end))
    if (born := birth_of(pool)) is not None and born > start:
        holes.append((start.timestamp(), born.timestamp()))
    now = Now.read(pool)
    live = end > at - RECENT
    entries = entries_between(pool, start - LEAD, None if live else end, after=barrier)
    if not live:
        now = Now(used=used_after(pool, now, end), warned=set(), waiting=set())
    history = History(entries, now)
    before, changes = changes_of(history, limits_of(pool, start, end), start)
    return list(intervals(before, changes, start.timestamp(), end.timestamp(), holes))


def limits_of(pool: LicencePool, start: datetime, end: datetime) -> list[tuple[datetime, int]]:
    """Return since when how many slots were given out at most, from the pool's history; the first is at the start."""
    rows = pool.history.filter(history_date__lt=end).order_by("history_date", "history_id")
    known = rows.values_list("history_date", "assigned_licences", "buffer_licences")
    before = known.filter(history_date__lte=start).last()
    first = before or known.first()
    limit = first[1] - first[2] if first is not None else pool.slot_count
    later = known.filter(history_date__gt=start)
    return [(start, limit), *((moment, most - kept) for moment, most, kept in later)]


@transaction.atomic
def _write(pool: LicencePool, numbers: list[Numbers]) -> int:
    rows = [_row(pool, each) for each in numbers]
    IntervalUse.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["pool", "at"],
        update_fields=_COLUMNS,
    )
    return len(rows)


def _row(pool: LicencePool, numbers: Numbers) -> IntervalUse:
    level = numbers.end_level
    return IntervalUse(
        pool=pool,
        at=datetime.fromtimestamp(numbers.start, tz=UTC),
        limit=level.limit,
        occupied=level.occupied,
        warned=level.warned,
        waiting=level.waiting,
        free=max(0, level.limit - level.occupied),
        draining=max(0, level.occupied - level.limit),
        max_occupied=numbers.max_occupied,
        max_waiting=numbers.max_waiting,
        full_seconds=numbers.full_seconds,
        seen_seconds=numbers.seen_seconds,
        occupied_seconds=numbers.occupied_seconds,
    )
