"""Demand: who wanted Jira when, apart from whether a licence was free. What the what-if replays.

Plain data without Django; times are seconds since the epoch.
"""

from dataclasses import dataclass
from itertools import pairwise

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Want:
    """Somebody wants Jira from `start`, is active in `spans`, and stops at `end`.

    `start` is when the person first asked or was first active, whichever is earlier: what lies between it and the
    first span is a wait that was recorded, and a replay lets the work begin as soon as there is a slot.
    Without spans nobody knows what the person would have done: the wait was given up, or never granted.
    """

    start: float
    end: float
    spans: tuple[Span, ...]

    def __post_init__(self) -> None:
        """Refuse what is not in order.

        Raises ValueError.
        """
        moments = [self.start, *(moment for span in self.spans for moment in span), self.end]
        if any(later < earlier for earlier, later in pairwise(moments)):
            raise ValueError("The spans of a want lie in order between its start and its end.")


@dataclass(frozen=True, slots=True)
class Demand:
    """All that one person wanted. `person` is opaque, `groups` are ids of Jira groups that rules may name."""

    person: int
    groups: frozenset[int]
    wants: tuple[Want, ...]

    def __post_init__(self) -> None:
        """Refuse wants that overlap or are out of order.

        Raises ValueError.
        """
        if any(later.start < earlier.end for earlier, later in pairwise(self.wants)):
            raise ValueError("A person's wants lie one after the other.")
