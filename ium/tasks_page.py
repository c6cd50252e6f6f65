"""What runs by itself: when it ran, how long that took, what is overdue, and who does the work."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

from ium.lib import clock
from ium.lib.admin import ModelAdmin
from ium.lib.counting import no_retry, redis_url
from ium.lib.spans import relative, span
from ium.schedule import JOBS
from slots.models import JobRun

QUEUES = ("celery", "jira")
# Jobs of each queue start at least every 10 s: a queue whose last start is older has no worker.
WORKER_SILENT = timedelta(seconds=60)
# A run may be late by so much before it is called overdue.
PATIENCE = timedelta(seconds=30)
BROKER_PATIENCE = 0.5
LEASE = "ium:beat"
# Every job of IUM may run twice, late, and at once (slots/tasks.py): all of them may be started by hand.
STARTABLE = frozenset(job.task for job in JOBS)
# A task that notes its work under other names than its own.
OTHER_NAMES = {"slots.tasks.notices": ("wait_watch", "notices_send")}


@dataclass(frozen=True, slots=True)
class Row:
    """One periodic task, as the page shows it."""

    task: PeriodicTask
    runs: list[JobRun]
    last: datetime | None
    next: datetime | None
    at: datetime

    @property
    def state(self) -> tuple[str, str]:
        """A word for the colour, and one for people."""
        failures = max((run.failures for run in self.runs), default=0)
        if not self.task.enabled:
            return "off", _("switched off")
        if failures:
            return "refused", _("failures in a row: %(number)s") % {"number": failures}
        if self.overdue:
            return "paused", self.overdue
        if self.last is None:
            return "off", _("has not run yet")
        return "ok", _("works")

    @property
    def overdue(self) -> str:
        """By how much it is late, in words; empty when it is not."""
        if not self.task.enabled or self.next is None or self.at <= self.next + PATIENCE:
            return ""
        return _("overdue by %(time)s") % {"time": span((self.at - self.next).total_seconds())}

    @property
    def plan(self) -> str:
        """How often it runs."""
        return str(self.task.interval or self.task.crontab or "-")

    @property
    def last_told(self) -> str:
        """How long ago it started last."""
        return relative(self.last, self.at)

    @property
    def next_told(self) -> str:
        """When it starts next."""
        return relative(self.next, self.at) if self.task.enabled and self.next else "-"

    @property
    def past(self) -> list[dict[str, Any]]:
        """The last runs, newest first."""
        entries = [entry for run in self.runs for entry in run.recent or []]
        told = [{**entry, "at": parse_datetime(entry["at"])} for entry in entries]
        return sorted(told, key=lambda entry: entry["at"], reverse=True)

    @property
    def lasts(self) -> str:
        """How long the last runs took: the usual and the longest one."""
        seconds = sorted(entry["seconds"] for entry in self.past)
        if not seconds:
            return "-"
        return _("%(middle).2f s, at most %(most).2f s") % {
            "middle": seconds[len(seconds) // 2],
            "most": seconds[-1],
        }

    @property
    def failed(self) -> int:
        """How many of the last runs failed."""
        return sum(bool(entry["error"]) for entry in self.past)

    @property
    def can_start(self) -> bool:
        """Whether it is one of IUM's own."""
        return self.task.task in STARTABLE


