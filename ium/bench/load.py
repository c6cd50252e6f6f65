"""Clients: in a closed loop (each asks again as soon as it has its answer), and at a pace of its own."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

CONNECTIONS = 32
# At a pace: calls beyond these wait in the client, which counts as their time. Nothing is given up.
MOST_CONNECTIONS, PATIENT = 256, aiohttp.ClientTimeout(total=None, sock_connect=60)


@dataclass(frozen=True)
class Call:
    """One request to make."""

    method: str
    path: str
    token: str = ""
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What came of a run: answers per second, by status."""

    per_second: float
    statuses: Counter[int]


def run(
    url: str,
    calls: Sequence[Call],
    seconds: float = 60.0,
    connections: int = CONNECTIONS,
    most: int | None = None,
) -> Result:
    """Send the calls round and round for so many seconds, or until there were so many."""
    return asyncio.run(_run(url, calls, seconds, connections, most))


async def _run(
    url: str, calls: Sequence[Call], seconds: float, connections: int, most: int | None
) -> Result:
    statuses: Counter[int] = Counter()
    turns = itertools.islice(itertools.cycle(calls), most)
    began = time.monotonic()
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(url, connector=connector) as session:
        askers = [_ask(session, turns, began + seconds, statuses) for _ in range(connections)]
        await asyncio.gather(*askers)
    return Result(statuses.total() / (time.monotonic() - began), statuses)


async def _ask(
    session: aiohttp.ClientSession, turns: Iterator[Call], until: float, statuses: Counter[int]
) -> None:
    while time.monotonic() < until and (call := next(turns, None)) is not None:
        headers = {"Authorization": f"Bearer {call.token}"} if call.token else {}
        async with session.request(
            call.method, call.path, json=call.body, headers=headers
        ) as answer:
            await answer.read()
            statuses[answer.status] += 1


@dataclass(frozen=True)
class Paced:
    """How long each answer took in seconds, from the moment its call was due, and how long the run was."""

    took: list[float]
    seconds: float

    def quantile(self, share: float) -> float:
        """Return what so many of the answers stayed below."""
        return sorted(self.took)[int(share * (len(self.took) - 1))]


def paced(url: str, calls: Sequence[Call], rate: float, seconds: float) -> Paced:
    """Send so many calls a second, each when it is due, whether or not earlier ones are answered."""
    return asyncio.run(_paced(url, calls, rate, seconds))


async def _paced(url: str, calls: Sequence[Call], rate: float, seconds: float) -> Paced:
    took: list[float] = []
    began = time.monotonic()
    connector = aiohttp.TCPConnector(limit=MOST_CONNECTIONS)
    async with aiohttp.ClientSession(url, connector=connector, timeout=PATIENT) as session:
        sent = []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
            call = calls[number % len(calls)]
            sent.append(asyncio.create_task(_timed(session, call, due, took)))
        await asyncio.gather(*sent)
    return Paced(took, time.monotonic() - began)


async def _timed(session: aiohttp.ClientSession, call: Call, due: float, took: list[float]) -> None:
    headers = {"Authorization": f"Bearer {call.token}"} if call.token else {}
    async with session.request(call.method, call.path, json=call.body, headers=headers) as answer:
        await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{call.path} answered {answer.status}")
    took.append(time.monotonic() - due)
