"""Jobs of the composition."""

import requests
from celery import shared_task
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

from activity.services import receivers_working
from ium.directory.models import Site
from ium.lib import clock
from ium.usage.alerts.forecast import forecast
from ium.usage.privacy.closing import accounts_check
from ium.usage.totals import SERIES, totals_advance
from slots.models import AlertKind
from slots.services import alert_watch, intake_observe, job_run


@shared_task
def observe() -> float | None:
    """Note that activity can be received: the web server answers, and it writes what it collects.

    Returns the seconds of a gap that ended. When the web server is away or cannot write nothing is noted, and
    after two minutes of that nothing is taken from anybody.
    """
    requests.get(f"{settings.IUM_SELF_URL}/livez", timeout=5).raise_for_status()
    at = clock.now()
    if not receivers_working(at=at):
        raise RuntimeError("The web server answers, but no web process writes what it collects.")
    gap = intake_observe(at=at)
    return gap.total_seconds() if gap is not None else None


@shared_task
def watch_alerts() -> int:
    """Look at every pool's alert rules; what began and what is over becomes notices, which another job sends."""
    return job_run(
        name="alert_watch",
        step=lambda pool, at: alert_watch(pool_id=pool, at=at, more={AlertKind.FORECAST: forecast}),
    )


@shared_task
def advance_totals() -> int:
    """Count what is new in the journal and in the answer times of Jira into the totals that /metrics tells."""
    return job_run(
        name="totals",
        ids=range(len(SERIES)),
        step=lambda number, at: totals_advance(series=SERIES[number], at=at),
    )


@shared_task
def check_accounts() -> int:
    """Ask Jira about every account: closed ones are forgotten, changed names taken over."""
    return job_run(
        name="check_accounts",
        ids=list(Site.objects.filter(pools__isnull=False).distinct().values_list("pk", flat=True)),
        step=lambda site_id, at: accounts_check(site_id=site_id, at=at),
    )


@shared_task
def clear_sessions() -> None:
    """Delete what is left of sessions that are over: every sign-in that is begun makes one."""
    SessionStore.clear_expired()
