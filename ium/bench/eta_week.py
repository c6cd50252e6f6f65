"""Simulated working weeks: people who come, work, go to lunch and meetings, wait, give up. Nothing is stationary.

The rules are the product's: one queue in order, slots taken by a sweep on a grid once their holder was inactive for
the inactivity time, optional reclaim. Times are seconds since Monday, 00:00. Only the standard library; the same seed
gives the same weeks.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WEEK = 7 * DAY
# How busy Monday to Friday are; weekends are empty.
DAYS = (1.15, 1.05, 1.0, 0.95, 0.75)
MEETING_STARTS = (9.0, 9.5, 10.0, 10.5, 11.0, 13.5, 14.0, 14.5, 15.0, 15.5)


@dataclass(frozen=True)
class Company:
    """A company: licences, people who share them, and the pool's options."""

    slots: int
    people: int
    inactivity: float = 15 * MINUTE
    sweep_every: float = 5 * MINUTE
    reclaim: bool = False
    mean_spell: float = 25 * MINUTE
    mean_between: float = 40 * MINUTE
    patience: float = 60 * MINUTE
    hands_back: float = 0.15
    burst: float = 4 * MINUTE
    pause: float = 2 * MINUTE
    # The longest time that Jira takes to confirm, and that the sweep and the poll of a client come late.
    jira_delay: float = 10.0
    late: float = 10.0


@dataclass(eq=False)
class Person:
    """Somebody, today."""

    leaves_at: float = 0.0
    away: list[tuple[float, float]] = field(default_factory=list)
    granted_at: float | None = None
    works: bool = False
    last_active: float = 0.0
    remaining: float = 0.0
    joined_at: float | None = None
    turn: int = 0

    def absence(self, at: float) -> tuple[float, float] | None:
        """Return the lunch or meeting that is going on."""
        return next((span for span in self.away if span[0] <= at < span[1]), None)

    def next_absence(self, at: float) -> float:
        """Return when the next one begins, or the working day ends."""
        return min([begin for begin, _ in self.away if begin > at], default=self.leaves_at)

    def idle(self, at: float) -> float:
        """Return for how long the person has not been active."""
        return 0.0 if self.works else at - self.last_active


@dataclass(frozen=True)
class Stay:
    """A finished stay."""

    began: float
    ended: float
    back: bool


@dataclass(frozen=True)
class Wait:
    """A finished wait."""

    began: float
    ended: float
    served: bool


