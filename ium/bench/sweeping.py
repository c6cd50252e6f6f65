"""The sweep beside the bare statement that finds what is due, on both databases."""

import json

from ium.bench.figures import figure
from ium.bench.system import prepared, served

USERS, SLOTS, DUE = 20_000, 10_000, 200


def sweep_figures(_seconds: float) -> None:
    """Measure one sweep over 10,000 slots with 200 due."""
    for database in ("sqlite", "postgres"):
        with served(database) as system:
            prepared(system, users=USERS, licences=SLOTS, holders=SLOTS)
            output = system.manage("bench_sweep", "--due", str(DUE))
            times = json.loads(output.splitlines()[-1])
            figure(f"sweep.{database}.of_bare_statement", times["sweep"] / times["bare"], "ratio")
            figure(f"sweep.{database}.time", 1000 * times["sweep"], "ms")
