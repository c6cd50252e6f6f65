"""Counts that all processes share, for limits of rates: one round trip to Redis, and none that can fail a request."""

import logging
import time
from collections.abc import Sequence
from typing import Any, Protocol, cast

from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

# While Redis is away it is asked this often: a request must not wait for a broker that does not answer.
SECONDS_BETWEEN_TRIES = 5.0
MOST_COUNTS_ALONE = 20_000
_away_until: dict[str, float] = {}


class Counters(Protocol):
    """A cache that counts."""

    def count(self, key: str, *, seconds: int, by: int = 1) -> int:
        """Add to a number that is forgotten `seconds` after it was first named; return it."""


def counters() -> Counters:
    """Return the counts of this installation (CACHES["counters"])."""
    return cast("Counters", caches["counters"])


def redis_url(url: str) -> str:
    """Return the broker's address in redis-py's form (Celery writes Unix sockets differently)."""
    if not url.startswith("redis+socket://"):
        return url
    path, _, query = url.removeprefix("redis+socket://").partition("?")
    number = query.removeprefix("virtual_host=") or "0"
    return f"unix://{path}?db={number}"


class LocalCounters(LocMemCache):
    """Counts of this process only."""

    def count(self, key: str, *, seconds: int, by: int = 1) -> int:
        """Add to a number that is forgotten `seconds` after it was first named; return it."""
        self.add(key, 0, timeout=seconds)
        try:
            return int(self.incr(key, by))
        except ValueError:  # forgotten between the two lines
            return by


class RedisCounters(RedisCache):
    """Counts in Redis; while it is away, each process counts for itself.

    Letting everything through would switch off the limit by stopping Redis; refusing everything would make Redis
    necessary. So the limit stays, times the number of processes.
    """

    def __init__(self, server: str | Sequence[str], params: dict[str, Any]) -> None:
        """Take one address, in Celery's form or redis-py's; never repeat a call, never wait long."""
        options = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2, "retry": no_retry()}
        params["OPTIONS"] = {**options, **params.get("OPTIONS", {})}
        super().__init__([redis_url(str(server))], params)
        # Django makes one cache per thread; what is counted alone, and that Redis is away, is the process's.
        self._name = f"{server} {self.key_prefix}"
        self._alone = LocalCounters(self._name, {"OPTIONS": {"MAX_ENTRIES": MOST_COUNTS_ALONE}})

    def count(self, key: str, *, seconds: int, by: int = 1) -> int:
        """Add to a number that is forgotten `seconds` after it was first named; return it."""
        if time.monotonic() < _away_until.get(self._name, 0):
            return self._alone.count(key, seconds=seconds, by=by)
        try:
            return self._count(self.make_and_validate_key(key), seconds, by)
        except (RedisError, OSError) as error:
            _away_until[self._name] = time.monotonic() + SECONDS_BETWEEN_TRIES
            log.warning(
                "Redis does not count (%s); this process counts alone", type(error).__name__
            )
            return self._alone.count(key, seconds=seconds, by=by)

    def _count(self, key: str, seconds: int, by: int) -> int:
        pipeline = self._cache.get_client(key, write=True).pipeline()
        pipeline.set(key, 0, ex=seconds, nx=True)
        pipeline.incrby(key, by)
        return int(pipeline.execute()[-1])


def no_retry() -> Retry:
    """Return the rule that a failed call is not repeated (redis-py waits for seconds otherwise)."""
    return Retry(NoBackoff(), 0)
