"""Simulated people who open Jira, work, pause and leave, through the same API as everybody.

One thread and a list of who acts next: a crowd of thirty costs about one call a second.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import requests

CROWD = 30
LABEL = "simulated crowd"

# Seconds, on average. Sessions are short so that a visitor sees slots change hands within minutes.
AWAY = 150.0
WORK = 420.0
ACTIVITY_EVERY = 25.0
PATIENCE = 600.0
TIDY = 0.35  # share of people who hand their slot back; the others just stop
VANISHES = 0.02  # share of polls after which somebody closes the browser without a word


class Mood(Enum):
    """What a simulated person is doing."""

    AWAY = "away"
    WAITING = "waiting"
    WORKING = "working"


@dataclass
class Person:
    """A simulated person with the token of their browser."""

    token: str
    mood: Mood = Mood.AWAY
    until: float = 0.0
    page: str = field(default_factory=lambda: f"/browse/DEMO-{random.randint(1, 40)}")


class Crowd:
    """Lets people act one after the other, each when their time has come."""

    def __init__(
        self, url: str, site_url: str, tokens: list[str], rng: random.Random, now: float
    ) -> None:
        self._api = f"{url}/api/v1"
        self._site = site_url
        self._rng = rng
        self._session = requests.Session()
        self._order = itertools.count()
        self._turns: list[tuple[float, int, Person]] = []
        for token in tokens:
            self._later(Person(token), now + rng.uniform(0, AWAY / 2))

    def run(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        """Go on until the process is stopped. `clock` and `sleep` are in seconds."""
        while True:
            due, _, person = heapq.heappop(self._turns)
            sleep(max(0.0, due - clock()))
            now = clock()
            self._later(person, now + self.turn(person, now))

    def turn(self, person: Person, now: float) -> float:
        """Let one person act; return seconds until the next turn."""
        try:
            return _TURNS[person.mood](self, person, now)
        except requests.RequestException:
            return self._rng.uniform(5, 15)  # IUM is restarting: try again, like a browser

    def _later(self, person: Person, when: float) -> None:
        heapq.heappush(self._turns, (when, next(self._order), person))

    def _call(self, method: str, path: str, person: Person, **body: Any) -> dict[str, Any]:
        answer = self._session.request(
            method,
            f"{self._api}{path}",
            headers={"Authorization": f"Bearer {person.token}"},
            json=body or None,
            timeout=15,
        )
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    def _away(self, person: Person, now: float) -> float:
        person.mood, person.until = Mood.WAITING, now + self._rng.expovariate(1 / PATIENCE)
        return self._wait(person, now)

    def _wait(self, person: Person, now: float) -> float:
        state = self._call("POST", "/slot", person, return_url=self._site + person.page)
        if state["redirect_url"]:
            person.mood, person.until = Mood.WORKING, now + self._rng.expovariate(1 / WORK)
            return self._rng.uniform(1, ACTIVITY_EVERY)
        if self._rng.random() < VANISHES:
            return self._leave(person)
        if now > person.until:
            self._call("DELETE", "/slot", person)
            return self._leave(person)
        return float(state["retry_after"])

    def _work(self, person: Person, now: float) -> float:
        if now > person.until:
            if self._rng.random() < TIDY:
                self._call("DELETE", "/slot", person)
            return self._leave(person)
        state = self._call("POST", "/activity", person, idle_seconds=self._rng.uniform(0, 20))
        if state["state"] != "active":  # taken by an administrator
            return self._leave(person)
        return self._rng.uniform(0.5, 1.5) * ACTIVITY_EVERY

    def _leave(self, person: Person) -> float:
        person.mood = Mood.AWAY
        return self._rng.expovariate(1 / AWAY)


_TURNS = {Mood.AWAY: Crowd._away, Mood.WAITING: Crowd._wait, Mood.WORKING: Crowd._work}
