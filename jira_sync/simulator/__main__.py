"""Start the simulated Jira: ``python -m jira_sync.simulator --port 8090``."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from jira_sync.simulator import credentials, demo
from jira_sync.simulator.app import create_app
from jira_sync.simulator.settings import Options

# Requests that a fault holds back must not hold up the end of the process.
SHUTDOWN_SECONDS = 0.2


def _seats(text: str) -> tuple[str, int]:
    """``40`` for Jira, or ``product=40``."""
    product, _, count = text.rpartition("=")
    product = product or "jira-software"
    if product not in demo.SEATS or not count.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number nor PRODUCT=NUMBER")
    return product, int(count)


def _people(text: str) -> int:
    if not text.isdecimal() or int(text) < demo.FEWEST_PEOPLE:
        raise argparse.ArgumentTypeError(f"at least {demo.FEWEST_PEOPLE} people are needed")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jira_sync.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the state in this file")
    parser.add_argument("--seats", type=_seats, action="append", default=[], metavar="N|PRODUCT=N")
    parser.add_argument("--people", type=_people, default=300, metavar="N")
    parser.add_argument(
        "--delay", type=float, default=1.0, help="seconds until pages feel a change"
    )
    parser.add_argument("--bucket", type=int, default=350, help="size of the rate limit's buckets")
    parser.add_argument("--ium-url", default="", help="link the no-access page to this IUM")
    parser.add_argument("--org", nargs="+", default=[credentials.ORG_ID], metavar="ORG_ID")
    parser.add_argument("--verbose", action="store_true", help="log every request")
    parser.add_argument(
        "--print-credentials", action="store_true", help="print them as JSON and end"
    )
    return parser


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        host=arguments.host,
        port=arguments.port,
        state=arguments.state,
        seats=dict(arguments.seats),
        people=arguments.people,
        delay=arguments.delay,
        bucket=arguments.bucket,
        ium_url=arguments.ium_url,
        orgs=tuple(arguments.org),
        verbose=arguments.verbose,
    )


async def serve(options: Options, equip: Callable[[web.Application], None] | None = None) -> None:
    """Serve until told to stop; `equip` may add to the application before it starts."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log = logging.getLogger("aiohttp.access") if options.verbose else None
    app = create_app(options)
    if equip is not None:
        equip(app)
    runner = web.AppRunner(app, access_log=log, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, options.host, options.port, backlog=1024).start()
        _announce(options, runner)
        await stop.wait()
    finally:
        await runner.cleanup()


def _announce(options: Options, runner: web.AppRunner) -> None:
    port = runner.addresses[0][1]
    sys.stdout.write(f"Simulated Jira ready at http://{options.host}:{port}\n")
    sys.stdout.flush()


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.print_credentials:
        sys.stdout.write(json.dumps(credentials.printable(arguments.org[0]), indent=2) + "\n")
        return
    if arguments.verbose:
        logging.basicConfig(level=logging.INFO)
    try:
        asyncio.run(serve(_options(arguments)))
    except sqlite3.DatabaseError as problem:
        sys.exit(f"Cannot use the state file {arguments.state}: {problem}")
    except OSError as problem:
        sys.exit(
            f"Cannot listen on {arguments.host}:{arguments.port}: {problem.strerror or problem}"
        )


if __name__ == "__main__":
    main()
