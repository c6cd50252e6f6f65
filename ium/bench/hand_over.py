"""Slots changing hands at Jira's own pace: a simulated Jira with real limits, a real worker, 100 ms per call."""

import contextlib
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

from ium.bench.figures import figure
from ium.bench.jira import SECONDS_PER_CALL, Timed, wait_for_jira
from ium.bench.system import Served, served, start
from ium.runtime.embedded_valkey import free_port
from ium.runtime.services import worker_services

SLOTS = 600
ADDITIONS, REMOVALS = 100.0, 50.0  # per second: Atlassian's refill of POST and DELETE
PATIENCE = 300.0
SETTLING = 3.0


@dataclass(frozen=True)
class Bench:
    """A system with its Jira."""

    system: Served
    jira: str

    def step(self, name: str) -> Any:
        """Do a step of bench_hand_over; return what it says."""
        output = self.system.manage("bench_hand_over", name, "--slots", str(SLOTS))
        return json.loads(output.splitlines()[-1])

    def calls(self) -> list[Timed]:
        """Return Jira's calls since the last time."""
        found = requests.get(f"{self.jira}/_bench/calls", timeout=30).json()
        return [Timed(**call) for call in found]


def hand_over_figures(_seconds: float) -> None:
    """Give 600 slots at once, then take all of them for the next in the queue."""
    for database in ("sqlite", "postgres"):
        with _running(database) as bench:
            given = _done(bench, "give", changes=SLOTS)
            taken = _done(bench, "take", changes=2 * SLOTS)
            pairs = bench.step("pairs")
        _print(f"hand_over.{database}", given, taken, dict(pairs))


@contextlib.contextmanager
def _running(database: str) -> Iterator[Bench]:
    url = f"http://127.0.0.1:{free_port()}"
    with contextlib.ExitStack() as parts:
        system = parts.enter_context(served(database, IUM_SIMULATOR_URL=url))
        arguments = ("--port", url.rpartition(":")[2], "--people", str(3 * SLOTS))
        start(parts, (sys.executable, "-m", "ium.bench.jira", *arguments), system.environment)
        bench = Bench(system, url)
        wait_for_jira(url)
        bench.step("prepare")
        for service in worker_services():
            start(parts, service.command, system.environment)
        bench.calls()
        yield bench


def _done(bench: Bench, step: str, changes: int) -> list[Timed]:
    """Do a step, wait until Jira has seen so many changes, and return its calls."""
    bench.step(step)
    deadline = time.monotonic() + PATIENCE
    while requests.get(f"{bench.jira}/_bench/changes", timeout=30).json() < changes:
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not all slots changed hands: {bench.step('state')}")
        time.sleep(1)
    time.sleep(SETTLING)
    return bench.calls()


def _print(name: str, given: list[Timed], taken: list[Timed], pairs: dict[str, str]) -> None:
    every = [*given, *taken]
    added, removed = _of(given, "POST"), _of(taken, "DELETE")
    figure(f"{name}.additions", _rate(added) / ADDITIONS, "share of the limit")
    figure(f"{name}.removals", _rate(removed) / REMOVALS, "share of the limit")
    refused = sum(call.status == 429 for call in every)
    figure(f"{name}.refused_429", refused / len(every), "share of the calls")
    changes = sum(bool(call.account) for call in every)
    figure(f"{name}.calls_per_change", changes / (3 * SLOTS), "calls")
    figure(f"{name}.other_calls_per_grant", (len(every) - changes) / (2 * SLOTS), "calls")
    late = _delays(removed, _of(taken, "POST"), pairs)
    p50, p95 = statistics.median(late), statistics.quantiles(late, n=20)[-1]
    figure(f"{name}.next_sent_p50", p50 / SECONDS_PER_CALL, "of a call")
    figure(f"{name}.next_sent_p95", p95 / SECONDS_PER_CALL, "of a call")


def _of(calls: list[Timed], method: str) -> list[Timed]:
    return [call for call in calls if call.account and call.method == method]


def _rate(calls: list[Timed]) -> float:
    """Return calls per second from the first tenth on: until then the worker gets its threads and connections."""
    came = sorted(call.came for call in calls)[len(calls) // 10 :]
    return (len(came) - 1) / (came[-1] - came[0])


def _delays(removed: list[Timed], added: list[Timed], pairs: dict[str, str]) -> list[float]:
    """Return the seconds from each confirmed removal to the addition of the next user."""
    gone = {call.account: call.answered for call in removed}
    came = {call.account: call.came for call in added}
    return [came[after] - gone[before] for before, after in pairs.items()]
