"""Celery Beat with a stand-in: of several that run, one plans and the others wait to take over.

Two that plan at the same moment would do no harm (every job may run twice), only double work.
"""

import logging
from typing import Any

from django.conf import settings
from django_celery_beat.schedulers import DatabaseScheduler
from redis import Redis, RedisError

from ium.lib.counting import redis_url

log = logging.getLogger(__name__)

# Seconds after which a Beat that fell silent counts as gone. Sweeps lie further apart, so none is missed.
LEASE_SECONDS = 20
STAND_BY_SECONDS = 2.0


class Lease:
    """The right to plan: a key in the broker that runs out unless it is renewed."""

    def __init__(self, client: Redis, *, name: str = "ium:beat") -> None:
        """Take the broker's client; nothing is asked yet."""
        self._lock = client.lock(name, timeout=LEASE_SECONDS, blocking=False, thread_local=False)
        self.held = False

    def hold(self) -> bool:
        """Take or renew it; returns whether it is ours. Without a broker nobody can plan anything."""
        try:
            held = self._lock.reacquire() if self._lock.owned() else self._lock.acquire()
        except RedisError as error:
            log.warning("The broker does not answer: %s", error)
            held = False
        if held != self.held:
            log.info("This Beat %s.", "plans from now on" if held else "stands by")
        self.held = bool(held)
        return self.held

    def release(self) -> None:
        """Give it back, so that a stand-in need not wait until it runs out."""
        try:
            if self._lock.owned():
                self._lock.release()
        except RedisError as error:
            log.warning("The broker does not answer: %s", error)
        self.held = False


class StandInScheduler(DatabaseScheduler):  # type: ignore[misc] # django-celery-beat ships no types
    """The schedules of the admin, sent by whichever Beat holds the lease."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Prepare the lease."""
        self.lease = Lease(Redis.from_url(redis_url(settings.REDIS_URL), socket_timeout=2))
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due, if it is ours to plan; return seconds until the next look."""
        if not self.lease.hold():
            return STAND_BY_SECONDS
        return float(super().tick(*args, **kwargs))

    def close(self) -> None:
        """End; a stand-in goes on at once."""
        super().close()
        self.lease.release()
