"""Days of a pool: from midnight to midnight where its people are, 23 to 25 hours long."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from slots.models import LicencePool


def zone_of(_pool: LicencePool | None = None) -> ZoneInfo:
    """Return the time zone in which a pool's days are counted: IUM_TIME_ZONE, as everywhere in the admin."""
    return ZoneInfo(settings.TIME_ZONE)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """Return the day on which a moment lies there."""
    return moment.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a day begins and ends there, in UTC: arithmetic in local time would skip or repeat an hour."""
    begin, end = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)
