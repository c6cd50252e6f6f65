"""The rules as arithmetic: who may lose a slot when, who is served, how many may be taken. No database, no Django.

One definition for two readers: the services, which build their statements from it (moments are datetimes, lengths
timedeltas), and the replay of recorded demand (`ium.usage.replay`), which counts in seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, Self, TypeVar

# Hidden tabs may poll only once a minute: so long silence is no absence.
ALIVE_SECONDS = 90
# A slot that was not taken up so often ends the wait behind it.
MISSES_UNTIL_GONE = 2
# Nobody loses a slot to the sweep who was not warned so long before (promise 4).
WARNED_SECONDS = 60
# The warning job runs every 10 s and may be late: it warns for the sweep at hand within this window.
WARNING_WINDOW_SECONDS = 30


class Moment(Protocol):
    """A point in time: a datetime, or seconds since the epoch."""

    def __add__(self, length: Any, /) -> Self: ...
    def __sub__(self, length: Any, /) -> Self: ...
    def __lt__(self, other: Any, /) -> bool: ...
    def __le__(self, other: Any, /) -> bool: ...


MomentT = TypeVar("MomentT", bound=Moment)
LengthT = TypeVar("LengthT")


@dataclass(frozen=True, slots=True)
class LossLimits(Generic[MomentT]):
    """A slot may go when all three are as early as this or earlier: the holder's activity, clock and confirmation."""

    active: MomentT
    clock: MomentT
    confirmed: MomentT


@dataclass(frozen=True, slots=True)
class Timing(Generic[LengthT]):
    """A pool's lengths of time, and what follows from them. Timedeltas or seconds."""

    inactivity: LengthT
    warning: LengthT
    minimum_hold: LengthT
    claim_time: LengthT
    lock_time: LengthT
    place_kept: LengthT
    alive_for: LengthT
    warned_for: LengthT
    warning_window: LengthT

    @classmethod
    def of(
        cls,
        length: Callable[[float], LengthT],
        *,
        inactivity: float,
        warning: float,
        minimum_hold: float,
        claim_time: float,
        lock_time: float,
        place_kept: float,
    ) -> "Timing[LengthT]":
        """Return the timing with the product's own constants; all in seconds, which `length` makes lengths of."""
        return cls(
            inactivity=length(inactivity),
            warning=length(warning),
            minimum_hold=length(minimum_hold),
            claim_time=length(claim_time),
            lock_time=length(lock_time),
            place_kept=length(place_kept),
            alive_for=length(ALIVE_SECONDS),
            warned_for=length(WARNED_SECONDS),
            warning_window=length(WARNING_WINDOW_SECONDS),
        )

    # --- Losing a slot --------------------------------------------------------------------------

    def loss_limits(self, at: MomentT) -> LossLimits[MomentT]:
        """Return how early everything must be for a slot to go at this moment, by sweep or reclaim."""
        inactive = at - self.inactivity
        return LossLimits(active=inactive, clock=inactive, confirmed=at - self.minimum_hold)

    def loss_from(self, *, active: MomentT, clock: MomentT, confirmed: MomentT) -> MomentT:
        """Return the first moment at which all of `loss_limits` hold."""
        return max(active + self.inactivity, clock + self.inactivity, confirmed + self.minimum_hold)

    def swept_from(self, *, active: MomentT, clock: MomentT, confirmed: MomentT) -> MomentT:
        """Return the first moment at which a sweep would take the slot of somebody who does nothing any more.

        Activity after the last warning before a sweep keeps the slot, however short the inactivity time is.
        """
        due = self.loss_from(active=active, clock=clock, confirmed=confirmed)
        return max(due, active + self.warning, confirmed + self.warning)

    def warns(self, at: MomentT, sweep_at: MomentT) -> bool:
        """Return whether people are warned now of the sweep at that moment."""
        return sweep_at <= at + self.warning + self.warning_window

    def warned_by(self, at: MomentT) -> MomentT:
        """Return when somebody must have been warned, at the latest, to lose the slot to the sweep now."""
        return at - self.warned_for

    def keeps(self, at: MomentT, *, active: MomentT, warned: MomentT) -> bool:
        """Return whether somebody who was warned keeps the slot as the sweep looks once more."""
        return warned < active or at < active + self.inactivity

    def disproved_removals(self, active: MomentT) -> MomentT:
        """Return the moment before which no removal may lie once somebody was active: warnings of such are void.

        A warning from before the activity is void too.
        """
        return active + self.inactivity

    def lock_until(self, lost: MomentT) -> MomentT:
        """Return until when somebody cannot get a slot again who lost one to the sweep."""
        return lost + self.lock_time

    # --- Waiting --------------------------------------------------------------------------------

    def alive_until(self, seen: MomentT) -> MomentT:
        """Return until when somebody who waits counts as there."""
        return seen + self.alive_for

    def gone_if_seen_before(self, at: MomentT) -> MomentT:
        """Return since when somebody must have been silent for the place to be given up."""
        return at - self.place_kept

    def unclaimed_since(self, at: MomentT) -> MomentT:
        """Return when a slot must have been confirmed, at the latest, to be taken as not taken up."""
        return at - self.claim_time


def sweep_after(earliest: float, interval: float) -> float:
    """Return the first sweep then or later, in seconds since the epoch: sweeps lie on a fixed grid of the day."""
    return -(-earliest // interval) * interval


def rank(number: Any, places_ahead: Any) -> Any:
    """Return what decides within a priority; smaller is earlier, of equals the later number. Takes columns too."""
    return number - places_ahead


def room(*, slots: int, used: int) -> int:
    """Return how many slots may be given; a limit that was lowered holds at once, whatever rows there are."""
    return max(0, slots - used)


def reclaims(*, waiting: int, coming: int, rows: int, slots: int) -> bool:
    """Return whether one more inactive holder's slot is taken for those who wait.

    Never more than people wait (`coming`: slots being taken), and none of a pool that is shrinking.
    """
    return waiting > coming and rows <= slots


def place_is_kept(misses: int) -> bool:
    """Return whether somebody who missed so many slots before, and now one more, keeps the place."""
    return misses + 1 < MISSES_UNTIL_GONE
