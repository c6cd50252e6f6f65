"""A real simulated Jira over HTTP, a real database, and no worker: tests play the workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jira_sync.client.pace import PROCESS_PACE
from tests.conftest import Now
from tests.jira_sync.sync.world import World
from tests.simulator.process import SimulatorProcess, running


@pytest.fixture(scope="session")
def sync_simulator() -> Iterator[SimulatorProcess]:
    """One simulated Jira for all tests of a process."""
    with running("--delay", "0", "--people", "100") as process:
        yield process


@pytest.fixture
def sim(sync_simulator: SimulatorProcess) -> SimulatorProcess:
    """A fresh organisation that does not limit rates."""
    sync_simulator.order("reset", people=100, bucket=1_000_000)
    return sync_simulator


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What workers were told after a commit: there is no broker."""
    sent: list[tuple[str, int]] = []

    def note(task: object, key: int, countdown: float) -> None:
        sent.append((getattr(task, "name", "").rpartition(".")[2], key))

    monkeypatch.setattr("jira_sync.sync.waking.send", note)
    monkeypatch.setattr("jira_sync.glass.waking.send", note)
    return sent


@pytest.fixture(autouse=True)
def full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own pace has tests of its own."""
    monkeypatch.setattr(PROCESS_PACE, "wait", lambda _lane: None)


@pytest.fixture(autouse=True)
def one_call_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the test's own thread: the database of a test is not seen by others. `side_by_side` has tests of its own."""
    monkeypatch.setattr("jira_sync.sync.calls.CALLS_AT_ONCE", 1)


@pytest.fixture
def world(db: None, sim: SimulatorProcess, utc_now: Now) -> World:
    """A pool with an empty user group, and no source group yet."""
    return World(sim, utc_now)


@pytest.fixture
def committed(transactional_db: None, sim: SimulatorProcess, utc_now: Now) -> World:
    """The same, seen by other threads too."""
    return World(sim, utc_now)
