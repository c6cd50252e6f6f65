"""Which time a page is about: whole days on the clock of the pool, and how fine its values are."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from ium.usage.models import INTERVAL, Retention
from ium.usage.zone import zone_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# So many days are read at most at each fineness: 4032 values of five minutes, 2424 hours, 1097 days.
MOST_DAYS_OF_INTERVALS, MOST_DAYS_OF_HOURS, MOST_DAYS = 14, 100, 1096


class Span(models.TextChoices):
    """The lengths to choose from."""

    DAY = "day", _("day")
    WEEK = "week", _("week")
    MONTH = "month", _("month")
    QUARTER = "quarter", _("quarter")
    YEAR = "year", _("year")
    TWO_YEARS = "two_years", _("two years")
    FREE = "free", _("free dates")


DAYS = {
    Span.DAY: 1,
    Span.WEEK: 7,
    Span.MONTH: 30,
    Span.QUARTER: 91,
    Span.YEAR: 365,
    Span.TWO_YEARS: 730,
}


class Fineness(enum.Enum):
    """How long one value of a chart over time is."""

    INTERVAL = INTERVAL
    HOUR = HOUR
    DAY = DAY


def zone() -> ZoneInfo:
    """Return the time zone of the page: that in which the days of all pools are counted."""
    return zone_of()


@dataclass(frozen=True)
class Period:
    """Whole days from `first` to `last` (both included) in a time zone."""

    first: date
    last: date
    zone: ZoneInfo
    fineness: Fineness

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        """The moment the first day begins."""
        return self.midnight(self.first)

    @property
    def until(self) -> datetime:
        """The moment the last day is over."""
        return self.midnight(self.last + DAY)

    def midnight(self, day: date) -> datetime:
        """Return the moment at which a day begins here, in UTC."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def moved(self, days: int) -> "Period":
        """Return the same length, so many days later."""
        shift = timedelta(days=days)
        return Period(self.first + shift, self.last + shift, self.zone, self.fineness)

    def grid(self, fineness: Fineness | None = None) -> Iterator[datetime]:
        """Yield the begin of every value. Hours and five minutes are real ones: a day may have 23 or 25 hours."""
        chosen = fineness or self.fineness
        if chosen is Fineness.DAY:
            yield from (self.midnight(self.first + timedelta(days=n)) for n in range(self.days))
            return
        at, until = floor(self.since, chosen.value), self.until
        while at < until:
            yield at
            at += chosen.value

    def length(self, at: datetime, fineness: Fineness | None = None) -> float:
        """Return how many seconds the value that begins then stands for."""
        chosen = fineness or self.fineness
        if chosen is not Fineness.DAY:
            return float(chosen.value.total_seconds())
        day = at.astimezone(self.zone).date()
        return (self.midnight(day + DAY) - at).total_seconds()

    def onto(self, at: datetime, other: "Period") -> datetime:
        """Return the moment that has the same place on the wall's clock in another period of the same length."""
        wall = at.astimezone(self.zone).replace(tzinfo=None)
        moved = wall + (other.first - self.first)
        return moved.replace(tzinfo=self.zone).astimezone(UTC)


def floor(at: datetime, step: timedelta) -> datetime:
    """Return the last multiple of a step of UTC."""
    seconds = step.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def period_of(first: date, last: date, *, today: date) -> Period:
    """Return a period as fine as its length and what is still kept allow."""
    days, age = (last - first).days + 1, (today - first).days
    kept = Retention.objects.filter(pk=1).first() or Retention()
    if days <= MOST_DAYS_OF_INTERVALS and age < kept.interval_days:
        fineness = Fineness.INTERVAL
    elif days <= MOST_DAYS_OF_HOURS and age < kept.hour_days:
        fineness = Fineness.HOUR
    else:
        fineness = Fineness.DAY
    return Period(first, last, zone(), fineness)
