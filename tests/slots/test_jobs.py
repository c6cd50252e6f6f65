"""Periodic jobs: what they note, and that one pool's failure does not stop the others."""

from datetime import datetime

import pytest

from slots import tasks
from slots.models import JobRun, LicencePool, SlotState
from slots.services import job_run
from tests.conftest import Now
from tests.factories import holder, minutes, slot_of, trusted

pytestmark = pytest.mark.django_db


def test_a_run_notes_start_success_and_changes(
    pool: LicencePool, single: LicencePool, utc_now: Now
) -> None:
    assert job_run(name="count", step=lambda _pool, _at: 2) == 4
    run = JobRun.objects.get(name="count")
    assert (run.started_at, run.finished_at, run.changed, run.failures) == (
        utc_now.at,
        utc_now.at,
        4,
        0,
    )


def test_a_pool_that_fails_does_not_stop_the_others(
    pool: LicencePool, single: LicencePool, utc_now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    done = []

    def step(pool_id: int, _: datetime) -> int:
        if pool_id == pool.pk:
            raise ValueError("broken")
        done.append(pool_id)
        return 1

    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            job_run(name="count", step=step)
    run = JobRun.objects.get(name="count")
    assert (done, run.finished_at, run.failures) == ([single.pk] * 2, None, 2)
    assert run.error == "ValueError: broken"
    assert "Job count failed" in caplog.text
    job_run(name="count", step=lambda _pool, _at: 0)
    run.refresh_from_db()
    assert (run.finished_at, run.failures, run.error) == (utc_now.at, 0, "")


def test_warning_sweep_and_upkeep_work_together_on_their_own(
    pool: LicencePool, at: datetime, utc_now: Now
) -> None:
    ann = holder(pool, at)
    for minute in (59, 60):
        utc_now.at = at + minutes(minute)
        trusted(utc_now.at)
        tasks.sweep_warn()
        tasks.sweep()
        tasks.upkeep()
    assert slot_of(ann).state == SlotState.REVOKING
    assert set(JobRun.objects.values_list("name", flat=True)) == {"sweep", "sweep_warn", "upkeep"}
