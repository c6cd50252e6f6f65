"""Whether a pool will probably be full: what happened at the same hour of the same weekday.

Nothing is computed beyond counting. For each hour that begins within the horizon the same hour of the last eight
weeks is looked up, on the clock of this installation. Only hours that IUM saw nearly all of count, and there must
be at least three. If at least half of them reached today's limit, the hour is expected to be full. A pool whose limit
was lower then reached less than people wanted: that is why hours without a free slot for five minutes count as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from ium.usage.models import PeriodKind, PeriodUse
from slots.models import AlertRule, LicencePool
from slots.services import Reading

WEEKS, FEWEST_WEEKS = 8, 3
HOUR = timedelta(hours=1)
# An hour of which IUM saw less says nothing about its maximum.
SEEN_SECONDS = 3000
FULL_SECONDS = 300


@dataclass(frozen=True)
class FullHour:
    """An hour that is expected to be full: in so many of the weeks looked at it was."""

    at: datetime
    full_weeks: int
    weeks: int


def forecast(rule: AlertRule, at: datetime) -> Reading:
    """Judge the coming hours for an alert; the threshold is the horizon in hours."""
    pool = rule.pool
    if pool.slot_count <= 0:
        return Reading(ends=True)
    found = next(full_hours(pool, at=at, hours=rule.threshold), None)
    if found is None:
        return Reading(ends=True)
    facts = {
        "hour": found.at.isoformat(),
        "full_weeks": found.full_weeks,
        "weeks": found.weeks,
        "limit": pool.slot_count,
    }
    return Reading(begins=True, facts=facts)


def full_hours(pool: LicencePool, *, at: datetime, hours: int) -> Iterator[FullHour]:
    """Yield the coming hours that are expected to be full, the next one first. One query."""
    coming = [_hour_of(at) + HOUR * number for number in range(1, hours + 1)]
    past = {hour: [_weeks_before(hour, week) for week in range(1, WEEKS + 1)] for hour in coming}
    wanted = {moment for moments in past.values() for moment in moments}
    rows = PeriodUse.objects.filter(
        pool=pool,
        kind=PeriodKind.HOUR,
        imported=False,
        at__in=wanted,
        seen_seconds__gte=SEEN_SECONDS,
    ).values_list("at", "max_occupied", "full_seconds")
    was_full = {
        moment: most >= pool.slot_count or full >= FULL_SECONDS for moment, most, full in rows
    }
    for hour in coming:
        known = [was_full[moment] for moment in past[hour] if moment in was_full]
        if len(known) >= FEWEST_WEEKS and sum(known) * 2 >= len(known):
            yield FullHour(at=hour, full_weeks=sum(known), weeks=len(known))


def _hour_of(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _weeks_before(hour: datetime, weeks: int) -> datetime:
    """Return the same time on the clock so many weeks before, also across a change of the clock."""
    local = timezone.localtime(hour)
    plain = local.replace(tzinfo=None) - timedelta(weeks=weeks)
    return plain.replace(tzinfo=local.tzinfo).astimezone(hour.tzinfo)
