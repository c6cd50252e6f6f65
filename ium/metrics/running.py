"""How IUM itself runs: jobs, tasks that wait, intake of activity, notices, findings."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Count
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis import Redis, RedisError

from activity.models import Intake, Receiver
from activity.services import intake_is_trusted
from ium.lib import clock
from ium.lib.counting import redis_url
from jira_sync.models import Finding, Severity
from slots.models import JobRun, Notice

QUEUES = (settings.CELERY_TASK_DEFAULT_QUEUE, "jira")
BROKER_SECONDS = 1


class RunningCollector:
    """Jobs, queues, intake and what administrators should know."""

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers of this installation."""
        now = clock.now()
        info = GaugeMetricFamily("ium_info", "The version that runs.", labels=["version"])
        info.add_metric([settings.VERSION], 1)
        yield info
        yield from _jobs(now)
        yield from _intake(now)
        yield from _told()
        yield from _broker()


def _jobs(now: datetime) -> Iterator[Metric]:
    success = GaugeMetricFamily(
        "ium_job_success_timestamp_seconds", "When a job last succeeded.", labels=["job"]
    )
    runs = CounterMetricFamily("ium_job_runs", "Runs of a job.", labels=["job"])
    failures = CounterMetricFamily("ium_job_failures", "Failed runs of a job.", labels=["job"])
    seconds = CounterMetricFamily("ium_job_seconds", "Seconds that a job ran.", labels=["job"])
    in_a_row = GaugeMetricFamily(
        "ium_job_failures_in_a_row", "Failed runs since the last success.", labels=["job"]
    )
    ages = {
        "sweep": GaugeMetricFamily("ium_sweep_age_seconds", "Since the last sweep that worked."),
        "reconcile": GaugeMetricFamily(
            "ium_reconcile_age_seconds", "Since the last comparison with Jira that worked."
        ),
    }
    for run in JobRun.objects.order_by("name"):
        runs.add_metric([run.name], run.runs_total)
        failures.add_metric([run.name], run.failures_total)
        seconds.add_metric([run.name], run.seconds_total)
        in_a_row.add_metric([run.name], run.failures)
        if run.finished_at is not None:
            success.add_metric([run.name], run.finished_at.timestamp())
            if run.name in ages:
                ages[run.name].add_metric([], (now - run.finished_at).total_seconds())
    yield from (success, runs, failures, seconds, in_a_row, *ages.values())


def _intake(now: datetime) -> Iterator[Metric]:
    """Yield whether activity can be received: without that nothing is taken from anybody."""
    trusted = GaugeMetricFamily(
        "ium_activity_trusted", "Whether activity can be received, so that slots may be taken."
    )
    trusted.add_metric([], float(intake_is_trusted(at=now)))
    receivers = GaugeMetricFamily("ium_activity_receivers", "Web processes that collect activity.")
    receivers.add_metric([], Receiver.objects.count())
    seen = GaugeMetricFamily(
        "ium_activity_intake_timestamp_seconds", "When activity could last be received."
    )
    gap = GaugeMetricFamily("ium_activity_last_gap_seconds", "Length of the last gap.")
    for intake in Intake.objects.all():
        seen.add_metric([], intake.seen_at.timestamp())
        gap.add_metric([], intake.gap_seconds)
    yield from (trusted, receivers, seen, gap)


def _told() -> Iterator[Metric]:
    unsent = GaugeMetricFamily("ium_notices_unsent", "Messages to administrators on the way.")
    unsent.add_metric([], Notice.objects.unsent().count())
    given_up = GaugeMetricFamily("ium_notices_given_up", "Messages that could not be sent.")
    given_up.add_metric([], Notice.objects.exclude(given_up_at=None).count())
    findings = GaugeMetricFamily(
        "ium_findings", "Findings of the configuration check.", labels=["severity"]
    )
    rows = Finding.objects.current().order_by().values_list("severity")
    found = dict(rows.annotate(number=Count("pk")))
    for severity in Severity.values:
        findings.add_metric([severity], found.get(severity, 0))
    yield from (unsent, given_up, findings)


def _broker() -> Iterator[Metric]:
    """Yield how many tasks wait; without a broker that it is away, and nothing else."""
    up = GaugeMetricFamily("ium_broker_up", "Whether the broker answers.")
    lengths = GaugeMetricFamily("ium_task_queue_length", "Tasks that wait.", labels=["queue"])
    client = Redis.from_url(
        redis_url(settings.REDIS_URL),
        socket_connect_timeout=BROKER_SECONDS,
        socket_timeout=BROKER_SECONDS,
    )
    try:
        for queue in QUEUES:
            lengths.add_metric([queue], float(client.llen(queue)))
        up.add_metric([], 1)
    except RedisError:
        up.add_metric([], 0)
    finally:
        client.close()
    yield from (up, lengths)
