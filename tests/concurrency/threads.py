"""Many threads at once, one moment inside another, and somebody who watches."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

from django.db import connection, connections

from slots.models import LicencePool

T = TypeVar("T")
PATIENCE = 20.0


def together(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start the jobs at the same moment, each in a thread of its own; return results or errors in order."""
    barrier = threading.Barrier(len(jobs), timeout=PATIENCE)

    def run(job: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return job()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(run, jobs, timeout=PATIENCE * 2))


def apart(job: Callable[[], T]) -> T:
    """Run a job to its end in another thread, with a connection (and transactions) of its own."""
    [result] = together([job])
    if isinstance(result, Exception):
        raise result
    returned: T = result
    return returned


@contextmanager
def run_before(target: str, callback: Callable[[], object]) -> Iterator[list[object]]:
    """Run the callback once, just before the named function is called for the first time."""
    module, name = target.rsplit(".", 1)
    real = getattr(__import__(module, fromlist=[name]), name)
    ran: list[object] = []

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not ran:
            ran.append(None)
            ran[0] = callback()
        return real(*args, **kwargs)

    with patch(target, wrapped):
        yield ran
    assert ran, f"{target} was never called"


class Watcher:
    """Counts used slots every few milliseconds over a connection of its own."""

    def __init__(self, pool: LicencePool) -> None:
        """Watch this pool."""
        self.pool_id = pool.pk
        self.highest = 0
        self.looks = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Watcher":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, with a last look."""
        self._done.set()
        self._thread.join(PATIENCE)
        assert self.looks > 1, "nobody watched"

    def _watch(self) -> None:
        try:
            while not self._done.wait(0.003):
                self._look()
            self._look()
        finally:
            connection.close()

    def _look(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM slots_slot WHERE pool_id = %s AND state <> 'free'",
                [self.pool_id],
            )
            self.highest = max(self.highest, cursor.fetchone()[0])
        self.looks += 1
