"""Numbers, times and lengths as people read them, in their language."""

from datetime import date, datetime

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from ium.lib.spans import span
from ium.usage.charts.periods import Fineness, Period

NOTHING = "\N{EN DASH}"


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with at most so many decimal places."""
    if value is None:
        return NOTHING
    rounded = round(value, digits)
    places = 0 if rounded == int(rounded) else digits
    return str(number_format(rounded, places, use_l10n=True, force_grouping=True))


def percent(share: float | None) -> str:
    """Return a share of 1 in percent; small ones are never shown as nothing."""
    if share is None:
        return NOTHING
    if 0 < share < 0.001:
        return _("under 0.1 %")
    if 0.9995 <= share < 1:
        return _("%(number)s %%") % {"number": number(99.9, 1)}
    return _("%(number)s %%") % {"number": number(share * 100, 1)}


def length(seconds: float | None) -> str:
    """Return a length of time; below ten seconds with a decimal place."""
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return _("%(number)s s") % {"number": number(seconds, 1 if seconds >= 1 else 2)}
    return span(seconds)


def day(value: date) -> str:
    """Return a date."""
    return str(date_format(value, "D, j M Y"))


def moment(at: datetime, period: Period) -> str:
    """Return a moment on the clock of the pool."""
    return str(date_format(at.astimezone(period.zone), "D, j M Y, H:i"))


def value_at(at: datetime, period: Period, fineness: Fineness | None = None) -> str:
    """Return when a value of a chart is: a day, or the moment at which it begins."""
    if (fineness or period.fineness) is Fineness.DAY:
        return day(at.astimezone(period.zone).date())
    return moment(at, period)


def dates(period: Period) -> str:
    """Return the days of a period."""
    if period.first == period.last:
        return day(period.first)
    return _("%(first)s to %(last)s") % {"first": day(period.first), "last": day(period.last)}
