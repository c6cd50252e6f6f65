"""What a replay is asked: the pool's options, Jira's delays, and how people behave. Times in seconds."""

from dataclasses import dataclass

from slots.rules import Timing
from slots.shares import Share


@dataclass(frozen=True)
class Options:
    """The options of a pool that decide who gets and who loses a slot."""

    slots: int
    timing: Timing[float]
    sweep_every: float
    reclaim: bool = False
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True)
class Delays:
    """What takes time outside the rules.

    `adding`, `removing`: until Jira confirms. `opening`: until its pages open for a new holder. `noticing`: until
    somebody who waited sees that it is their turn. `polling`: until somebody who waits asks again and so reclaims.
    `sweeping`: how late the sweep's job comes.
    """

    adding: float = 2.0
    removing: float = 2.0
    opening: float = 3.0
    noticing: float = 3.0
    polling: float = 3.0
    sweeping: float = 5.0


@dataclass(frozen=True)
class Habits:
    """What people do that no rule decides.

    `patience`: mean of the time after which somebody gives up, None for never before the day's work would be over.
    `hands_back`: share of sittings after which the slot is handed back. `catches_up`: whether work that had to wait
    is done afterwards in full, or ends when it would have ended. `wants_back_within`: a loss after which the same
    person asks again so soon counts as one in mid-work. `seed`: of what is drawn; the same for every number of slots.
    """

    patience: float | None = 3600.0
    hands_back: float = 0.0
    catches_up: bool = True
    wants_back_within: float = 600.0
    seed: int = 8
