"""Reports of activity that wait in this process, for a second at most, to be written together.

Writing each by itself costs 500 µs, together 10 to 20. What is lost when the process is killed is one second of
reports; `slots.services.reports` says why that costs nobody a slot. When writing fails, nothing more is taken in: the
caller writes by itself, and whoever reports learns whether that worked.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from ium.lib.ticker import Ticker

# So many people and products in one second; past that callers write by themselves.
MOST = 100_000
# Seconds without a successful round of writing after which nothing more is taken in.
STALLED_AFTER = 5.0


class Key(NamedTuple):
    """Who was active, and in what."""

    user_id: int
    site_id: int
    product: str


class Report(NamedTuple):
    """When the person was active, when IUM learned of it, and from where."""

    active_at: datetime
    received_at: datetime
    source: str


class Poll(NamedTuple):
    """Whose wait: a queue entry and its pool."""

    pool_id: int
    entry_id: int


class Collected(NamedTuple):
    """What one round writes: reports, and when people who wait asked again."""

    reports: Mapping[Key, Report]
    polls: Mapping[Poll, datetime]


class Buffer:
    """Takes reports in; `flush` hands all of them to `write`. Any thread may call anything."""

    def __init__(self, ticker: Ticker, write: Callable[[Collected], None]) -> None:
        """Take in only while the ticker flushes."""
        self._ticker, self._write = ticker, write
        self._lock = threading.Lock()
        self._reports: dict[Key, Report] = {}
        self._polls: dict[Poll, datetime] = {}
        self._written = float("-inf")
        self._closed = False

    @property
    def is_open(self) -> bool:
        """Whether something taken in now will be written in a second."""
        return (
            not self._closed
            and time.monotonic() - self._written < STALLED_AFTER
            and self._ticker.is_running
        )

    def report(self, key: Key, report: Report) -> bool:
        """Take a report in. False: the caller must write it. Older evidence never replaces newer."""
        with self._lock:
            if not self.is_open or len(self._reports) >= MOST:
                return False
            before = self._reports.get(key)
            if before is None or before.active_at <= report.active_at:
                self._reports[key] = report
            return True

    def poll(self, poll: Poll, at: datetime) -> bool:
        """Note that somebody who waits asked again. False: the caller must write it."""
        with self._lock:
            if not self.is_open or len(self._polls) >= MOST:
                return False
            self._polls[poll] = at
            return True

    def flush(self) -> None:
        """Write what was collected. When that fails it is kept for the next round, and the error raised."""
        with self._lock:
            taken = Collected(self._reports, self._polls)
            self._reports, self._polls = {}, {}
        try:
            self._write(taken)
        except BaseException:
            self._put_back(taken)
            raise
        self._written = time.monotonic()

    def close(self) -> None:
        """Take nothing more in and write what is there: the process ends."""
        with self._lock:
            self._closed = True
        self.flush()

    def _put_back(self, taken: Collected) -> None:
        with self._lock:
            for key, report in taken.reports.items():
                newer = self._reports.get(key)
                if newer is None or newer.active_at < report.active_at:
                    self._reports[key] = report
            self._polls = {**taken.polls, **self._polls}
