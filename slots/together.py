"""What waits for the same pool at the same moment goes through its lock together: requests, and answers of Jira.

Whoever comes first to an unoccupied pool carries out everybody's, in the order in which they came; the others find
theirs done. So a process takes the lock once for all of its threads.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from django.db import DatabaseError

from ium.lib.errors import Refused

AskT = TypeVar("AskT")
OutcomeT = TypeVar("OutcomeT")


@dataclass(eq=False)
class _Job(Generic[AskT, OutcomeT]):
    ask: AskT
    outcome: OutcomeT | None = None
    error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.outcome is not None or self.error is not None


class Together(Generic[AskT, OutcomeT]):
    """Gathers requests while the pool is occupied. Any thread may call."""

    def __init__(
        self,
        carry_out: Callable[[int, Sequence[AskT]], Sequence[OutcomeT]],
        about: Callable[[AskT], Hashable],
    ) -> None:
        """Hand every gathered list to `carry_out` (pool, requests), never two that are `about` the same."""
        self._carry_out = carry_out
        self._about = about
        self._lock = threading.Lock()
        self._waiting: defaultdict[int, list[_Job[AskT, OutcomeT]]] = defaultdict(list)
        self._occupied: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)

    def ask(self, pool_id: int, ask: AskT) -> OutcomeT:
        """Return what came of the request. Raises what carrying it out raises."""
        job: _Job[AskT, OutcomeT] = _Job(ask)
        with self._lock:
            self._waiting[pool_id].append(job)
            occupied = self._occupied[pool_id]
        while not job.is_done:
            with occupied:
                if not job.is_done:
                    self._carry_out_some(pool_id)
        if job.error is not None:
            raise job.error
        return cast("OutcomeT", job.outcome)

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

    def _take(self, pool_id: int) -> list[_Job[AskT, OutcomeT]]:
        """Take everything that waits, but each person once: who asks twice is told twice, one after the other."""
        taken: dict[Hashable, _Job[AskT, OutcomeT]] = {}
        later: list[_Job[AskT, OutcomeT]] = []
        with self._lock:
            for job in self._waiting[pool_id]:
                if taken.setdefault(self._about(job.ask), job) is not job:
                    later.append(job)
            self._waiting[pool_id] = later
        return list(taken.values())

    def _settle(self, pool_id: int, jobs: Sequence[_Job[AskT, OutcomeT]]) -> None:
        outcomes = self._carry_out(pool_id, [job.ask for job in jobs])
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.outcome = outcome

    def _alone(self, pool_id: int, job: _Job[AskT, OutcomeT]) -> None:
        try:
            self._settle(pool_id, [job])
        except Exception as error:
            job.error = error
