"""Requests that wait for the same pool at the same moment go through its lock together.

Whoever comes first to an unoccupied pool carries out everybody's requests, in the order in which they came; the
others find theirs done. So a web process takes the lock once for all of its threads.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError

from ium.lib.errors import Refused
from slots.services.asking import Ask, Outcome

CarryOut = Callable[[int, Sequence[Ask]], list[Outcome]]


@dataclass(eq=False)
class _Job:
    ask: Ask
    outcome: Outcome | None = None
    error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.outcome is not None or self.error is not None


class Together:
    """Gathers requests while the pool is occupied. Any thread may call."""

    def __init__(self, carry_out: CarryOut) -> None:
        """Hand every gathered list to `carry_out` (pool, requests)."""
        self._carry_out = carry_out
        self._lock = threading.Lock()
        self._waiting: defaultdict[int, list[_Job]] = defaultdict(list)
        self._occupied: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)

    def ask(self, pool_id: int, ask: Ask) -> Outcome:
        """Return what came of the request. Raises what carrying it out raises."""
        job = _Job(ask)
        with self._lock:
            self._waiting[pool_id].append(job)
            occupied = self._occupied[pool_id]
        while not job.is_done:
            with occupied:
                if not job.is_done:
                    self._carry_out_some(pool_id)
        if job.error is not None:
            raise job.error
        return job.outcome or Outcome()

    def _carry_out_some(self, pool_id: int) -> None:
        jobs = self._take(pool_id)
        try:
            self._settle(pool_id, jobs)
        except (Refused, DatabaseError) as error:
            # One person's trouble must not be everybody's; a pool that is busy is busy for all.
            if len(jobs) == 1 or isinstance(error, Refused):
                for job in jobs:
                    job.error = error
                return
            for job in jobs:
                self._alone(pool_id, job)
        except Exception as error:
            for job in jobs:
                job.error = error
        finally:  # whatever ends this thread must not leave the others waiting
            for job in jobs:
                if not job.is_done:
                    job.error = RuntimeError("The request was not carried out.")

    def _take(self, pool_id: int) -> list[_Job]:
        """Take everything that waits, but each person once: who asks twice is told twice, one after the other."""
        taken: dict[int, _Job] = {}
        later: list[_Job] = []
        with self._lock:
            for job in self._waiting[pool_id]:
                if taken.setdefault(job.ask.user_id, job) is not job:
                    later.append(job)
            self._waiting[pool_id] = later
        return list(taken.values())

    def _settle(self, pool_id: int, jobs: Sequence[_Job]) -> None:
        outcomes = self._carry_out(pool_id, [job.ask for job in jobs])
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.outcome = outcome

    def _alone(self, pool_id: int, job: _Job) -> None:
        try:
            self._settle(pool_id, [job])
        except Exception as error:
            job.error = error
