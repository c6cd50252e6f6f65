"""What a web process does once a second."""

import os
import time

import pytest

from ium.lib import ticker as module
from ium.lib.ticker import Ticker


@pytest.fixture
def ticker(monkeypatch: pytest.MonkeyPatch) -> Ticker:
    """A ticker in a hurry."""
    monkeypatch.setattr(module, "SECONDS", 0.01)
    monkeypatch.setattr(module, "close_old_connections", lambda: None)
    return Ticker()


def wait_for(counted: list[int], number: int) -> None:
    """Wait until a job ran so often."""
    deadline = time.monotonic() + 5
    while len(counted) < number:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_jobs_run_again_and_again_and_a_last_time_at_the_end(ticker: Ticker) -> None:
    ran: list[int] = []
    ended: list[int] = []
    ticker.add(lambda: ran.append(1), at_end=lambda: ended.append(len(ran)))
    assert not ticker.is_running
    ticker.start()
    wait_for(ran, 3)
    assert ticker.is_running
    before = len(ran)
    ticker.stop()
    assert len(ran) > before
    assert ended == [len(ran)]
    ticker.stop()
    assert ended == [len(ran)]
    assert not ticker.is_running


def test_a_job_that_fails_is_told_and_holds_up_nothing(
    ticker: Ticker, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[int] = []
    ticker.add(lambda: 1 / 0)  # type: ignore[arg-type]
    ticker.add(lambda: ran.append(1))
    ticker.round()
    assert ran == [1]
    assert "ZeroDivisionError" in caplog.text


def test_a_ticker_that_hangs_counts_as_none(
    ticker: Ticker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticker._pid = os.getpid()
    ticker.round()
    assert ticker.is_running
    now = time.monotonic()
    monkeypatch.setattr("ium.lib.ticker.time.monotonic", lambda: now + 5.1)
    assert not ticker.is_running


def test_a_forked_process_has_no_ticker_until_it_starts_its_own(ticker: Ticker) -> None:
    ran: list[int] = []
    ticker.add(lambda: ran.append(1))
    ticker.start()
    wait_for(ran, 1)
    ticker._pid = os.getpid() + 1  # what a fork finds
    assert not ticker.is_running
    before = len(ran)
    ticker.stop()  # ends nothing that is not its own
    assert ticker._stop.is_set() is False
    ticker.start()
    wait_for(ran, before + 2)
    assert ticker.is_running
    ticker.stop()
