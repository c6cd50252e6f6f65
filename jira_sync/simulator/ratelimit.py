"""Jira's burst limits: a token bucket per endpoint and method, shared by everybody who calls the site.

Source: developer.atlassian.com, "Rate limiting" (October 2026). The refill figures are documented; the size of the
bucket is not, field values of ``X-RateLimit-Limit`` are 350 to 400. The Organizations API documents only that every
endpoint is limited, plus two figures of its own (last-active-dates and events).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

STEADY_PER_SECOND = {"GET": 100.0, "POST": 100.0, "PUT": 50.0, "DELETE": 50.0}
NEAR = 0.2


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit of one endpoint: refill per second, and a bucket size when it differs from the general one."""

    per_second: float
    capacity: int | None = None


OVERRIDES = {
    ("GET", "/rest/api/3/user"): Rule(150.0),
    ("GET", "/admin/v1/orgs/{orgId}/directory/users/{accountId}/last-active-dates"): Rule(
        200 / 60, 200
    ),
    ("GET", "/admin/v1/orgs/{orgId}/events"): Rule(10 / 60, 10),
}


@dataclass(slots=True)
class Bucket:
    """Tokens of one endpoint and method; refilled by the time that has passed."""

    capacity: int
    per_second: float
    tokens: float
    at: float

    def take(self, now: float) -> bool:
        self.tokens = min(float(self.capacity), self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    @property
    def wait(self) -> float:
        return max(0.0, (1 - self.tokens) / self.per_second)

    def headers(self) -> dict[str, str]:
        full_in = (self.capacity - self.tokens) / self.per_second
        found = {
            "X-RateLimit-Limit": str(self.capacity),
            "X-RateLimit-Remaining": str(int(self.tokens)),
            # Atlassian's value may lack the seconds, so clients must not rely on them.
            "X-RateLimit-Reset": _minute(time.time() + full_in),
        }
        if self.tokens < NEAR * self.capacity:
            found["X-RateLimit-NearLimit"] = "true"
        return found

    def refusal_headers(self, *, retry_after: bool) -> dict[str, str]:
        """A 429's headers; without Retry-After as the gateway sent them in April 2026."""
        reset = {"X-RateLimit-Reset": _minute(time.time() + self.wait)}
        if not retry_after:
            return reset | {"X-Failure-Category": "FAILURE CLIENT RATE LIMITED"}
        waiting = {"Retry-After": str(max(1, math.ceil(self.wait)))}
        near = {"X-RateLimit-NearLimit": "true"}
        return self.headers() | near | waiting | {"RateLimit-Reason": "jira-burst-based"}


class RateLimiter:
    """All buckets of the tenant."""

    def __init__(self, capacity: int = 350, clock: Callable[[], float] = time.monotonic) -> None:
        self.capacity = capacity
        self.refill = 1.0
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def resize(self, capacity: int, refill: float = 1.0) -> None:
        """Use buckets of another size, all of them full, refilled by a multiple of the usual speed."""
        self.capacity, self.refill = capacity, refill
        self._buckets.clear()

    def bucket(self, method: str, template: str) -> Bucket:
        key = (method, template)
        if key not in self._buckets:
            rule = OVERRIDES.get(key, Rule(STEADY_PER_SECOND.get(method, 100.0)))
            capacity = min(rule.capacity or self.capacity, self.capacity)
            self._buckets[key] = Bucket(
                capacity, rule.per_second * self.refill, float(capacity), self._clock()
            )
        return self._buckets[key]

    def take(self, method: str, template: str) -> tuple[bool, Bucket]:
        bucket = self.bucket(method, template)
        return bucket.take(self._clock()), bucket


def _minute(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%MZ")
