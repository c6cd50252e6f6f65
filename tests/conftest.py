"""Fixtures for all tests. Times are explicit, nothing sleeps, and no broker is needed."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slots.eta_facts import forget_timetables
from slots.signals import slot_change_wanted
from tests import factories

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# What a deadline says that was missed: our own `wait_for`, Playwright's actions, its expectations.
TOO_LATE = [r"not within [\d.]+ s", r"Timeout \d+ms exceeded", r"with timeout \d+ms"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the model test come first: it cannot run in a process in which a browser test ran.

    Real browsers and processes share the machine with everything else: a deadline that they miss is tried once more,
    and the summary says so. A wrong outcome is not; nor is anything of `tests/kill`, where lateness is the finding.
    """
    items.sort(key=lambda item: "tests/model/" not in item.nodeid)
    for item in items:
        real = item.get_closest_marker("browser") or item.get_closest_marker("system")
        if real and "tests/kill/" not in item.nodeid:
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=TOO_LATE))


@pytest.fixture(autouse=True)
def _no_timetables() -> None:
    """Forget what this process knows of the pools of other tests."""
    forget_timetables()


@pytest.fixture
def at() -> datetime:
    """The moment tests start from: on the grid of sweeps."""
    return factories.AT


@pytest.fixture
def intake(db: None, at: datetime) -> None:
    """Activity is received: it can be trusted up to `at` (later moments: `factories.trusted`)."""
    factories.trusted(at)


@pytest.fixture
def jira() -> factories.FakeJira:
    """A Jira that carries out what slots want, and counts."""
    return factories.FakeJira()


@pytest.fixture(autouse=True)
def wanted(request: pytest.FixtureRequest) -> Iterator[list[int]]:
    """The slots whose change was signalled after commit. Without a broker: only `system` tests have one."""
    sent: list[int] = []

    def note(*, slot_ids: tuple[int, ...], **_: Any) -> None:
        sent.extend(slot_ids)

    if request.node.get_closest_marker("system"):
        yield sent
        return
    from jira_sync.receivers import send_to_worker

    slot_change_wanted.disconnect(dispatch_uid="jira_sync.send_to_worker")
    slot_change_wanted.connect(note, weak=False, dispatch_uid="tests.note")
    yield sent
    slot_change_wanted.disconnect(dispatch_uid="tests.note")
    slot_change_wanted.connect(send_to_worker, dispatch_uid="jira_sync.send_to_worker")


@pytest.fixture
def utc_now(monkeypatch: pytest.MonkeyPatch) -> "Now":
    """The clock of views and jobs, set by hand: `utc_now.at = ...`."""
    now = Now(factories.AT)
    monkeypatch.setattr("ium.lib.clock.now", now)
    return now


class Now:
    """A clock that stands still."""

    def __init__(self, at: datetime) -> None:
        """Stand at this moment."""
        self.at = at

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.at


CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """One browser for all tests. Playwright runs an event loop, which Django must be told is harmless."""
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
