"""Jira's answer times, from real calls to the simulated Jira to the rows and their chart."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError

from ium.directory.models import Site
from ium.usage.charts import answers
from ium.usage.models import CallTime
from ium.usage.recording import calls
from ium.usage.recording.calls import call_times_write
from jira_sync.call_times import PROCESS_CALLS, CallTimes
from jira_sync.client.errors import JiraError
from jira_sync.connections import directory_of
from jira_sync.simulator import credentials
from tests import factories
from tests.simulator.process import SimulatorProcess, running
from tests.usage.charts.made import scope

HOUR = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    """A simulated Jira."""
    with running("--delay", "0") as process:
        yield process


@pytest.fixture
def site(db: None, simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site of the simulated Jira, and a process that noted nothing yet, on a Monday in November."""
    monkeypatch.setattr("ium.lib.clock.now", lambda: HOUR + timedelta(minutes=20))
    PROCESS_CALLS.take()
    found = credentials.printable()
    created: Site = factories.SiteFactory.create(
        url=simulator.url,
        api_url=simulator.url,
        cloud_id=found["cloud_id"],
        org_id=found["org_id"],
        directory_id=found["directory_id"],
        org_key=found["org_key"],
    )
    return created


def noted(site: Site, *lengths: float, status: int = 200) -> CallTimes:
    """Return sums of their own with calls of these lengths."""
    times = CallTimes()
    for seconds in lengths:
        times.note(site.pk, "GET /x", status, seconds)
    return times


def test_calls_to_jira_are_rows_by_hour_and_shown_by_the_chart(
    site: Site, simulator: SimulatorProcess
) -> None:
    pool = factories.PoolFactory.create(site=site)
    directory = directory_of(site)
    directory.find_group(name="no such group")
    simulator.order("faults", match={}, kind="status", status=403, times=1)
    with pytest.raises(JiraError):
        directory.find_group(name="no such group")

    assert call_times_write() > 0

    rows = CallTime.objects.filter(site=site)
    assert {row.hour for row in rows} == {HOUR}
    assert all(sum(row.buckets) == row.count for row in rows)
    assert all(0 < row.seconds_max <= row.seconds_sum < 60 for row in rows)
    assert sum(row.failed for row in rows) == 1
    number = sum(row.count for row in rows)
    day = HOUR.date()
    assert answers.chart(scope(pool, first=day, last=day)).summary.startswith(
        f"{number} calls took"
    )
    assert call_times_write() == 0


def test_what_several_processes_write_is_added_up(site: Site) -> None:
    call_times_write(noted(site, 0.1, 3.0))
    call_times_write(noted(site, 0.3, status=503))
    row = CallTime.objects.get()
    assert (row.count, row.failed, row.seconds_max) == (3, 1, 3.0)
    assert row.seconds_sum == pytest.approx(3.4)
    assert row.buckets == [1, 0, 1, 0, 0, 1, 0, 0]


def test_sums_that_could_not_be_written_are_written_later(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = noted(site, 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(calls, "_add", _away)
        with pytest.raises(DatabaseError):
            call_times_write(times)
    times.note(site.pk, "GET /x", 200, 0.2)
    call_times_write(times)
    assert CallTime.objects.get().count == 2


def test_calls_to_a_site_that_was_removed_are_dropped(site: Site) -> None:
    times = noted(site, 0.2)
    site.delete()
    assert call_times_write(times) == 0


def test_threads_lose_no_call() -> None:
    times = CallTimes()

    def call() -> None:
        for _ in range(500):
            times.note(1, "GET /x", 200, 0.2)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.count for each in times.take().values()] == [4000]


def test_a_writing_costs_a_fixed_number_of_statements(
    site: Site, django_assert_num_queries: Any
) -> None:
    times = CallTimes()
    for number in range(30):
        times.note(site.pk, f"GET /{number}", 200, 0.2)
    with django_assert_num_queries(6):  # two of them begin and end the inner part
        call_times_write(times)


def test_a_program_that_serves_writes_at_its_end(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_end: list[Callable[[], None]] = []
    monkeypatch.setattr(calls, "Finalize", lambda _of, do, exitpriority: at_the_end.append(do))
    monkeypatch.setattr(threading.Thread, "start", lambda _thread: None)
    # The test's own connection is used, and stays open.
    monkeypatch.setattr(calls, "close_old_connections", lambda: None)
    monkeypatch.setattr(calls, "connection", _Kept())
    calls.begin()
    PROCESS_CALLS.note(site.pk, "GET /x", 200, 0.2)
    (write,) = at_the_end
    write()
    assert CallTime.objects.get().count == 1


class _Kept:
    def close(self) -> None:
        """Stay open."""


def _away(_sums: object) -> int:
    raise DatabaseError("away")
