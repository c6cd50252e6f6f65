"""What was seen beside the demand: Jira's answer times, and how many worked with the extension."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, Sum

from activity.models import Source
from ium.usage.models import CallTime, PeriodKind, PeriodUse, SourceUse
from ium.usage.replay.options import Delays
from ium.usage.zone import day_bounds, zone_of
from slots.models import LicencePool

# Calls are recorded as method and pattern of the path, cut off at 64 characters: Jira's own, and the organisation's.
ADDING = "POST /rest/api/3/group/user"
REMOVING = "DELETE /rest/api/3/group/user"
_MEMBERS = Q(operation__contains="/group/user") | Q(operation__contains="/groups/{group}/m")


@dataclass(frozen=True)
class Observed:
    """The delays of a replay, and whether those of Jira were recorded; otherwise they are assumed."""

    values: Delays
    known: bool


def delays_of(pool: LicencePool, since: datetime, until: datetime) -> Observed:
    """Return how long Jira took on average to add and to remove somebody; else the usual times."""
    usual, opening = Delays(), float(pool.access_delay_seconds)
    adding = _mean(pool, since, until, "POST ")
    removing = _mean(pool, since, until, "DELETE ")
    values = Delays(
        adding=usual.adding if adding is None else adding,
        removing=usual.removing if removing is None else removing,
        opening=opening,
    )
    return Observed(values, adding is not None and removing is not None)


def _mean(pool: LicencePool, since: datetime, until: datetime, method: str) -> float | None:
    calls = CallTime.objects.filter(
        _MEMBERS,
        site=pool.site_id,
        operation__startswith=method,
        hour__gte=since,
        hour__lt=until,
    )
    sums = calls.aggregate(calls=Sum("count"), seconds=Sum("seconds_sum"))
    return sums["seconds"] / sums["calls"] if sums["calls"] else None


def coverage_of(pool: LicencePool, first: date, last: date) -> float | None:
    """Return the share of people who worked with the extension, of those who had a slot; None if nobody counted.

    In measuring mode nobody has a slot: then of all who were active from any source.
    """
    zone = zone_of(pool)
    rows = SourceUse.objects.filter(pool=pool, day__gte=first, day__lte=last)
    by_day: dict[date, dict[str, int]] = {}
    for row in rows.values("day", "source").annotate(number=Sum("people")):
        by_day.setdefault(row["day"], {})[row["source"]] = row["number"]
    days = PeriodUse.objects.filter(
        pool=pool,
        kind=PeriodKind.DAY,
        imported=False,
        at__gte=day_bounds(first, zone)[0],
        at__lt=day_bounds(last, zone)[1],
    )
    people = {at.astimezone(zone).date(): number for at, number in days.values_list("at", "people")}
    extension = sum(sources.get(Source.EXTENSION, 0) for sources in by_day.values())
    everybody = sum(max([people.get(day, 0), *sources.values()]) for day, sources in by_day.items())
    return extension / everybody if everybody else None