class Office:
    """The company at work, and what an IUM there would have recorded."""

    def __init__(self, company: Company, seed: int) -> None:
        """Prepare an empty office."""
        self.company = company
        self.random = random.Random(seed)  # noqa: S311 - a simulation
        self.now = 0.0
        self.free = company.slots
        self.holders: dict[int, Person] = {}
        self.queue: dict[int, Person] = {}
        self.stays: deque[Stay] = deque(maxlen=20_000)
        self.waits: deque[Wait] = deque(maxlen=20_000)
        self.people = [Person() for _ in range(company.people)]
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._number = 0
        self.ended: Callable[[Person, bool], None] = lambda person, served: None

    def run(self, weeks: int, every: float) -> Iterator[float]:
        """Let weeks pass; stop at every so many seconds of working time to be looked at."""
        for day in range(weeks * 7):
            if day % 7 < len(DAYS):
                self._day(day * DAY, DAYS[day % 7])
        self._later(0.0, self._sweep, 0.0, weeks * WEEK)
        if self.company.reclaim:
            self._later(0.0, self._polls, weeks * WEEK)
        look = 0.0
        while self._events:
            while look <= self._events[0][0]:
                self.now = look
                yield look
                look += every
            self.now, _, step, arguments = heapq.heappop(self._events)
            step(*arguments)

    def _later(self, at: float, step: Callable[..., None], *arguments: Any) -> None:
        self._number += 1
        heapq.heappush(self._events, (at, self._number, step, arguments))

    def _day(self, midnight: float, busy: float) -> None:
        busy *= self.random.lognormvariate(0, 0.08)
        for person in self.people:
            if self.random.random() < 0.85 * busy:
                self._later(midnight, self._plan, person, midnight, busy)

    def _plan(self, person: Person, midnight: float, busy: float) -> None:
        """Plan somebody's day: when they come and go, lunch, meetings."""
        draw = self.random
        comes = midnight + HOUR * draw.triangular(7.5, 10, 8.8)
        person.leaves_at = comes + HOUR * draw.triangular(6.5, 10, 8.5)
        lunch = midnight + HOUR * draw.triangular(11.5, 13.5, 12.1)
        person.away = [(lunch, lunch + MINUTE * draw.uniform(25, 60))]
        for start in MEETING_STARTS:
            if draw.random() < 0.12:
                begin = midnight + start * HOUR
                person.away.append((begin, begin + draw.choice((30, 30, 60)) * MINUTE))
        person.turn += 1
        self._later(comes + draw.uniform(0, 10 * MINUTE), self._need, person, person.turn)

    def _need(self, person: Person, turn: int) -> None:
        """Somebody wants to work in Jira now, unless at lunch, in a meeting, or at home."""
        if turn != person.turn or self.now >= person.leaves_at:
            return
        if span := person.absence(self.now):
            self._later(span[1] + self.random.uniform(0, 5 * MINUTE), self._need, person, turn)
            return
        sigma = 1.0
        mean = self.company.mean_spell
        person.remaining = (
            self.random.lognormvariate(0, sigma) * mean / 2.718281828 ** (sigma**2 / 2)
        )
        self._go_on(person, turn)

    def _ask(self, person: Person, turn: int) -> None:
        """Ask for a slot, and wait with so much patience as somebody has."""
        person.joined_at = self.now
        self.queue[id(person)] = person
        self._dispatch()
        if person.joined_at is not None:
            patience = self.random.expovariate(1 / self.company.patience)
            self._later(self.now + patience, self._give_up, person, turn, person.joined_at)

    def _give_up(self, person: Person, turn: int, joined_at: float) -> None:
        if person.joined_at != joined_at or id(person) not in self.queue:
            return
        del self.queue[id(person)]
        self.waits.append(Wait(joined_at, self.now, served=False))
        self.ended(person, False)
        person.joined_at = None
        self._rest(person)

    def _rest(self, person: Person) -> None:
        """Do something else for a while."""
        between = self.random.expovariate(1 / self.company.mean_between)
        self._later(self.now + between, self._need, person, person.turn)

    def _work(self, person: Person) -> None:
        """Work in Jira for a while: until a pause, lunch, a meeting, or the end of the day."""
        if person.absence(self.now) or self.now >= person.leaves_at:
            self._pause(person)
            self._rest(person)
            return
        person.works = True
        burst = min(person.remaining, self.random.expovariate(1 / self.company.burst))
        person.remaining -= burst
        until = min(self.now + burst, person.next_absence(self.now))
        self._later(max(until, self.now + 1), self._stop, person, person.turn)

    def _pause(self, person: Person) -> None:
        if person.works or person.granted_at == self.now:
            person.works, person.last_active = False, self.now

    def _stop(self, person: Person, turn: int) -> None:
        """Stop: to read or think for a moment and go on, or because the spell is over."""
        if turn != person.turn:
            return
        self._pause(person)
        if person.remaining > 0:
            pause = self.random.lognormvariate(0, 1) * self.company.pause
            self._later(self.now + pause, self._go_on, person, turn)
            return
        if person.granted_at is not None and self.random.random() < self.company.hands_back:
            self._take(person, back=True)
        self._rest(person)

    def _go_on(self, person: Person, turn: int) -> None:
        """Go on after a pause; if the slot is gone meanwhile, ask for one."""
        if turn != person.turn:
            return
        if person.granted_at is not None:
            self._work(person)
        else:
            self._ask(person, turn)

    def _take(self, person: Person, *, back: bool = False) -> None:
        assert person.granted_at is not None  # noqa: S101 - only holders
        del self.holders[id(person)]
        confirmed_at = self.now + self.random.uniform(1, self.company.jira_delay)
        self._later(confirmed_at, self._freed, person.granted_at, back)
        person.granted_at, person.works = None, False

    def _freed(self, began: float, back: bool) -> None:
        self.stays.append(Stay(began, self.now, back))
        self.free += 1
        self._dispatch()

    def _idle_holders(self, at: float) -> list[Person]:
        """Return who has been inactive for the inactivity time at that moment, and still is."""
        long = self.company.inactivity
        return [
            person
            for person in self.holders.values()
            if not person.works and at - person.last_active >= long
        ]

    def _sweep(self, grid: float, until: float) -> None:
        for person in self._idle_holders(grid):
            self._take(person)
        if grid < until:
            grid += self.company.sweep_every
            late = self.random.uniform(0, self.company.late)
            self._later(grid + late, self._sweep, grid, until)

    def _polls(self, until: float) -> None:
        """Reclaim, as the polls of those who wait do: never more slots than people wait."""
        wanted = len(self.queue) - (self.company.slots - self.free - len(self.holders))
        if wanted > 0:
            longest = sorted(self._idle_holders(self.now), key=lambda person: person.last_active)
            for person in longest[:wanted]:
                self._take(person)
        if self.now < until:
            self._later(self.now + self.company.late, self._polls, until)

    def _dispatch(self) -> None:
        while self.free and self.queue:
            person = self.queue.pop(next(iter(self.queue)))
            assert person.joined_at is not None  # noqa: S101 - it waits
            self.waits.append(Wait(person.joined_at, self.now, served=True))
            self.ended(person, True)
            self.free -= 1
            person.joined_at, person.granted_at = None, self.now
            self.holders[id(person)] = person
            self._work(person)
