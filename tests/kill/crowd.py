"""Simulated people in a few threads: they ask, work, hand back and vanish, whatever answers they get."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.kill.system import KillableIum
from tests.system.running import Person

PAUSE = 0.3
VANISHED = 3.0


class Crowd:
    """People who share the licences; every call is counted by its outcome."""

    def __init__(self, ium: KillableIum, people: list[Person], seed: int, threads: int = 5) -> None:
        self.outcomes: Counter[str] = Counter()
        self.times_active: Counter[str] = Counter()
        self._ium = ium
        self._over = threading.Event()
        shares = [people[number::threads] for number in range(threads)]
        self._threads = [
            threading.Thread(target=self._live, args=(share, seed + number), daemon=True)
            for number, share in enumerate(shares)
        ]

    @contextmanager
    def around(self) -> Iterator["Crowd"]:
        """Let them live meanwhile."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join(30)

    def _live(self, people: list[Person], seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        gone_until = dict.fromkeys((person.token for person in people), 0.0)
        while not self._over.is_set():
            for person in people:
                if gone_until[person.token] < time.monotonic() and not self._over.is_set():
                    gone_until[person.token] = self._act(person, chance)
            self._over.wait(PAUSE)

    def _act(self, person: Person, chance: random.Random) -> float:
        """Do one thing; return until when (monotonic) the person is away then."""
        state = self._call(person, "POST", "slot")
        if state != "active":
            return time.monotonic() + VANISHED if chance.random() < 0.03 else 0.0
        self.times_active[person.account_id] += 1
        dice = chance.random()
        if dice < 0.5:
            self._call(person, "POST", "activity", idle_seconds=0)
            return 0.0
        if dice < 0.9:
            self._call(person, "DELETE", "slot")
        return time.monotonic() + chance.uniform(0.5, VANISHED)

    def _call(self, person: Person, method: str, path: str, **body: int) -> str:
        """Return the state of the answer, or nothing when there was none."""
        try:
            answer = requests.request(
                method,
                f"{self._ium.url}/api/v1/{path}",
                json=body or None,
                headers={"Authorization": f"Bearer {person.token}"},
                timeout=6,
            )
            self.outcomes[str(answer.status_code)] += 1
            return str(answer.json().get("state", "")) if answer.status_code == 200 else ""
        except (requests.RequestException, ValueError) as error:
            self.outcomes[type(error).__name__] += 1
            return ""
