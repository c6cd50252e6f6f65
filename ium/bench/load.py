"""A closed-loop client: so many connections, each asking again as soon as it has its answer."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

CONNECTIONS = 32


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


def run(url: str, calls: list[Call], seconds: float) -> Result:
    """Send the calls round and round for so many seconds."""
    return asyncio.run(_run(url, calls, seconds))


async def _run(url: str, calls: list[Call], seconds: float) -> Result:
    statuses: Counter[int] = Counter()
    turns = itertools.cycle(calls)
    began = time.monotonic()
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(url, connector=connector) as session:
        askers = [_ask(session, turns, began + seconds, statuses) for _ in range(CONNECTIONS)]
        await asyncio.gather(*askers)
    return Result(statuses.total() / (time.monotonic() - began), statuses)


async def _ask(
    session: aiohttp.ClientSession, turns: Iterator[Call], until: float, statuses: Counter[int]
) -> None:
    while time.monotonic() < until:
        call = next(turns)
        headers = {"Authorization": f"Bearer {call.token}"} if call.token else {}
        async with session.request(
            call.method, call.path, json=call.body, headers=headers
        ) as answer:
            await answer.read()
            statuses[answer.status] += 1
