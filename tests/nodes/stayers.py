"""People who hold a slot and work all the time, through whichever node answers: nobody may take it from them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import requests

from tests.nodes.cluster import Cluster
from tests.system.running import Person

PAUSE = 0.3
# Time runs faster for holders, but only while everybody who works gets through, and never so fast that what a web
# process holds back for its five seconds is as old as the inactivity time (five minutes).
STEP, EVERY = 60, 4.0
OLDER = """
UPDATE slots_slot SET granted_at = granted_at - by, confirmed_at = confirmed_at - by, seen_at = seen_at - by,
    clock_from = clock_from - by FROM (SELECT make_interval(secs => %s) AS by) AS step;
UPDATE activity_lastactivity SET last_active_at = last_active_at - make_interval(secs => %s);
"""


class Stayers:
    """`lost` names who was told anything but "active"; `minutes` is how much time passed for holders."""

    def __init__(self, cluster: Cluster, people: list[Person]) -> None:
        """Nobody works yet."""
        self.outcomes: Counter[str] = Counter()
        self.lost: list[str] = []
        self.minutes = 0.0
        self._cluster, self._people = cluster, people
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    @contextmanager
    def around(self) -> Iterator[Stayers]:
        """Let them work meanwhile."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join(30)

    def _work(self) -> None:
        aged = time.monotonic()
        while not self._over.wait(PAUSE):
            got_through = [self._report(person) for person in self._people]
            if all(got_through) and time.monotonic() > aged + EVERY:
                aged = time.monotonic()
                self._time_passes()

    def _report(self, person: Person) -> bool:
        """Report once, at the next node if one does not answer; return whether it was taken in."""
        return any(self._call(person) for _ in self._cluster.nodes)

    def _call(self, person: Person) -> bool:
        try:
            answer = requests.post(
                f"{self._cluster.url}/api/v1/activity",
                json={"idle_seconds": 0},
                headers={"Authorization": f"Bearer {person.token}"},
                timeout=2,
            )
        except requests.RequestException as error:
            self.outcomes[type(error).__name__] += 1
            return False
        self.outcomes[str(answer.status_code)] += 1
        if answer.status_code == 200 and answer.json()["state"] != "active":
            self.lost.append(f"{person.account_id}: {answer.json()}")
        return answer.status_code == 200

    def _time_passes(self) -> None:
        assert self._cluster.postgres is not None
        with psycopg.connect(self._cluster.postgres.url, autocommit=True) as connection:
            for statement in OLDER.strip().split(";\n"):
                connection.execute(statement.rstrip(";").encode(), [STEP])
        self.minutes += STEP / 60
