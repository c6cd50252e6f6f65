"""10,000 people who wait and poll at the pace the server asks for, and promoting the first of them, on both databases.

The load is an open loop: everybody polls when told to, however slow the answers are. What the web server cannot do in
time shows as polls that came late, or were lost after 10 seconds.
"""

import asyncio
import heapq
import json
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from ium.bench.figures import figure
from ium.bench.system import Served, prepared, served

WAITING, LICENCES, PROMOTIONS = 10_000, 200, 100
# So long the load runs: as long as the longest time between two polls, so that everybody polls.
LEAST_SECONDS, WARM_UP = 60.0, 10.0
CONNECTIONS = 200
LATE, LOST, BEARABLE = 1.0, 10.0, 0.01


@dataclass
class Seen:
    """What came of the polls."""

    statuses: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    late: int = 0


def queue_poll_figures(seconds: float) -> None:
    """Measure the web server's processor time under the polls of 10,000, and one promotion."""
    for database in ("sqlite", "postgres"):
        with served(database) as system:
            people = WAITING + 2 * PROMOTIONS
            prepared(system, users=people + LICENCES, licences=LICENCES, holders=LICENCES)
            tokens = _step(system, "fill", people)
            # First, while the web server does nothing; each takes two people out of the queue.
            times = _step(system, "promote", PROMOTIONS)
            name = f"queue_poll.{database}.promotion"
            figure(f"{name}_of_bare_transaction", times["promotion"] / times["bare"], "ratio")
            figure(name, 1000 * times["promotion"], "ms")
            waiting = tokens[2 * PROMOTIONS :]
            _poll(system, f"queue_poll.{database}", waiting, max(seconds, LEAST_SECONDS))


def _step(system: Served, name: str, number: int) -> Any:
    output = system.manage("bench_queue", name, "--number", str(number))
    return json.loads(output.splitlines()[-1])


def _poll(system: Served, name: str, tokens: list[str], seconds: float) -> None:
    """Poll for so long; print what that cost the web server, and whether it kept up."""
    crowd = Crowd(system.url, tokens)
    asyncio.run(crowd.learn_pace())
    asyncio.run(crowd.poll(WARM_UP))
    crowd.seen = Seen()
    before, began = system.cpu_seconds(), time.monotonic()
    asyncio.run(crowd.poll(seconds))
    spent, took = system.cpu_seconds() - before, time.monotonic() - began
    seen = crowd.seen
    if not set(seen.statuses) <= {"queued", "lost"}:
        raise RuntimeError(f"Polls were not answered as expected: {dict(seen.statuses)}")
    polls = seen.statuses.total()
    lost = seen.statuses["lost"] / polls
    figure(f"{name}.lost", lost, "share of the polls")
    if lost <= BEARABLE:  # a server that answers hardly anything costs little
        figure(f"{name}.cpu", 100 * spent / took, "% of one core")
    figure(f"{name}.rate", seen.statuses["queued"] / took, "answers/s")
    figure(f"{name}.asked_rate", crowd.asked_rate(), "polls/s")
    figure(f"{name}.late", seen.late / polls, "share of the polls")
    figure(f"{name}.p50", 1000 * statistics.median(seen.latencies), "ms")
    figure(f"{name}.p99", 1000 * statistics.quantiles(seen.latencies, n=100)[-1], "ms")


class Crowd:
    """People who poll, each when the last answer said."""

    def __init__(self, url: str, tokens: list[str]) -> None:
        """Nobody has polled yet."""
        self.seen = Seen()
        self._url, self._tokens = url, tokens
        self._pace = [0.0] * len(tokens)
        self._due: list[tuple[float, int]] = []
        self._random = random.Random(1)  # noqa: S311 - spreads a load

    def asked_rate(self) -> float:
        """Return how many polls in a second the server asked for."""
        return sum(1 / pace for pace in self._pace)

    async def learn_pace(self) -> None:
        """Ask for a few people, so that all begin as if they had been polling for long."""
        size = len(self._tokens)
        places = sorted({min(size - 1, int(1.6**power)) for power in range(20)} | {0, size - 1})
        async with self._session() as session:
            for place in places:
                await self._ask(session, place)
        # Between two that were asked, everybody is told what the one before was told.
        told = 0.0
        for place in range(size):
            told = self._pace[place] = self._pace[place] or told
        now = time.monotonic()
        self._due = [
            (now + self._random.uniform(0, pace), place) for place, pace in enumerate(self._pace)
        ]
        heapq.heapify(self._due)

    async def poll(self, seconds: float) -> None:
        """Poll for so long."""
        until = time.monotonic() + seconds
        running: set[asyncio.Task[None]] = set()
        async with self._session() as session:
            while (now := time.monotonic()) < until:
                while self._due and self._due[0][0] <= now:
                    due, place = heapq.heappop(self._due)
                    task = asyncio.create_task(self._turn(session, due, place))
                    running.add(task)
                    task.add_done_callback(running.discard)
                await asyncio.sleep(0.005)
            await asyncio.gather(*running)

    def _session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        timeout = aiohttp.ClientTimeout(total=LOST)
        return aiohttp.ClientSession(self._url, connector=connector, timeout=timeout)

    async def _turn(self, session: aiohttp.ClientSession, due: float, place: int) -> None:
        try:
            await self._ask(session, place)
        except TimeoutError:
            self.seen.statuses["lost"] += 1
        done = time.monotonic()
        self.seen.latencies.append(done - due)
        self.seen.late += done - due > LATE
        # An open loop: the next poll counts from when this one was due, not from its answer.
        heapq.heappush(self._due, (due + self._pace[place], place))

    async def _ask(self, session: aiohttp.ClientSession, place: int) -> None:
        headers = {"Authorization": f"Bearer {self._tokens[place]}"}
        body = {"pool": "jira", "join": False}
        async with session.post("/api/v1/slot", json=body, headers=headers) as answer:
            document = await answer.json(content_type=None)
        self.seen.statuses[document.get("state", f"status {answer.status}")] += 1
        self._pace[place] = document.get("retry_after", 60.0)
