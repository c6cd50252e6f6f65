"""What a web process does once a second beside its requests: write what it collected, look at what it remembers.

Only such a process collects and remembers. Wherever no ticker runs (commands, workers, tests, or after its thread
died or hangs), everything is read and written at once: slower, and never wrong.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize

from django.db import close_old_connections

log = logging.getLogger(__name__)

# A little less than a second: what is read in every round is then never older than one.
SECONDS = 0.9
# A round that takes longer than this (the database hangs) counts as if there were no ticker.
HANGS_AFTER = 5.0
STOP_WITHIN = 5.0


class Ticker:
    """Runs jobs one after the other, every second, in a thread of this process, and once more when it ends."""

    def __init__(self) -> None:
        """Run nothing yet."""
        self._jobs: list[Callable[[], None]] = []
        self._at_end: list[Callable[[], None]] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._ran_at = float("-inf")

    def add(self, job: Callable[[], None], *, at_end: Callable[[], None] | None = None) -> None:
        """Run the job every second; and `at_end` when the process ends in the normal way."""
        self._jobs.append(job)
        if at_end is not None:
            self._at_end.append(at_end)

    @property
    def is_running(self) -> bool:
        """Whether the jobs ran a moment ago in this very process (a fork takes no threads along)."""
        return self._pid == os.getpid() and time.monotonic() - self._ran_at < HANGS_AFTER

    def start(self) -> None:
        """Run the jobs in this process from now on."""
        if self._pid == os.getpid():
            return
        self._pid, self._stop = os.getpid(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)
        self._thread.start()
        # Web servers end their processes in one of two ways: neither runs the hooks of the other.
        Finalize(None, self.stop, exitpriority=100)

    def stop(self) -> None:
        """Run the jobs a last time, then what belongs to the end. Repeating is harmless."""
        if self._pid != os.getpid() or self._stop.is_set():
            return
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_WITHIN)
        self._pid = 0
        self.round()
        self._each(self._at_end)

    def round(self) -> None:
        """Run every job once. A job that fails is logged and does not hold up the others."""
        self._each(self._jobs)
        self._ran_at = time.monotonic()

    def _run(self) -> None:
        began = float("-inf")
        while not self._stop.wait(max(0.0, began + SECONDS - time.monotonic())):
            began = time.monotonic()
            self.round()

    @staticmethod
    def _each(jobs: list[Callable[[], None]]) -> None:
        close_old_connections()
        for job in jobs:
            try:
                job()
            except Exception:
                log.exception("What is done every second failed; it is tried again.")
        close_old_connections()


ticker = Ticker()
