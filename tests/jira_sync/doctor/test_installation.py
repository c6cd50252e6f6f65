"""Findings of the installation, and /readyz."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pytest_django import Settings

from ium import health
from ium.schedule import JOBS, schedules_ensure
from jira_sync.doctor.services import check_configuration
from jira_sync.models import Finding, Severity
from slots.models import JobRun
from tests.factories import AT, SiteFactory, minutes, seconds, trusted

pytestmark = pytest.mark.django_db


@pytest.fixture
def _works() -> None:
    """Beat and both workers run, activity arrives."""
    trusted(AT)
    for name in ("sweep", "carry_out_unfinished", "reconcile"):
        JobRun.objects.create(name=name, started_at=AT, finished_at=AT)


def found(at: Any = AT) -> dict[str, Finding]:
    check_configuration(at=at)
    return {finding.code: finding for finding in Finding.objects.current()}


def beat_says(at: Any) -> None:
    interval = IntervalSchedule.objects.create(every=10, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.create(name="any", task="any", interval=interval, last_run_at=at)


@pytest.mark.usefixtures("_works")
def test_nothing_is_found_where_everything_runs() -> None:
    assert found() == {}


def test_before_anything_ran_beat_is_missing() -> None:
    codes = found()
    assert {"no_beat", "sweep_stale", "reconcile_stale", "intake_stale"} == set(codes)
    assert codes["no_beat"].severity == Severity.ERROR
    assert "never worked" in codes["sweep_stale"].what


@pytest.mark.usefixtures("_works")
def test_two_minutes_without_any_job_and_word_from_beat() -> None:
    assert "no_beat" not in found(AT + minutes(2))
    assert "no_beat" in found(AT + minutes(2) + seconds(1))


@pytest.mark.usefixtures("_works")
def test_with_beat_and_without_jobs_the_workers_are_missing() -> None:
    beat_says(AT + minutes(5))
    codes = found(AT + minutes(6))
    assert "no_beat" not in codes
    subjects = Finding.objects.current().filter(code="no_worker").values_list("subject", flat=True)
    assert sorted(subjects) == ["celery", "jira"]


@pytest.mark.usefixtures("_works")
def test_one_queue_without_a_worker_is_found() -> None:
    JobRun.objects.filter(name="sweep").update(started_at=AT + minutes(10))
    finding = found(AT + minutes(10))["no_worker"]
    assert (finding.subject, finding.severity) == ("jira", Severity.ERROR)
    assert "“jira”" in finding.what


@pytest.mark.usefixtures("_works")
def test_a_missing_beat_does_not_end_what_is_known_of_workers() -> None:
    JobRun.objects.filter(name="sweep").update(started_at=AT + minutes(10))
    assert "no_worker" in found(AT + minutes(10))
    assert {"no_beat", "no_worker"} <= set(found(AT + minutes(30)))


@pytest.mark.usefixtures("_works")
def test_a_sweep_that_fails_is_found_with_its_error() -> None:
    JobRun.objects.filter(name="sweep").update(
        started_at=AT + minutes(3), failures=9, error="ValueError: broken"
    )
    finding = found(AT + minutes(3))["sweep_stale"]
    assert "it last worked 3 minutes ago. ValueError: broken" in finding.what
    JobRun.objects.filter(name="sweep").update(finished_at=AT + minutes(4), error="")
    assert "sweep_stale" not in found(AT + minutes(4))


@pytest.mark.usefixtures("_works")
def test_a_comparison_that_stopped_is_found() -> None:
    assert "reconcile_stale" not in found(AT + minutes(30))
    assert "30 minutes ago" in found(AT + minutes(30) + seconds(1))["reconcile_stale"].what


@pytest.mark.usefixtures("_works")
def test_activity_that_cannot_arrive_is_found() -> None:
    assert "intake_stale" not in found(AT + seconds(120))
    assert "intake_stale" in found(AT + seconds(121))


@pytest.mark.usefixtures("_works")
@pytest.mark.parametrize("backend", ["console", "dummy"])
def test_mail_without_a_server_is_found(settings: Settings, backend: str) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert found()["no_mail_server"].severity == Severity.NOTICE


@pytest.mark.usefixtures("_works")
def test_ium_without_https_is_found(settings: Settings) -> None:
    settings.IUM_URL = "http://ium.example.com"
    assert "http://ium.example.com" in found()["ium_without_tls"].what
    settings.IUM_URL = "https://ium.example.com"
    assert found() == {}


def test_readyz_tells_serious_findings_in_one_query(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    for name in ("_database", "_broker", "_sweep", "_jira"):
        monkeypatch.setattr(health, name, lambda: "ok")
    site = SiteFactory.create()
    made = {"site": site, "why": "-", "fix": "-", "first_seen_at": AT, "last_seen_at": AT}
    Finding.objects.create(code="a", severity=Severity.WARNING, what="Soon.", **made)
    Finding.objects.create(code="b", severity=Severity.ERROR, what="Past.", ended_at=AT, **made)
    Finding.objects.create(code="d", severity=Severity.ERROR, what="x", **{**made, "site": None})
    with django_assert_num_queries(1):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["configuration"]) == (200, "ok")
    Finding.objects.create(code="c", severity=Severity.ERROR, what="The key is dead.", **made)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["configuration"].startswith("serious findings: 1;")  # public: no names


def test_the_check_is_scheduled_every_night_and_every_hour() -> None:
    schedules_ensure()
    schedules_ensure()
    night = PeriodicTask.objects.get(task="jira_sync.tasks.check_configuration")
    assert night.crontab is not None
    assert (night.crontab.hour, night.interval) == ("2", None)
    quick = PeriodicTask.objects.get(task="jira_sync.tasks.check_configuration_quickly")
    assert quick.interval is not None
    assert timedelta(seconds=quick.interval.every) == timedelta(hours=1)
    # Beat brings a job of its own.
    assert PeriodicTask.objects.filter(name__in=[job.name for job in JOBS]).count() == len(JOBS)
