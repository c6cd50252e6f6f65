"""Is IUM alive, is it ready, and what are its numbers."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis import Redis, RedisError

from ium.directory.models import Site
from ium.lib import clock
from ium.lib.counting import redis_url
from jira_sync.models import Finding, Severity
from slots.estimate_quality import recent_quality
from slots.models import JobRun, LicencePool, Slot, SlotState

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


class PoolCollector:
    """The pools' numbers for Prometheus, read at each scrape."""

    def collect(self) -> Iterator[Metric]:
        """Yield slots by pool and state, waiting people by pool, and the age of each job."""
        slots = GaugeMetricFamily("ium_slots", "Slots by state.", labels=["pool", "state"])
        limit = GaugeMetricFamily("ium_slot_limit", "Slots given out at most.", labels=["pool"])
        waiting = GaugeMetricFamily("ium_waiting", "People waiting.", labels=["pool"])
        now = clock.now()
        used = {
            (row["pool"], row["state"]): row["number"]
            for row in Slot.objects.values("pool", "state").annotate(number=Count("pk"))
        }
        for pool in LicencePool.objects.order_by("pk"):
            limit.add_metric([pool.key], pool.slot_count)
            waiting.add_metric([pool.key], pool.entries.alive(now).count())
            for state in SlotState.values:
                slots.add_metric([pool.key, state], used.get((pool.pk, state), 0))
        yield from (slots, limit, waiting, _job_ages(), _sites(), *_estimates())


def _job_ages() -> Metric:
    ages = GaugeMetricFamily(
        "ium_job_success_timestamp_seconds", "When a job last succeeded.", labels=["job"]
    )
    for run in JobRun.objects.exclude(finished_at=None):
        if run.finished_at is not None:
            ages.add_metric([run.name], run.finished_at.timestamp())
    return ages


def _estimates() -> tuple[Metric, Metric]:
    """Return how good the expected waits of the last seven days were; nothing for a pool without any."""
    error = GaugeMetricFamily(
        "ium_wait_estimate_error_ratio",
        "Median relative error of the expected waits of the last 7 days.",
        labels=["pool"],
    )
    inside = GaugeMetricFamily(
        "ium_wait_estimate_inside_ratio",
        "Share of true waits inside the range shown, of the last 7 days.",
        labels=["pool"],
    )
    for pool in LicencePool.objects.order_by("pk"):
        if quality := recent_quality(pool, clock.now()):
            error.add_metric([pool.key], quality.median_error)
            inside.add_metric([pool.key], quality.inside)
    return error, inside


def _sites() -> Metric:
    up = GaugeMetricFamily("ium_jira_up", "Whether Jira can be used.", labels=["site"])
    for site in Site.objects.defer("org_key", "second_org_key", "api_token").order_by("pk"):
        up.add_metric([site.name], 0 if site.is_down else 1)
    return up


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with Prometheus' text form."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PoolCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
