"""What was injected and what was measured: one line of JSON for programs, a table for people."""

import json
from collections.abc import Callable
from typing import Any

from tests.kill.chaos import Chaos

Say = Callable[[str], None]


def announcement(seed: int, database: str) -> str:
    """Return what is said before anything happens."""
    return f"\nKill test on {database}: IUM_KILL_SEED={seed} replays the order of the injections"


def as_json(name: str, measured: dict[str, Any], chaos: Chaos | None = None) -> str:
    """Return one line for programs."""
    document = {"name": name} | measured
    if chaos is not None:
        document["injected"] = dict(sorted(chaos.injected.items()))
        document["not_possible"] = dict(chaos.not_possible)
    return json.dumps(document)


def as_table(measured: dict[str, Any], chaos: Chaos | None = None) -> str:
    """Return the same for people."""
    injected = dict(sorted(chaos.injected.items())) if chaos is not None else {}
    width = max(map(len, [*injected, *measured]))
    rows = [f"  {name:<{width}}  {number}" for name, number in injected.items()]
    rows += ["  " + "-" * width] if rows else []
    rows += [f"  {name:<{width}}  {value}" for name, value in measured.items()]
    return "\n".join(rows)
