"""How long Jira took to answer, added up in memory until somebody takes the sums and writes them."""

import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime

from ium.lib import clock

# Upper limits in seconds; one more bucket holds the slower calls.
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONGEST_NAME = 64
# Beside these, every answer of 500 and more, and none at all (0).
FAILURES = frozenset({0, 401, 403, 429})


@dataclass
class CallSum:
    """Calls of one kind to one site in one hour; lengths in seconds."""

    count: int = 0
    failed: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))

    def add(self, other: "CallSum") -> None:
        """Add other calls to these."""
        self.count += other.count
        self.failed += other.failed
        self.seconds += other.seconds
        self.longest = max(self.longest, other.longest)
        self.buckets = [mine + more for mine, more in zip(self.buckets, other.buckets, strict=True)]


# A site's id, the hour, and the kind of call.
Key = tuple[int, datetime, str]


class CallTimes:
    """The sums of this process. All threads add to the same object."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: dict[Key, CallSum] = {}

    def note(self, site_id: int, call: str, status: int, seconds: float) -> None:
        """Add one call; `call` is a pattern that names nobody, `status` is 0 without an answer."""
        one = CallSum(1, int(status in FAILURES or status >= 500), seconds, seconds)
        one.buckets[bisect_left(BUCKETS, seconds)] = 1
        hour = clock.now().replace(minute=0, second=0, microsecond=0)
        self.put({(site_id, hour, call[:LONGEST_NAME]): one})

    def put(self, sums: dict[Key, CallSum]) -> None:
        """Add sums, for example those that could not be written."""
        with self._lock:
            for key, each in sums.items():
                self._sums.setdefault(key, CallSum()).add(each)

    def take(self) -> dict[Key, CallSum]:
        """Hand over everything noted until now; the next caller gets only what came after."""
        with self._lock:
            taken, self._sums = self._sums, {}
        return taken


PROCESS_CALLS = CallTimes()
