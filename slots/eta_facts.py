"""What the estimate of the wait is made of, read from the database, and a timetable of each pool kept for seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from slots.eta import (
    ENOUGH_STAYS,
    RECENT_STAYS,
    Outlook,
    Stays,
    Timetable,
    Wait,
    pace_of,
    shown,
    steadied,
)
from slots.models import CloseReason, LicencePool, LossReason, Slot, SlotState
from slots.selectors import with_last_activity

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from slots.selectors import LastActive

RECENT_WAITS = timedelta(hours=1)
# A timetable is used for so long: the hazards it sums up change in minutes.
KEPT_FOR = timedelta(seconds=5)
# Losses that happen at the end of the inactivity time; all others may happen at any moment.
BY_INACTIVITY = frozenset({LossReason.SWEEP, LossReason.RECLAIM})
GAVE_UP = frozenset(CloseReason.values) - {CloseReason.SERVED, CloseReason.REFUSED}


@dataclass(frozen=True)
class _Kept:
    """A pool's timetable, when it was made, and what it was made for."""

    made_at: datetime
    slots: int
    timetable: Timetable | None


_kept: dict[int, _Kept] = {}
# What this process showed last, by queue entry; begun anew when there are too many. Another process may have shown
# a step more or less; that does no harm.
_shown: dict[int, tuple[int, int]] = {}
SHOWN_AT_MOST = 20_000


def timetable_of(pool: LicencePool, at: datetime) -> Timetable | None:
    """Return when the pool's slots will probably come free; None while it is not known.

    Read at most every 5 seconds in each process, however many people ask.
    """
    kept = _kept.get(pool.pk)
    if kept is None or kept.slots != pool.slot_count or not _is_fresh(kept, at):
        outlook = pool_outlook(pool, at)
        kept = _Kept(at, pool.slot_count, Timetable(outlook) if outlook is not None else None)
        _kept[pool.pk] = kept
    return kept.timetable


def forget_timetables() -> None:
    """Forget what is kept: for tests, in which pools come and go."""
    _kept.clear()
    _shown.clear()


def steady_range(entry_id: int, wait: Wait) -> tuple[int, int]:
    """Return the range to show to somebody who waits: it does not go up by a single step against the last one."""
    if len(_shown) > SHOWN_AT_MOST:
        _shown.clear()
    seen = _shown[entry_id] = steadied(_shown.get(entry_id), shown(wait))
    return seen


def _is_fresh(kept: _Kept, at: datetime) -> bool:
    # A clock that was set back makes what is kept old, not young.
    return timedelta(0) <= at - kept.made_at < KEPT_FOR


def expected_wait(pool: LicencePool, *, ahead: int, at: datetime) -> Wait | None:
    """Return the expected wait of somebody with so many living people ahead; None while it is not known."""
    timetable = timetable_of(pool, at)
    return timetable.wait(ahead) if timetable is not None else None


def pool_outlook(pool: LicencePool, at: datetime) -> Outlook | None:
    """Return the pool as the estimate sees it; None without slots, or before enough stays ended."""
    stays, assumed = recent_stays(pool), pool.assumed_hold_minutes
    if pool.slot_count < 1 or not (stays.number >= ENOUGH_STAYS or assumed):
        return None
    used = list(with_last_activity(pool.slots.used(), pool).select_related("holder"))
    pace = pace_of(
        stays,
        [(at - slot.granted_at).total_seconds() for slot in used if slot.granted_at is not None],
        giving_up=giving_up(pool, at),
        assumed_hold=assumed * 60.0 if assumed else None,
    )
    if pace is None:
        return None
    held = [slot for slot in used if slot.state != SlotState.REVOKING]
    return Outlook(
        at=at.timestamp(),
        slots=pool.slot_count,
        pace=pace,
        inactive_since=tuple(_inactive_since(pool, slot, at) for slot in held),
        inactivity=pool.inactivity.total_seconds(),
        sweep_every=None if pool.reclaim_on_request else pool.sweep_interval_minutes * 60.0,
        coming=len(used) - len(held),
        surplus=max(0, len(used) - pool.slot_count),
    )


def _inactive_since(
    pool: LicencePool, slot: "WithAnnotations[Slot, LastActive]", at: datetime
) -> float | None:
    """Return from when on the holder's inactivity counts; the minimum hold is a later beginning of it."""
    if slot.holder is not None and slot.holder.is_protected:
        return None
    if slot.state == SlotState.GRANTING or slot.confirmed_at is None:
        return at.timestamp()
    since = max(slot.last_active_at, slot.confirmed_at + pool.minimum_hold - pool.inactivity)
    return min(since, at).timestamp()


def recent_stays(pool: LicencePool) -> Stays:
    """Return the pool's last 200 finished stays, summed up."""
    rows = pool.sessions.order_by("-ended_at").values_list("granted_at", "ended_at", "loss_reason")
    stays = list(rows[:RECENT_STAYS])
    return Stays(
        number=len(stays),
        lost=sum(reason in BY_INACTIVITY for _, _, reason in stays),
        seconds=sum((ended - granted).total_seconds() for granted, ended, _ in stays),
    )


def giving_up(pool: LicencePool, at: datetime) -> float:
    """Return how often one waiting person gave up in the last hour, per second of waiting."""
    rows = pool.entries.filter(Q(closed_at=None) | Q(closed_at__gt=at - RECENT_WAITS))
    end = Coalesce("closed_at", Value(at), output_field=DateTimeField())
    waited = ExpressionWrapper(end - F("joined_at"), output_field=DurationField())
    sums = rows.aggregate(
        waited=Sum(waited), gave_up=Count("pk", filter=Q(close_reason__in=GAVE_UP))
    )
    seconds = sums["waited"].total_seconds() if sums["waited"] is not None else 0.0
    return float(sums["gave_up"] / seconds) if seconds > 0 else 0.0