def tasks_page(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Show the tasks; a POST with the number of one starts it at once, through its queue as always."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    may_start = page.has_change_permission(request)
    if request.method == "POST":
        if not may_start:
            raise PermissionDenied
        _start(page, request)
        return HttpResponseRedirect(reverse("admin:ium_tasks"))
    at = clock.now()
    runs = {run.name: run for run in JobRun.objects.all()}
    tasks = PeriodicTask.objects.select_related("interval", "crontab").order_by("name")
    rows = [_row(task, runs, at) for task in tasks]
    context = {
        **page.admin_site.each_context(request),
        "title": _("Tasks"),
        "at": at,
        "address": reverse("admin:ium_tasks"),
        "rows": rows,
        "overdue": [row for row in rows if row.overdue],
        "queues": queues(rows, at),
        "beat": beat(rows, at),
        "may_start": may_start,
    }
    return TemplateResponse(request, "admin/ium/tasks.html", context)


def _row(task: PeriodicTask, runs: Mapping[str, JobRun], at: datetime) -> Row:
    names = OTHER_NAMES.get(task.task, (task.task.rpartition(".")[2],))
    found = [runs[name] for name in names if name in runs]
    moments = [task.last_run_at, *(run.started_at for run in found)]
    last = max((moment for moment in moments if moment is not None), default=None)
    return Row(task, found, last, _next(task, last), at)


def _next(task: PeriodicTask, last: datetime | None) -> datetime | None:
    """Return when it should start next; for a time of the day by Celery's own reckoning."""
    if last is None:
        return None
    if task.interval is not None:
        every: timedelta = task.interval.schedule.run_every
        return last + every
    # In the schedule's own time zone: 2 o'clock is not the same moment everywhere.
    start, delta, _now = task.schedule.remaining_delta(last)
    found: datetime = start + delta
    return found


def _start(page: ModelAdmin, request: HttpRequest) -> None:
    task = PeriodicTask.objects.filter(pk=_number(request.POST.get("task"))).first()
    if task is None or task.task not in STARTABLE:
        page.message_user(request, _("This task cannot be started here."), messages.ERROR)
        return
    queue = {"queue": task.queue} if task.queue else {}
    try:
        current_app.send_task(task.task, expires=60, **queue)
    except OperationalError:
        text = _(
            "The broker does not answer: nothing was started. Periodic tasks go on by themselves."
        )
        page.message_user(request, text, messages.ERROR)
        return
    text = _("%(task)s was started; the result is here in a moment.") % {"task": task.name}
    page.message_user(request, text, messages.SUCCESS)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


# --- who does the work ---


def queues(rows: Iterable[Row], at: datetime) -> list[dict[str, Any]]:
    """Return for each queue how many tasks wait in it, and whether a worker takes them."""
    lengths = _lengths()
    found = []
    for name in QUEUES:
        started = [
            run.started_at
            for row in rows
            if (row.task.queue or QUEUES[0]) == name
            for run in row.runs
            if run.started_at is not None
        ]
        last = max(started, default=None)
        found.append({
            "name": name, "waiting": lengths.get(name), "last": relative(last, at),
            "works": last is not None and at - last <= WORKER_SILENT,
        })  # fmt: skip
    return found


def _client() -> Redis:
    return Redis.from_url(
        redis_url(settings.REDIS_URL),
        socket_connect_timeout=BROKER_PATIENCE,
        socket_timeout=BROKER_PATIENCE,
        retry=no_retry(),
    )


def _lengths() -> dict[str, int]:
    """Return how many tasks wait in each queue; nothing while the broker is away."""
    try:
        with _client() as client:
            return {name: int(client.llen(name)) for name in QUEUES}
    except (RedisError, OSError):
        return {}


def beat(rows: Iterable[Row], at: datetime) -> dict[str, Any]:
    """Return when something was planned last, and whether a Beat holds the lease (of several, one plans)."""
    frequent = [row for row in rows if row.task.enabled and row.task.interval is not None]
    last = max((row.last for row in frequent if row.last is not None), default=None)
    works = last is not None and at - last <= WORKER_SILENT
    return {"last": relative(last, at), "works": works, "lease": _lease()}


def _lease() -> str:
    try:
        with _client() as client:
            left = int(client.pttl(LEASE))
    except (RedisError, OSError):
        return _("unknown: the broker does not answer")
    if left <= 0:
        return _("none: this installation has one Beat without a stand-in, or none runs")
    return _("held by one Beat; a stand-in would take over within %(seconds)s s") % {
        "seconds": left // 1000 + 3
    }
