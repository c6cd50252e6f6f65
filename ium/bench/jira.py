"""The simulated Jira with a stopwatch: each call takes 100 ms, and `GET /_bench/calls` tells when each came and went.

Started as a process of its own: ``python -m ium.bench.jira --port 8090 --people 2000``.
"""

import argparse
import asyncio
import contextlib
import time
from dataclasses import asdict, dataclass

import requests
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from jira_sync.simulator.__main__ import serve
from jira_sync.simulator.settings import Options

SECONDS_PER_CALL = 0.1


@dataclass(frozen=True)
class Timed:
    """One call to an API; `account` for changes of memberships; times in seconds of this machine's monotonic clock."""

    method: str
    account: str
    status: int
    came: float
    answered: float


@dataclass
class Length:
    """How long each call takes; `POST /_bench/seconds` sets it."""

    seconds: float


def stopwatch(calls: list[Timed], length: Length) -> Middleware:
    """Return what delays and notes every call to Atlassian's APIs."""

    @web.middleware
    async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(("/admin/", "/rest/")):
            return await handler(request)
        came = time.monotonic()
        await asyncio.sleep(length.seconds)
        answer = await handler(request)
        account = await _account(request)
        calls.append(Timed(request.method, account, answer.status, came, time.monotonic()))
        return answer

    return timed


async def _account(request: web.Request) -> str:
    """Return whose membership is changed; empty for any other call."""
    _, found, account = request.path.partition("/memberships")
    if not found:
        return ""
    return account.strip("/") or str((await request.json())["accountId"])


def wait_for_jira(url: str) -> None:
    """Wait until it answers. Raises TimeoutError."""
    for _ in range(100):
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"{url}/_sim/health", timeout=5)
            return
        time.sleep(0.2)
    raise TimeoutError("The simulated Jira for the measurements did not start.")


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=SECONDS_PER_CALL)
    options = parser.parse_args()
    calls: list[Timed] = []
    length = Length(options.seconds)

    async def set_length(request: web.Request) -> web.Response:
        length.seconds = float(await request.text())
        return web.Response()

    async def tell(_request: web.Request) -> web.Response:
        told = web.json_response([asdict(call) for call in calls])
        calls.clear()
        return told

    async def count(_request: web.Request) -> web.Response:
        return web.json_response(sum(bool(call.account) for call in calls))

    def equip(app: web.Application) -> None:
        app.middlewares.insert(0, stopwatch(calls, length))
        app.router.add_get("/_bench/calls", tell)
        app.router.add_post("/_bench/seconds", set_length)
        app.router.add_get("/_bench/changes", count)

    simulated = Options(
        port=options.port,
        people=options.people,
        seats={"jira-software": options.people},
        delay=0.0,
    )
    asyncio.run(serve(simulated, equip))


if __name__ == "__main__":
    main()
