"""How slots are lost: sweep with its warning, reclaim, administrator, leaving the user group."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from activity.services import intake_is_trusted
from ium.directory.models import User
from slots.models import CloseReason, Event, LicencePool, LossReason, Slot, SlotState
from slots.selectors import LastActive, with_last_activity
from slots.services.dispatch import grants_rest, want_change
from slots.services.journal import journal_write
from slots.services.pools import pool_lock
from slots.services.waits import close_entry
from slots.shares import anybody_below_the_caps

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import WithAnnotations

# The warning job runs every 10 s and may be late: it warns for the sweep at hand within this window.
WARNING_WINDOW = timedelta(seconds=30)


def revoke(slot: Slot, *, reason: LossReason, at: datetime, actor: User | None = None) -> bool:
    """Want the slot's holder out of the access group; the slot stays used until Jira confirms it.

    The caller holds the pool lock. Returns whether the slot was still as the caller saw it: activity clears
    `revoke_at` without the lock, and then the sweep must not take the slot. A call that is in flight keeps
    its claim: the removal waits for its answer.
    """
    as_seen = Slot.objects.filter(pk=slot.pk, fence=slot.fence, state=slot.state)
    if reason == LossReason.SWEEP:
        as_seen = as_seen.filter(revoke_at=slot.revoke_at)
    taken = as_seen.update(
        state=SlotState.REVOKING,
        fence=slot.fence + 1,
        loss_reason=reason,
        revoking_since=at,
        warned_at=None,
        revoke_at=None,
        attempts=0,
        next_attempt_at=None,
        last_error="",
    )
    if not taken:
        return False
    slot.fence += 1
    journal_write(
        event=Event.REVOKING,
        at=at,
        pool=slot.pool,
        user=slot.holder,
        slot=slot,
        reason=reason,
        actor=actor,
        warned_at=slot.warned_at.isoformat() if slot.warned_at else None,
    )
    want_change(slot.pk)
    return True


def may_be_taken(pool: LicencePool, at: datetime) -> bool:
    """Whether inactivity can be trusted and acted upon: otherwise holders keep what they have (promise 5)."""
    return pool.enabled and not pool.site.is_down and intake_is_trusted(at=at)


def next_sweep(pool: LicencePool, at: datetime) -> datetime:
    """Return the first sweep that leaves time for a warning: sweeps lie on a fixed grid of the day."""
    interval = pool.sweep_interval_minutes * 60
    earliest = (at + pool.warning).timestamp()
    return datetime.fromtimestamp(-(-earliest // interval) * interval, tz=at.tzinfo)


def _sweepable(
    pool: LicencePool, sweep_at: datetime
) -> "QuerySet[WithAnnotations[Slot, LastActive]]":
    """Return active slots whose holders will be over the inactivity time at that moment."""
    return with_last_activity(
        pool.slots.filter(
            state=SlotState.ACTIVE,
            holder__is_protected=False,
            confirmed_at__lte=sweep_at - pool.minimum_hold,
        ),
        pool,
    ).filter(last_active_at__lte=sweep_at - pool.inactivity)


@transaction.atomic
def sweep_warn(*, pool_id: int, at: datetime, actor: User | None = None) -> int:
    """Warn holders whom the coming sweep would take; return how many.

    Does nothing until the sweep is one warning time away, so that nobody is warned too early.
    """
    pool = pool_lock(pool_id)
    sweep_at = next_sweep(pool, at)
    if sweep_at - at > pool.warning + WARNING_WINDOW or not may_be_taken(pool, at):
        return 0
    slots = list(_sweepable(pool, sweep_at).filter(warned_at=None).select_related("holder", "pool"))
    return sum(_warn(slot, sweep_at, at, actor) for slot in slots)


def _warn(slot: Slot, sweep_at: datetime, at: datetime, actor: User | None) -> bool:
    warned = Slot.objects.filter(
        pk=slot.pk, fence=slot.fence, state=SlotState.ACTIVE, warned_at=None
    ).update(warned_at=at, revoke_at=sweep_at)
    if warned:
        journal_write(
            event=Event.WARNED,
            at=at,
            pool=slot.pool,
            user=slot.holder,
            slot=slot,
            actor=actor,
            revoke_at=sweep_at.isoformat(),
        )
    return bool(warned)


@transaction.atomic
def sweep_revoke(*, pool_id: int, at: datetime, actor: User | None = None) -> int:
    """Take the slots whose warned holders are still inactive; return how many.

    1. Find slots whose removal is due. 2. Look at their activity once more. 3. Who was active keeps the slot.
    4. The others are taken, each by a condition on its row. Only slots warned a full warning time ago are due.
    """
    pool = pool_lock(pool_id)
    if not may_be_taken(pool, at):
        return 0
    due = with_last_activity(
        pool.slots.due(at).filter(warned_at__lte=at - timedelta(seconds=60)), pool
    ).select_related("holder", "pool")
    return sum(_take_or_keep(slot, pool, at, actor) for slot in due)


def _take_or_keep(
    slot: "WithAnnotations[Slot, LastActive]",
    pool: LicencePool,
    at: datetime,
    actor: User | None,
) -> bool:
    was_active = slot.warned_at is not None and slot.last_active_at > slot.warned_at
    protected = slot.holder is not None and slot.holder.is_protected
    if was_active or protected or slot.last_active_at + pool.inactivity > at:
        kept = Slot.objects.filter(pk=slot.pk, fence=slot.fence, revoke_at=slot.revoke_at).update(
            warned_at=None, revoke_at=None
        )
        if kept:
            journal_write(event=Event.KEPT, at=at, pool=pool, user=slot.holder, slot=slot)
        return False
    return revoke(slot, reason=LossReason.SWEEP, at=at, actor=actor)


def reclaim(*, pool: LicencePool, at: datetime) -> bool:
    """Take the longest inactive holder's slot for somebody who waits, if the pool allows it.

    The caller holds the pool lock. Never takes more slots than people wait; protects fresh slots.
    """
    if not pool.reclaim_on_request or grants_rest(pool, at) or not may_be_taken(pool, at):
        return False
    on_their_way = pool.slots.filter(state=SlotState.REVOKING).count()
    if pool.entries.alive(at).count() <= on_their_way or pool.slots.count() > pool.slot_count:
        return False
    if pool.has_group_rules and not anybody_below_the_caps(pool, at):
        return False
    longest = (
        _sweepable(pool, at).select_related("holder", "pool").order_by("last_active_at").first()
    )
    return longest is not None and revoke(longest, reason=LossReason.RECLAIM, at=at)


@transaction.atomic
def slot_take_back(*, slot_id: int, at: datetime, actor: User | None) -> bool:
    """Take a slot at an administrator's word, without a warning. Returns whether it was in use."""
    slot = Slot.objects.select_related("pool", "holder").get(pk=slot_id)
    pool_lock(slot.pool_id)
    slot.refresh_from_db()
    if slot.state not in {SlotState.GRANTING, SlotState.ACTIVE}:
        return False
    return revoke(slot, reason=LossReason.ADMINISTRATOR, at=at, actor=actor)


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
    ).select_related("holder", "pool")
    return sum(revoke(slot, reason=LossReason.LEFT, at=at) for slot in slots)
