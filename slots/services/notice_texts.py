"""What notices say: to people by mail, to programs by webhook."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.lib.spans import span
from slots.models import AlertKind, LicencePool, Notice, NoticeKind

Details = dict[str, Any]
# Alerts that one looks at in the queue; the others are explained on the overview.
_ABOUT_THE_QUEUE = {AlertKind.FULL, AlertKind.FORECAST}


def payload_of(notice: Notice) -> Details:
    """Return what a webhook gets."""
    return {
        "type": f"ium.{notice.kind}",
        "timestamp": notice.created_at.isoformat(),
        "data": {
            "pool": notice.pool.key,
            "pool_name": notice.pool.name,
            "url": _url(notice),
            **notice.details,
        },
    }


def queue_url(pool: LicencePool) -> str:
    """Return the address of the pool's queue in the admin."""
    return f"{settings.IUM_URL}{reverse('admin:slots_queueentry_changelist')}?pool={pool.pk}"


def _url(notice: Notice) -> str:
    alert = notice.details.get("alert")
    if (alert is None and notice.kind != NoticeKind.TEST) or alert in _ABOUT_THE_QUEUE:
        return queue_url(notice.pool)
    return f"{settings.IUM_URL}{reverse('admin:index')}"


def subject_of(notice: Notice) -> str:
    """Return the subject of a mail."""
    words = {"pool": notice.pool, "what": _title(notice)}
    return {
        NoticeKind.WAIT_LONG: _("IUM: people wait long for %(pool)s"),
        NoticeKind.WAIT_OVER: _("IUM: the wait for %(pool)s is short again"),
        NoticeKind.ALERT: _("IUM: %(pool)s: %(what)s"),
        NoticeKind.ALERT_OVER: _("IUM: %(pool)s: over: %(what)s"),
        NoticeKind.TEST: _("IUM: test message for %(pool)s"),
    }[NoticeKind(notice.kind)] % words


def _title(notice: Notice) -> str:
    alert = notice.details.get("alert", "")
    return AlertKind(alert).headline if alert in AlertKind.values else str(alert)


def text_of(notice: Notice) -> str:
    """Return the text of a mail."""
    text = _TEXTS[NoticeKind(notice.kind)](notice)
    return "\n\n".join([text, _("Look at it here: %(url)s") % {"url": _url(notice)}, ""])


def _wait_over(notice: Notice) -> str:
    return _("Nobody waits long for %(pool)s any more. It lasted %(time)s.") % {
        "pool": notice.pool,
        "time": span(notice.details["lasted_seconds"]),
    }


def _wait_long(notice: Notice) -> str:
    details = notice.details
    return _(
        "Somebody has been waiting for %(pool)s for %(time)s; your limit is %(limit)s min."
        " People waiting: %(waiting)s."
    ) % {
        "pool": notice.pool,
        "time": span(details["longest_wait_seconds"]),
        "limit": details["limit_minutes"],
        "waiting": details["waiting"],
    }


def _test(notice: Notice) -> str:
    return _(
        "This is a test message about %(pool)s that an administrator asked for. Messages about alerts come the same"
        " way."
    ) % {"pool": notice.pool}


def _alert_over(notice: Notice) -> str:
    return _("This is over for %(pool)s: %(what)s. It lasted %(time)s.") % {
        "pool": notice.pool,
        "what": _title(notice),
        "time": span(notice.details["lasted_seconds"]),
    }


def _alert(notice: Notice) -> str:
    tell = _ALERTS.get(notice.details.get("alert", ""))
    return tell(notice.pool, notice.details) if tell is not None else _title(notice)


def _full(pool: LicencePool, details: Details) -> str:
    return _(
        "No slot of %(pool)s has been free for %(time)s (slots: %(limit)s). People waiting: %(waiting)s."
    ) % {
        "pool": pool,
        "time": span(details["full_seconds"]),
        "limit": details["limit"],
        "waiting": details["waiting"],
    }


def _coverage(pool: LicencePool, details: Details) -> str:
    return _(
        "Of %(active)s people who were active in %(pool)s in the last 7 days, %(with_extension)s have the browser"
        " extension: %(percent)s %%. Your limit is %(threshold)s %%."
    ) % {"pool": pool, **details}


def _forecast(pool: LicencePool, details: Details) -> str:
    begin = parse_datetime(details["hour"])
    if begin is None:
        return AlertKind.FORECAST.headline
    begin = localtime(begin)
    return _(
        "%(pool)s will probably be full on %(day)s from %(hour)s o'clock: at this hour of this weekday all"
        " %(limit)s slots were in use in %(full)s of the last %(weeks)s weeks that IUM saw."
    ) % {
        "pool": pool,
        "day": date_format(begin, "l, j F"),
        "hour": date_format(begin, "H:i"),
        "limit": details["limit"],
        "full": details["full_weeks"],
        "weeks": details["weeks"],
    }


def _key(pool: LicencePool, details: Details) -> str:
    left, day = details["days_left"], parse_date(details["ends_on"])
    words = {"site": pool.site, "pool": pool, "days": left}
    words["date"] = date_format(day, "j F Y") if day is not None else details["ends_on"]
    if left < 0:
        return (
            _("A key of %(site)s ended on %(date)s. Without a new one %(pool)s stands still.")
            % words
        )
    return (
        ngettext(
            "A key of %(site)s ends in %(days)s day, on %(date)s. Enter a new one in time: without it %(pool)s stands"
            " still.",
            "A key of %(site)s ends in %(days)s days, on %(date)s. Enter a new one in time: without it %(pool)s stands"
            " still.",
            left,
        )
        % words
    )


def _jira(pool: LicencePool, details: Details) -> str:
    return _(
        "Jira (%(site)s) has not been usable for %(time)s: %(message)s. Holders keep their slots, nobody gets one."
    ) % {
        "site": pool.site,
        "time": span(details["down_seconds"]),
        "message": details["message"],
    }


def _sweep(pool: LicencePool, details: Details) -> str:
    return _(
        "The sweep of %(pool)s last succeeded %(time)s ago: inactive people keep their slots. See “Jobs” in the admin"
        " for the reason."
    ) % {"pool": pool, "time": span(details["age_seconds"])}


_ALERTS: dict[str, Callable[[LicencePool, Details], str]] = {
    AlertKind.FULL: _full,
    AlertKind.COVERAGE: _coverage,
    AlertKind.FORECAST: _forecast,
    AlertKind.KEY: _key,
    AlertKind.JIRA: _jira,
    AlertKind.SWEEP: _sweep,
}
_TEXTS: dict[NoticeKind, Callable[[Notice], str]] = {
    NoticeKind.WAIT_LONG: _wait_long,
    NoticeKind.WAIT_OVER: _wait_over,
    NoticeKind.ALERT: _alert,
    NoticeKind.ALERT_OVER: _alert_over,
    NoticeKind.TEST: _test,
}
