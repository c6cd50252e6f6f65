"""Spans of time in words, as people say them."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE, HOUR, DAY = 60, 3600, 86400


def span(seconds: float) -> str:
    """Return a length of time in its two largest units: "40 s", "5 min", "2 h 5 min", "3 days"."""
    whole = max(0, round(seconds))
    if whole < 2 * MINUTE:
        return _("%(number)s s") % {"number": whole}
    if whole < HOUR:
        return _("%(number)s min") % {"number": whole // MINUTE}
    if whole < 2 * DAY:
        hours, minutes = whole // HOUR, whole % HOUR // MINUTE
        text = _("%(hours)s h %(minutes)s min") if minutes else _("%(hours)s h")
        return text % {"hours": hours, "minutes": minutes}
    days = whole // DAY
    return ngettext("%(number)s day", "%(number)s days", days) % {"number": days}


def relative(moment: datetime | None, at: datetime) -> str:
    """Return when something was or will be, seen from `at`: "5 min ago", "in 40 s", "never"."""
    if moment is None:
        return _("never")
    seconds = (moment - at).total_seconds()
    if seconds > 0:
        return _("in %(span)s") % {"span": span(seconds)}
    return _("%(span)s ago") % {"span": span(-seconds)}


def exact(moment: datetime) -> str:
    """Return a moment to the second, on the clock of this installation."""
    return date_format(localtime(moment), "j M Y, H:i:s")


def when(moment: datetime | None, at: datetime) -> SafeString:
    """Return the same for a page, with the exact time on pointing at it."""
    if moment is None:
        return SafeString("-")
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        exact(moment),
        relative(moment, at),
    )
