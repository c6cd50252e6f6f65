"""The rows of reports, in an order that paging can rely on."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from ium.lib.pseudonyms import pseudonym
from ium.usage.models import IntervalUse, PeriodUse, SourceUse
from ium.usage.zone import day_of, zone_of
from slots.models import LicencePool, QueueEntry, SlotSession

Row = dict[str, Any]
Rows = tuple[QuerySet[Any], Callable[[Any], Row]]


def use(pool: LicencePool, since: datetime, until: datetime, step: str) -> Rows:
    """Return the use by five minutes, hours or days. Imported times are left out."""
    if step == "interval":
        found = IntervalUse.objects.filter(pool=pool, at__gte=since, at__lt=until)
        return found.order_by("at"), _interval
    periods = PeriodUse.objects.filter(
        pool=pool, kind=step, imported=False, at__gte=since, at__lt=until
    )
    return periods.order_by("at"), _period


def _interval(row: IntervalUse) -> Row:
    seen = row.seen_seconds
    return _use(row, row.limit, row.occupied_seconds / seen if seen else None)


def _period(row: PeriodUse) -> Row:
    return _use(row, row.limit_max, row.mean_occupied if row.seen_seconds else None)


def _use(row: IntervalUse | PeriodUse, limit: int, mean: float | None) -> Row:
    return {
        "at": row.at,
        "limit": limit,
        "max_occupied": row.max_occupied,
        "mean_occupied": mean,
        "max_waiting": row.max_waiting,
        "full_seconds": row.full_seconds,
        "seen_seconds": row.seen_seconds,
    }


def waits(pool: LicencePool, since: datetime, until: datetime) -> Rows:
    """Return the waits that ended in the time."""
    found = QueueEntry.objects.filter(pool=pool, closed_at__gte=since, closed_at__lt=until)
    return found.order_by("closed_at", "pk"), _wait


def _wait(row: QueueEntry) -> Row:
    ended = row.closed_at or row.joined_at
    return {
        "person": pseudonym(row.user_id),
        "began_at": row.joined_at,
        "ended_at": ended,
        "seconds": (ended - row.joined_at).total_seconds(),
        "outcome": row.close_reason,
    }


def sessions(pool: LicencePool, since: datetime, until: datetime) -> Rows:
    """Return the stays that ended in the time."""
    found = SlotSession.objects.filter(pool=pool, ended_at__gte=since, ended_at__lt=until)
    return found.order_by("ended_at", "pk"), _session


def _session(row: SlotSession) -> Row:
    return {
        "person": pseudonym(row.user_id),
        "granted_at": row.granted_at,
        "confirmed_at": row.confirmed_at,
        "ended_at": row.ended_at,
        "waited_seconds": row.waited_seconds,
        "reason": row.loss_reason,
    }


def coverage(pool: LicencePool, since: datetime, until: datetime) -> Rows:
    """Return people by source and version of the days that the time touches."""
    zone = zone_of(pool)
    found = SourceUse.objects.filter(
        pool=pool, day__gte=day_of(since, zone), day__lte=day_of(until, zone)
    )
    return found.order_by("day", "source", "version"), _source


def _source(row: SourceUse) -> Row:
    return {"day": row.day, "source": row.source, "version": row.version, "people": row.people}
