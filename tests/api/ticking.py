"""A web process that collects and remembers, with a ticker that ticks when the test says so."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ium.directory import known
from ium.directory.known import known_devices
from ium.lib.ticker import ticker
from slots import live, snapshot


class Ticking:
    """The ticker of this process, moved by hand."""

    def second(self) -> None:
        """Let a second pass: what was collected is written, what is remembered is read again."""
        for job in (live.snapshots.refresh, live.buffer.flush, known_devices.tick):
            job()
        ticker._ran_at = float("inf")

    def hang(self) -> None:
        """Let the ticker's thread not come back for too long."""
        ticker._ran_at = float("-inf")


@contextmanager
def ticking() -> Iterator[Ticking]:
    """Let this process collect and remember until the block ends."""
    hand = Ticking()
    forget()
    ticker._pid, ticker._ran_at = os.getpid(), float("inf")
    live._receiver._id, live._receiver._noted = None, float("-inf")
    live.buffer.flush()
    try:
        yield hand
    finally:
        ticker._pid, ticker._ran_at = 0, float("-inf")
        forget()


def forget() -> None:
    """Remember nothing of another test."""
    known_devices.forget()
    live.snapshots.forget()
    live.buffer._reports, live.buffer._polls = {}, {}
    live.buffer._closed = False


@pytest.fixture
def ticks(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ticking]:
    """A web process whose ticker moves when the test says so, and whose snapshots last until then."""
    monkeypatch.setattr(snapshot, "FRESH_FOR", 1000.0)
    with ticking() as hand:
        yield hand


@pytest.fixture(params=["usual way", "fast lane"])
def both_ways(
    db: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Call in the usual way, and in the fast lane with a memory that is always fresh and writes at once."""
    if request.param == "usual way":
        yield
        return
    monkeypatch.setattr(snapshot, "FRESH_FOR", 0.0)
    monkeypatch.setattr(known, "BELIEVED_FOR", -1.0)
    for name in ("report", "poll"):
        monkeypatch.setattr(live.buffer, name, _at_once(getattr(live.buffer, name)))
    with ticking():
        yield


def _at_once(take: object) -> object:
    def taken(*values: object) -> bool:
        done: bool = take(*values)  # type: ignore[operator]
        live.buffer.flush()
        return done

    return taken
