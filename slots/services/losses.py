"""How slots are lost: sweep with its warning, reclaim, administrator, leaving the user group."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from django.db import transaction
from django.db.models import Exists, F

from activity.services import intake_is_trusted
from ium.directory.models import User
from ium.lib.rows import update_returning
from slots.models import CloseReason, Event, LicencePool, LossReason, Slot, SlotState
from slots.models.slot import SlotQuerySet
from slots.rules import reclaims, sweep_after
from slots.selectors import LastActive, activity_of_holders, with_last_activity
from slots.services.dispatch import grants_rest, want_change
from slots.services.journal import journal_slots
from slots.services.pools import pool_lock
from slots.services.waits import close_entry
from slots.shares import anybody_below_the_caps

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import WithAnnotations

    class Due(LastActive):
        """What the sweep has to know besides the slot itself."""

        is_protected: bool


SlotT = TypeVar("SlotT", bound=Slot)
# Slots are taken so many at a time: memory stays flat, whoever is due.
BATCH = 1000
# What a loss needs of each slot; the pool, because its related manager asks for it.
_COLUMNS = ("pool", "state", "fence", "warned_at", "revoke_at")


def revoke(
    *slots: Slot,
    reason: LossReason,
    at: datetime,
    actor: User | None = None,
    among: SlotQuerySet | None = None,
) -> int:
    """Want the slots' holders out of the access group; a slot stays used until Jira confirms it.

    The caller holds the pool lock. Returns how many slots were still as the caller saw them: activity clears
    `revoke_at` without the lock, and then the sweep must not take the slot. A call that is in flight keeps
    its claim: the removal waits for its answer. `among`: only if a slot is still one of these.
    """
    rows = _as_seen(slots, reason)
    taken = update_returning(
        rows if among is None else rows.filter(pk__in=among.values("pk")),
        state=SlotState.REVOKING,
        fence=F("fence") + 1,
        loss_reason=reason,
        revoking_since=at,
        warned_at=None,
        revoke_at=None,
        attempts=0,
        next_attempt_at=None,
        last_error="",
    )
    by_warning: dict[datetime | None, list[int]] = defaultdict(list)
    for slot in slots:
        if slot.pk in taken:
            by_warning[slot.warned_at].append(slot.pk)
    for warned_at, slot_ids in by_warning.items():
        journal_slots(
            slot_ids,
            event=Event.REVOKING,
            at=at,
            reason=reason,
            actor=actor,
            warned_at=warned_at.isoformat() if warned_at else None,
        )
    if taken:
        want_change(*sorted(taken))
    return len(taken)


def _as_seen(slots: Sequence[Slot], reason: LossReason) -> "QuerySet[Slot]":
    """Return the slots if they are as they were when read; of several, as one of them was.

    That is enough: only under the pool lock does a slot get to another state or number, and a warning that was
    taken back leaves no `revoke_at`.
    """
    rows = Slot.objects.filter(
        pk__in=[slot.pk for slot in slots],
        fence__in={slot.fence for slot in slots},
        state__in={slot.state for slot in slots},
    )
    if reason == LossReason.SWEEP:
        rows = rows.filter(revoke_at__in={slot.revoke_at for slot in slots})
    return rows


def may_be_taken(pool: LicencePool, at: datetime) -> bool:
    """Whether inactivity can be trusted and acted upon: otherwise holders keep what they have (promise 5)."""
    if pool.measuring:
        return False
    return pool.enabled and not pool.site.is_down and intake_is_trusted(at=at)


def next_sweep(pool: LicencePool, at: datetime) -> datetime:
    """Return the first sweep that leaves time for a warning: sweeps lie on a fixed grid of the day."""
    earliest = (at + pool.warning).timestamp()
    sweep_at = sweep_after(earliest, pool.sweep_interval_minutes * 60)
    return datetime.fromtimestamp(sweep_at, tz=at.tzinfo)


def _sweepable(pool: LicencePool, sweep_at: datetime) -> SlotQuerySet:
    """Return active slots whose holders will be over the inactivity time at that moment."""
    limits = pool.timing.loss_limits(sweep_at)
    return pool.slots.filter(
        ~Exists(activity_of_holders(pool).filter(last_active_at__gt=limits.active)),
        state=SlotState.ACTIVE,
        holder__is_protected=False,
        confirmed_at__lte=limits.confirmed,
        clock_from__lte=limits.clock,
    )


@transaction.atomic
def sweep_warn(*, pool_id: int, at: datetime, actor: User | None = None) -> int:
    """Warn holders whom the coming sweep would take; return how many.

    Does nothing until the sweep is one warning time away, so that nobody is warned too early.
    """
    pool = pool_lock(pool_id)
    sweep_at = next_sweep(pool, at)
    if not pool.timing.warns(at, sweep_at) or not may_be_taken(pool, at):
        return 0
    unwarned = Slot.objects.filter(
        pk__in=_sweepable(pool, sweep_at).values("pk"), state=SlotState.ACTIVE, warned_at=None
    )
    warned = update_returning(unwarned, warned_at=at, revoke_at=sweep_at)
    journal_slots(warned, event=Event.WARNED, at=at, actor=actor, revoke_at=sweep_at.isoformat())
    return len(warned)


@transaction.atomic
def sweep_revoke(*, pool_id: int, at: datetime, actor: User | None = None) -> int:
    """Take the slots whose warned holders are still inactive; return how many.

    1. Find slots whose removal is due. 2. Look at their activity once more. 3. Who was active keeps the slot.
    4. The others are taken, each by a condition on its row. Only slots warned a full warning time ago are due.
    """
    pool = pool_lock(pool_id)
    if not may_be_taken(pool, at):
        return 0
    warned_long_ago = pool.slots.due(at).filter(warned_at__lte=pool.timing.warned_by(at))
    due = with_last_activity(warned_long_ago, pool).annotate(is_protected=F("holder__is_protected"))
    return sum(_take_or_keep(some, pool, at, actor) for some in in_batches(due))


def _take_or_keep(
    slots: "Sequence[WithAnnotations[Slot, Due]]",
    pool: LicencePool,
    at: datetime,
    actor: User | None,
) -> int:
    keeping = [slot for slot in slots if _keeps(slot, pool, at)]
    if keeping:
        _keep(keeping, at)
    kept = {slot.pk for slot in keeping}
    due = [slot for slot in slots if slot.pk not in kept]
    return revoke(*due, reason=LossReason.SWEEP, at=at, actor=actor) if due else 0


def _keeps(slot: "WithAnnotations[Slot, Due]", pool: LicencePool, at: datetime) -> bool:
    if slot.is_protected or slot.warned_at is None:
        return slot.is_protected
    return pool.timing.keeps(at, active=slot.last_active_at, warned=slot.warned_at)


def _keep(slots: Sequence[Slot], at: datetime) -> None:
    """Take the warnings back, where activity has not done so already."""
    kept = update_returning(_as_seen(slots, LossReason.SWEEP), warned_at=None, revoke_at=None)
    journal_slots(kept, event=Event.KEPT, at=at)


def in_batches(slots: "QuerySet[SlotT]") -> Iterator[list[SlotT]]:
    """Return so many slots at a time, each batch read when the one before was changed."""
    rows = slots.order_by("pk").only(*_COLUMNS)
    some = list(rows[:BATCH])
    while some:
        yield some
        some = list(rows.filter(pk__gt=some[-1].pk)[:BATCH]) if len(some) == BATCH else []


def reclaim(*, pool: LicencePool, at: datetime) -> bool:
    """Take the longest inactive holder's slot for somebody who waits, if the pool allows it.

    The caller holds the pool lock. Never takes more slots than people wait; protects fresh slots.
    """
    if not _may_reclaim(pool, at):
        return False
    inactive = _sweepable(pool, at)
    longest = with_last_activity(inactive, pool).order_by("last_active_at").first()
    # Looked at once more as it is taken: activity needs no lock.
    return longest is not None and bool(
        revoke(longest, reason=LossReason.RECLAIM, at=at, among=inactive)
    )


def could_reclaim(*, pool: LicencePool, at: datetime) -> bool:
    """Whether a request would take somebody's slot now: to look before taking the lock."""
    return _may_reclaim(pool, at) and _sweepable(pool, at).exists()


