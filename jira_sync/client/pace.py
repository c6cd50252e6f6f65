"""Keeps IUM below Atlassian's burst limits: one lane per tenant, endpoint and method.

Atlassian refills per second GET 100, POST 100, PUT 50, DELETE 50, shared by everybody who uses the
tenant (developer.atlassian.com, Jira Cloud "Rate limiting"; jira-api.md section 5). A lane runs at
93 % of that and lets the remaining 7 % pass as a burst: no second ever holds more than the limit.
Others who use the tenant are noticed by its headers (`slow`, `pause`).

Why not pyrate-limiter (4.5): its rates are fixed when a limiter is made, while a lane here must be
paused (429) and slowed (near the limit) from outside; its clock can be replaced but its sleep
cannot; and it keeps one time stamp per request where one number per lane is enough. The rule is
GCRA, the "leaky bucket as a meter" of ATM: remember when the next request is due.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from .errors import RateLimited

ATLASSIAN_PER_SECOND = {"GET": 100.0, "POST": 100.0, "PUT": 50.0, "DELETE": 50.0}
STEADY_PART = 0.93
SHORTEST_SLEEP = 0.001  # rounding errors and shorter waits are not worth a system call
SLOW_SECONDS = 5.0
SLOW_FACTOR = 2.0


class Lane(NamedTuple):
    """What Atlassian counts together: tenant (base address, organisation), path pattern, method."""

    base: str
    endpoint: str
    method: str


@dataclass(slots=True)
class _Meter:
    """`due` is when the next request would run at an even pace; `slow_until` ends a slow-down."""

    interval: float
    tolerance: float
    due: float = 0.0
    slow_until: float = 0.0


class Pace:
    """Delays requests so that each lane keeps its rate. Thread-safe; all times in seconds.

    It covers one process. `share` is this process's part of the tenant's rate: give 1 / n where n
    processes talk to the same tenant at full speed. A wait beyond `max_wait` is not slept but
    raised as RateLimited, so that a worker never blocks for long.
    """

    def __init__(
        self,
        *,
        share: float = 1.0,
        max_wait: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._share = share
        self._max_wait = max_wait
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._behind = threading.Lock()
        self._thread = threading.local()
        self._meters: dict[Lane, _Meter] = {}

    def wait(self, lane: Lane) -> None:
        """Take the next place in the lane and sleep until it is due. Raises RateLimited."""
        if getattr(self._thread, "is_behind", False):
            with self._behind:  # one after the other, so that those who are behind do not race
                self._wait_behind(lane)
            return
        with self._lock:
            delay = self._reserve(self._meter(lane), self._clock())
        if delay >= SHORTEST_SLEEP:
            self._sleep(delay)

    @contextmanager
    def behind_others(self) -> Iterator[None]:
        """Within the block this thread's requests take a place only when nobody else waits for one."""
        self._thread.is_behind = True
        try:
            yield
        finally:
            self._thread.is_behind = False

    def _wait_behind(self, lane: Lane) -> None:
        patience = self._clock() + self._max_wait
        while True:
            with self._lock:
                meter, now = self._meter(lane), self._clock()
                delay = max(meter.due, now) - meter.tolerance - now
                if delay < SHORTEST_SLEEP:
                    self._reserve(meter, now)
                    return
            if now + delay > patience:
                raise RateLimited(f"own pace: {delay:.0f} s to wait", retry_after=delay)
            self._sleep(delay)

    def pause(self, lane: Lane, seconds: float) -> None:
        """Let nothing through for that long: Jira answered 429."""
        with self._lock:
            meter = self._meter(lane)
            meter.due = max(meter.due, self._clock() + seconds + meter.tolerance)

    def slow(self, lane: Lane) -> None:
        """Halve the rate for five seconds: Jira says that the limit is near."""
        with self._lock:
            self._meter(lane).slow_until = self._clock() + SLOW_SECONDS

    def _reserve(self, meter: _Meter, now: float) -> float:
        start = max(meter.due, now)
        delay = start - meter.tolerance - now
        if delay > self._max_wait:
            raise RateLimited(f"own pace: {delay:.0f} s to wait", retry_after=delay)
        slowed = SLOW_FACTOR if now < meter.slow_until else 1.0
        meter.due = start + meter.interval * slowed
        return delay

    def _meter(self, lane: Lane) -> _Meter:
        if lane not in self._meters:
            limit = ATLASSIAN_PER_SECOND.get(lane.method, 50.0) * self._share
            interval = 1 / (limit * STEADY_PART)
            burst = max(1.0, limit * (1 - STEADY_PART))
            self._meters[lane] = _Meter(interval, (burst - 1) * interval)
        return self._meters[lane]


PROCESS_PACE = Pace()
"""The pace of this process. Every client uses it unless it is given another."""
