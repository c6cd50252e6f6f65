"""User sync and reconciler against a simulated Jira of 10,000 people: what they read, and how fast they change."""

import contextlib
import json
import sys

from ium.bench.figures import figure
from ium.bench.jira import wait_for_jira
from ium.bench.system import served, start
from ium.runtime.embedded_valkey import free_port

PEOPLE, ADDED = 10_000, 1_000
ADDITIONS = 100.0  # per second: Atlassian's refill of POST
PAGE = 50


def sync_figures(_seconds: float) -> None:
    """Measure a sync without differences, a comparison without differences, and 1,000 additions at 100 ms per call."""
    for database in ("sqlite", "postgres"):
        url = f"http://127.0.0.1:{free_port()}"
        with contextlib.ExitStack() as parts:
            system = parts.enter_context(served(database, IUM_SIMULATOR_URL=url))
            arguments = (
                "--port",
                url.rpartition(":")[2],
                "--people",
                str(PEOPLE * 5 // 4 + 100),
            )  # four of five are users
            command = (sys.executable, "-m", "ium.bench.jira", *arguments, "--seconds", "0")
            start(parts, command, system.environment)
            wait_for_jira(url)
            sizes = ("--people", str(PEOPLE), "--added", str(ADDED))
            found = json.loads(system.manage("bench_sync", *sizes).splitlines()[-1])
        for name in ("again", "reconcile"):
            figure(f"{name}.{database}.changes", found[name]["changes"], "calls")
            figure(
                f"{name}.{database}.reads", found[name]["reads"] / (PEOPLE / PAGE), "calls per page"
            )
            figure(f"{name}.{database}.time", found[name]["seconds"], "s")
            figure(f"{name}.{database}.memory", found[name]["peak_mb"], "MB")
        figure(f"sync.{database}.additions", found["rate"] / ADDITIONS, "share of the limit")
