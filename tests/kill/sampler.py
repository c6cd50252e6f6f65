"""Looks at the simulated Jira all the time: the most members ever, and how many calls it gets per second."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.kill.system import KillableIum

EVERY = 0.05


class Sampler:
    """`highest` is the simulator's own count, so nothing between two looks is missed."""

    def __init__(self, ium: KillableIum) -> None:
        self.highest = self.most_seen = self.looks = self.most_per_second = 0
        self._ium = ium
        self._over = threading.Event()
        self._recent: deque[tuple[float, int]] = deque()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @contextmanager
    def around(self) -> Iterator["Sampler"]:
        """Look meanwhile, and once more at the end."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join(10)
            self._look()

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        state = self._ium.state_of_jira()
        if state is None:
            return
        group = next(g for g in state["groups"] if g["name"] == "ium-access")
        self.looks += 1
        self.highest = max(self.highest, group["highest_members"])
        self.most_seen = max(self.most_seen, len(group["members"]))
        self._count(api_calls(state))

    def _count(self, calls: int) -> None:
        """Note the most calls within any second; after a restart the simulator counts from zero."""
        now = time.monotonic()
        if self._recent and calls < self._recent[-1][1]:
            self._recent.clear()
        self._recent.append((now, calls))
        while self._recent[0][0] < now - 1:
            self._recent.popleft()
        self.most_per_second = max(self.most_per_second, calls - self._recent[0][1])


def api_calls(state: dict[str, Any], status: int | None = None) -> int:
    """Return how many calls of Atlassian's APIs were counted, of one status if wanted."""
    return sum(
        call["count"]
        for call in state["calls"]
        if call["path"].startswith(("/admin", "/rest", "/ex"))
        and (status is None or call["status"] == status)
    )
