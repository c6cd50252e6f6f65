"""Warnings and the sweep beside the bare statements that find whom they concern, on both databases."""

import json

from ium.bench.figures import figure
from ium.bench.system import served

USERS, SLOTS, DUE = 50_000, 10_000, 200
TIMES = 10


def sweep_figures(_seconds: float) -> None:
    """Measure 10,000 slots of 50,000 users with 200 due, then ten times everything."""
    for database in ("sqlite", "postgres"):
        usual, large = _measured(database, 1), _measured(database, TIMES)
        for step, found in (("warn", "bare_find"), ("take", "bare_due")):
            name = f"sweep.{database}.{step}"
            figure(f"{name}.time", 1000 * usual[step], "ms")
            figure(f"{name}.finding", 1000 * usual[found], "ms")
            figure(f"{name}.of_bare_statements", usual[step] / usual[f"bare_{step}"], "ratio")
            figure(f"{name}.ten_times_everything", large[step] / usual[step], "ratio")
            bare = f"bare_{step}"
            figure(f"{name}.ten_times_bare_statements", large[bare] / usual[bare], "ratio")
        whole = usual["warn"] + usual["take"]
        figure(
            f"sweep.{database}.of_finding",
            whole / (usual["bare_find"] + usual["bare_due"]),
            "ratio",
        )
        figure(f"sweep.{database}.messages", 1000 * usual["messages"], "ms")
        figure(f"sweep.{database}.memory", usual["peak_mb"], "MB")
        figure(f"sweep.{database}.memory_ten_times", large["peak_mb"], "MB")


def _measured(database: str, times: int) -> dict[str, float]:
    sizes = {"users": USERS * times, "slots": SLOTS * times, "due": DUE * times}
    arguments = [text for name, size in sizes.items() for text in (f"--{name}", str(size))]
    with served(database) as system:
        figures: dict[str, float] = json.loads(
            system.manage("bench_sweep", *arguments).splitlines()[-1]
        )
    return figures
