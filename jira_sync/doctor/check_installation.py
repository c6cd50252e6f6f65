"""Checks of the installation: do Beat and the workers run, does activity arrive, can mail be sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_celery_beat.models import PeriodicTask

from activity.models import Intake
from activity.services import GAP
from jira_sync.client.addresses import is_loopback
from jira_sync.doctor.facts import InstallationFacts
from jira_sync.doctor.registry import NotCheckedError, Problem, check
from jira_sync.models import Severity
from slots.models import JobRun

# Jobs that run every few seconds, by the queue their worker serves.
FREQUENT_JOBS = {
    "celery": ("sweep", "sweep_warn", "upkeep"),
    "jira": ("carry_out_unfinished", "probe"),
}
WORKER_SILENT = timedelta(minutes=2)
BEAT_SILENT = timedelta(minutes=10)  # Beat writes down what it did every three minutes
SWEEP_STALE = timedelta(minutes=2)
RECONCILE_STALE = timedelta(minutes=30)  # six runs
NO_MAIL = ("console.EmailBackend", "dummy.EmailBackend")


@check("no_beat", "installation")
def no_beat(facts: InstallationFacts) -> Iterator[Problem]:
    """Nothing starts the periodic jobs."""
    if not _beat_runs(facts.at):
        yield Problem(
            severity=Severity.ERROR,
            what=_("Celery Beat does not run: no periodic job was started lately."),
            why=_("Nobody is warned, no slot is taken, and what got lost is not found again."),
            fix=_("Start Celery Beat (./ium.sh up does); exactly one per installation."),
        )


@check("no_worker", "installation")
def no_worker(facts: InstallationFacts) -> Iterator[Problem]:
    """A queue that nobody works on. Without Beat nothing can be said about workers."""
    if not _beat_runs(facts.at):
        raise NotCheckedError
    for queue in FREQUENT_JOBS:
        if not _worked(queue, facts.at):
            yield Problem(
                severity=Severity.ERROR,
                subject=queue,
                what=_("No Celery worker serves the queue “%(queue)s”.") % {"queue": queue},
                why=_("Jira is not changed: no slot is given or taken.")
                if queue == "jira"
                else _("Nobody is warned and no slot is taken."),
                fix=_("Start a worker for it: celery -A ium worker -Q %(queue)s")
                % {"queue": queue},
            )


@check("sweep_stale", "installation")
def sweep_stale(facts: InstallationFacts) -> Iterator[Problem]:
    """A sweep that has not succeeded for a while."""
    if text := _stale("sweep", SWEEP_STALE, facts.at):
        yield Problem(
            severity=Severity.ERROR,
            subject="sweep",
            what=_("The sweep does not work: %(text)s") % {"text": text},
            why=_("Inactive people keep their slots while others wait."),
            fix=_("Look at the jobs page and at the log of the worker."),
        )


@check("reconcile_stale", "installation")
def reconcile_stale(facts: InstallationFacts) -> Iterator[Problem]:
    """A comparison with Jira that has not succeeded for a while."""
    if text := _stale("reconcile", RECONCILE_STALE, facts.at):
        yield Problem(
            severity=Severity.WARNING,
            subject="reconcile",
            what=_("IUM has not compared its slots with Jira: %(text)s") % {"text": text},
            why=_("What somebody changes in the access group by hand stays unnoticed."),
            fix=_("Look at the jobs page; the connection to Jira or a worker may be missing."),
        )


@check("intake_stale", "installation")
def intake_stale(facts: InstallationFacts) -> Iterator[Problem]:
    """Activity that cannot be received."""
    intake = Intake.objects.filter(pk=1).first()
    if intake is None or facts.at - intake.seen_at > GAP:
        since = _since(intake.seen_at if intake else None, facts.at)
        yield Problem(
            severity=Severity.WARNING,
            what=_("IUM cannot see that activity arrives: %(since)s") % {"since": since},
            why=_("Nobody loses a slot meanwhile, so people who wait may wait for long."),
            fix=_("Check that the worker reaches the web server (IUM_SELF_URL) and Beat runs."),
        )


@check("no_mail_server", "installation")
def no_mail_server(facts: InstallationFacts) -> Iterator[Problem]:
    """No server that would send mail."""
    if settings.EMAIL_BACKEND.endswith(NO_MAIL):
        yield Problem(
            severity=Severity.NOTICE,
            what=_("No mail server is set: mail goes to the log only."),
            why=_("Nobody is told when a key ends or something else goes wrong."),
            fix=_("Set EMAIL_URL, for example smtp+tls://user:password@mail.example.com:587"),
        )


@check("ium_without_tls", "installation")
def ium_without_tls(facts: InstallationFacts) -> Iterator[Problem]:
    """IUM itself without https."""
    if not settings.IUM_URL.startswith("https://") and not is_loopback(settings.IUM_URL):
        yield Problem(
            severity=Severity.WARNING,
            what=_("People reach IUM at %(url)s, without https.") % {"url": settings.IUM_URL},
            why=_("Sign-ins and device tokens travel readably."),
            fix=_("Put IUM behind https and set IUM_URL to the https address."),
        )


def _beat_runs(at: datetime) -> bool:
    """Tell whether Beat runs: it says so itself, or a job that only Beat starts was started."""
    if any(_worked(queue, at) for queue in FREQUENT_JOBS):
        return True
    seen = PeriodicTask.objects.aggregate(last=Max("last_run_at"))["last"]
    return seen is not None and at - seen <= BEAT_SILENT


def _worked(queue: str, at: datetime) -> bool:
    started = JobRun.objects.filter(name__in=FREQUENT_JOBS[queue], started_at__isnull=False)
    return started.filter(started_at__gte=at - WORKER_SILENT).exists()


def _stale(job: str, limit: timedelta, at: datetime) -> str:
    """Say since when a job has not succeeded and why; nothing when it is well."""
    run = JobRun.objects.filter(name=job).first()
    if run and run.finished_at and at - run.finished_at <= limit:
        return ""
    since = _since(run.finished_at if run else None, at)
    return f"{since} {run.error}".strip() if run else since


def _since(moment: datetime | None, at: datetime) -> str:
    if moment is None:
        return _("it never worked.")
    minutes = int((at - moment).total_seconds() // 60)
    text = ngettext(
        "it last worked %(minutes)d minute ago.", "it last worked %(minutes)d minutes ago.", minutes
    )
    return text % {"minutes": minutes}
