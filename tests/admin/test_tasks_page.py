"""The page of tasks: when they ran, what is overdue, who works, and starting one by hand."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError
from redis import ConnectionError as RedisAway

from ium.schedule import JOBS, schedules_ensure
from slots.models import JobRun, LicencePool
from slots.services import job_run
from slots.services.jobs import RUNS_KEPT
from tests.admin.conftest import signed_in, staff
from tests.factories import AT

pytestmark = pytest.mark.django_db


class Broker:
    """A broker with queues and a lease."""

    def __enter__(self) -> "Broker":
        return self

    def __exit__(self, *_: Any) -> None:
        return None

    def llen(self, name: str) -> int:
        """Return how many wait."""
        return {"celery": 3, "jira": 71}[name]

    def pttl(self, _name: str) -> int:
        """Return how long the lease lasts."""
        return 12_345


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer as a broker does."""
    monkeypatch.setattr("ium.tasks_page._client", Broker)


@pytest.fixture(autouse=True)
def schedules(db: None) -> None:
    """Return the schedules of an installation, all of them in time."""
    PeriodicTask.objects.all().delete()
    schedules_ensure()
    PeriodicTask.objects.update(last_run_at=AT - timedelta(seconds=4))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The tasks that were sent."""
    found: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "ium.tasks_page.current_app.send_task", lambda name, **how: found.append((name, how))
    )
    return found


def page(client: Client) -> str:
    """Return the page."""
    answer = client.get(reverse("admin:ium_tasks"))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def start(client: Client, name: str) -> Any:
    """Press "Run now"."""
    task = PeriodicTask.objects.get(name=name)
    return client.post(reverse("admin:ium_tasks"), {"task": task.pk}, follow=True)


def test_every_task_is_there_and_nothing_is_overdue(boss: Client) -> None:
    text = page(boss)
    for job in JOBS:
        assert job.name in text
    assert "overdue" not in text
    assert "71" in text
    assert "take over within 15 s" in text


def test_what_is_overdue_is_said_in_words(boss: Client) -> None:
    PeriodicTask.objects.filter(name="Sweep").update(last_run_at=AT - timedelta(seconds=130))
    assert "Sweep is overdue by 2 min" in page(boss)
    PeriodicTask.objects.filter(name="Sweep").update(enabled=False)
    text = page(boss)
    assert "overdue" not in text
    assert "switched off" in text


def test_a_task_that_never_ran_is_not_said_to_work(boss: Client) -> None:
    PeriodicTask.objects.filter(name="Sweep").update(last_run_at=None)
    assert "has not run yet" in page(boss)


def test_a_daily_task_is_overdue_after_its_hour(boss: Client) -> None:
    PeriodicTask.objects.filter(name="Old sessions").update(last_run_at=AT - timedelta(hours=26))
    assert "Old sessions is overdue" in page(boss)


def test_runs_are_remembered_with_duration_and_failure_and_only_the_last_ones(
    boss: Client, pool: LicencePool
) -> None:
    for _ in range(RUNS_KEPT + 3):
        job_run(name="sweep", step=lambda *_: 2)
    with pytest.raises(ValueError, match="no such thing"):
        job_run(name="sweep", step=lambda *_: _fail())

    run = JobRun.objects.get(name="sweep")
    assert run.recent is not None
    assert len(run.recent) == RUNS_KEPT
    assert run.recent[0]["error"] == "ValueError: no such thing"
    assert run.recent[1]["changed"] == 2
    text = page(boss)
    assert f"{RUNS_KEPT}, failed: 1" in text
    assert "failures in a row: 1" in text
    assert "no such thing" in text


def _fail() -> int:
    raise ValueError("no such thing")


def test_a_queue_without_a_worker_is_silent(boss: Client) -> None:
    JobRun.objects.create(name="sweep", started_at=AT - timedelta(seconds=3))
    JobRun.objects.create(name="probe", started_at=AT - timedelta(seconds=300))
    text = page(boss)
    first, second = text.index("worker of the queue celery"), text.index("worker of the queue jira")
    assert "works" in text[first:second]
    assert "silent" in text[second : second + 300]


def test_a_task_is_started_through_its_own_queue(boss: Client, sent: list[Any]) -> None:
    answer = start(boss, "Reconciler")
    assert sent == [("jira_sync.tasks.reconcile", {"expires": 60, "queue": "jira"})]
    assert "Reconciler was started" in answer.content.decode()


def test_only_tasks_of_ium_can_be_started(boss: Client, sent: list[Any]) -> None:
    PeriodicTask.objects.filter(name="Sweep").update(task="celery.backend_cleanup")
    assert "cannot be started here" in start(boss, "Sweep").content.decode()
    for wrong in ("", "x", "9999999", "1" * 30):
        boss.post(reverse("admin:ium_tasks"), {"task": wrong})
    assert sent == []


def test_who_may_only_look_cannot_start(sent: list[Any]) -> None:
    viewer = signed_in(staff("vera", "django_celery_beat.view_periodictask"))
    assert "Run now" not in page(viewer)
    assert start(viewer, "Sweep").status_code == 403
    assert sent == []


def test_without_the_right_there_is_no_page(stranger: Client) -> None:
    assert stranger.get(reverse("admin:ium_tasks")).status_code == 403


def test_without_a_broker_the_page_works_and_says_so(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    def refused() -> None:
        raise RedisAway("away")

    monkeypatch.setattr("ium.tasks_page._client", refused)
    monkeypatch.setattr("ium.tasks_page.current_app.send_task", away)
    assert "unknown: the broker does not answer" in page(boss)
    assert "nothing was started" in start(boss, "Sweep").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_tasks(boss: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            page(boss)
        return len(found)

    page(boss)
    before = queries()
    for number in range(5):
        JobRun.objects.create(name=f"job-{number}", started_at=AT)
    PeriodicTask.objects.create(
        name="More", task="x.y", interval=PeriodicTask.objects.get(name="Sweep").interval
    )
    assert queries() == before <= 6