def reclaimable_holders(*, pool: LicencePool, until: datetime) -> set[int]:
    """Return whose slot a request could take at some moment until then, as far as activity is known now."""
    if not pool.reclaim_on_request:
        return set()
    return set(_sweepable(pool, until).values_list("holder_id", flat=True))


def _may_reclaim(pool: LicencePool, at: datetime) -> bool:
    if not pool.reclaim_on_request or grants_rest(pool, at) or not may_be_taken(pool, at):
        return False
    if not reclaims(
        waiting=pool.entries.alive(at).count(),
        coming=pool.slots.filter(state=SlotState.REVOKING).count(),
        rows=pool.slots.count(),
        slots=pool.slot_count,
    ):
        return False
    return not pool.has_group_rules or anybody_below_the_caps(pool, at)


@transaction.atomic
def slot_take_back(*, slot_id: int, at: datetime, actor: User | None) -> bool:
    """Take a slot at an administrator's word, without a warning. Returns whether it was in use."""
    slot = Slot.objects.select_related("pool", "holder").get(pk=slot_id)
    pool_lock(slot.pool_id)
    slot.refresh_from_db()
    if slot.state not in {SlotState.GRANTING, SlotState.ACTIVE}:
        return False
    return bool(revoke(slot, reason=LossReason.ADMINISTRATOR, at=at, actor=actor))


@transaction.atomic
def pool_people_left(*, pool_id: int, user_ids: Collection[int], at: datetime) -> int:
    """Take slot and queue place from people who are no IUM users any more; return how many slots.

    Somebody who is a Jira administrator by now keeps the slot: IUM never touches those (promise 7).
    """
    pool = pool_lock(pool_id)
    for entry in pool.entries.waiting().filter(user_id__in=user_ids).select_related("user", "pool"):
        close_entry(entry, CloseReason.REMOVED, at=at)
    slots = pool.slots.filter(
        holder_id__in=user_ids,
        holder__is_protected=False,
        state__in=[SlotState.GRANTING, SlotState.ACTIVE],
    )
    return sum(revoke(*some, reason=LossReason.LEFT, at=at) for some in in_batches(slots))
