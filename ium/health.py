"""Is IUM alive, and is it ready? Its numbers are in ium/metrics."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import Redis, RedisError

from ium.directory.models import Site
from ium.lib import clock
from ium.lib.counting import redis_url
from jira_sync.models import Finding, Severity
from slots.models import JobRun

# Three missed runs of a job that runs every 10 s, and a little.
STALE_SWEEP = timedelta(seconds=60)


def livez(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process can."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when everything IUM needs works, else 503; each part with a sentence."""
    checks = {
        "database": _database,
        "broker": _broker,
        "sweep": _sweep,
        "jira": _jira,
        "configuration": _configuration,
    }
    results = {name: _try(check) for name, check in checks.items()}
    ready = all(result == "ok" for result in results.values())
    response = JsonResponse({"ready": ready, **results}, status=200 if ready else 503)
    response["Cache-Control"] = "no-store"
    return response


def _try(check: Callable[[], str]) -> str:
    try:
        return check()
    except DatabaseError:
        return "the database does not answer"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _broker() -> str:
    client = Redis.from_url(
        redis_url(settings.REDIS_URL), socket_connect_timeout=1, socket_timeout=1
    )
    try:
        client.ping()
    except RedisError:
        return "the broker does not answer"
    finally:
        client.close()
    return "ok"


def _sweep() -> str:
    run = JobRun.objects.filter(name="sweep").first()
    if run is None or run.finished_at is None:
        return "the sweep has not run yet: are a Celery worker and Celery Beat running?"
    age = clock.now() - run.finished_at
    if age > STALE_SWEEP:
        return f"the sweep last succeeded {int(age.total_seconds())} seconds ago"
    return "ok"


def _jira() -> str:
    sites = Site.objects.defer(
        "org_key", "second_org_key", "api_token"
    )  # a wrong key must not hide the answer
    down = [site for site in sites if site.is_down]
    return "ok" if not down else "; ".join(f"{site}: {site.connection_message}" for site in down)


def _configuration() -> str:
    # Of the sites only: whether the processes run is asked above, live. A finding about them would keep a system
    # that has just been started from being ready until the next check.
    serious = Finding.objects.current().filter(severity=Severity.ERROR, site__isnull=False)
    # How many, not which: this address is public, and findings name groups and people.
    number = serious.count()
    return (
        f"serious findings: {number}; see the configuration check in the admin" if number else "ok"
    )
