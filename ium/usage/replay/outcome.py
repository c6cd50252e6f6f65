"""What a replay found."""

from collections import Counter
from dataclasses import dataclass, field
from math import ceil


@dataclass(frozen=True, slots=True)
class Waited:
    """One wait, from asking until a slot or until the person was gone; in seconds."""

    person: int
    joined: float
    seconds: float
    served: bool


@dataclass
class Outcome:
    """Everything that happened, with the moments (seconds since the epoch) for looking at parts of it.

    `asked`: moments at which somebody without a slot wanted one. `waits`: those that were not served at once.
    `cut_off`: losses after which the same person soon wanted back in. `locked`: people turned away by the lock time.
    """

    slots: int
    asked: list[float] = field(default_factory=list)
    waits: list[Waited] = field(default_factory=list)
    cut_off: list[float] = field(default_factory=list)
    losses: Counter[str] = field(default_factory=Counter)
    warned: int = 0
    kept: int = 0
    locked: int = 0
    most_used: int = 0
    most_waiting: int = 0
    full_seconds: float = 0.0
    used_seconds: float = 0.0


def quantile(ordered: list[float], share: float) -> float:
    """Return the smallest value that at least this share of the sorted values does not exceed; 0 without values."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0
