"""What time brings: grants nobody takes up, people who stopped waiting, gaps in which activity was lost."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest

from activity.services import GAP, intake_is_trusted, intake_pulse
from ium.directory.models import User
from slots.models import CloseReason, Event, LicencePool, LossReason, Slot, SlotState
from slots.services.database_life import life_note
from slots.services.dispatch import pool_dispatch
from slots.services.journal import journal_write
from slots.services.limit import pool_apply_limit
from slots.services.losses import in_batches, may_be_taken, revoke
from slots.services.pools import PAUSE, awaits_comparison, pool_lock
from slots.services.waits import ALIVE_FOR, close_entry
from slots.services.wanted import CLAIM_TIME, SETTLE_TIME

NO_TIME = timedelta(0)


@transaction.atomic
def pool_upkeep(*, pool_id: int, at: datetime) -> int:
    """Close the waits of those who are gone, take grants nobody took up, hand out what is free.

    Returns how many waits and grants ended. While nobody could ask (IUM was down), nobody counts as gone. Also
    mends a pool whose rows do not fit its limit.
    """
    pool = pool_lock(pool_id)
    life_note(pool)
    gone = _close_gone(pool, at) if intake_is_trusted(at=at) else 0
    unclaimed = _take_unclaimed(pool, at) if may_be_taken(pool, at) else 0
    surplus = pool.slots.count() - pool.slot_count
    if surplus < 0 or (surplus > 0 and pool.slots.filter(state=SlotState.FREE).exists()):
        pool_apply_limit(pool_id=pool.pk, at=at)
    pool_dispatch(pool=pool, at=at)
    return gone + unclaimed


def _close_gone(pool: LicencePool, at: datetime) -> int:
    silent = pool.entries.waiting().filter(seen_at__lt=pool.timing.gone_if_seen_before(at))
    entries = list(silent.select_related("user", "pool"))
    for entry in entries:
        close_entry(entry, CloseReason.GONE, at=at)
    return len(entries)


def _take_unclaimed(pool: LicencePool, at: datetime) -> int:
    """Take grants whose user did not come, and grants Jira did not confirm whose user left meanwhile."""
    not_come = Q(
        Q(seen_at=None) | Q(seen_at__lt=F("confirmed_at")),
        state=SlotState.ACTIVE,
        clock_from__lte=pool.timing.unclaimed_since(at),
    )
    left = Q(state=SlotState.GRANTING, last_seen__lte=pool.timing.gone_if_seen_before(at))
    slots = pool.slots.annotate(
        last_seen=Greatest(Coalesce("seen_at", "granted_at"), Coalesce("clock_from", "granted_at"))
    ).filter(not_come | left, holder__is_protected=False)
    return sum(revoke(*some, reason=LossReason.UNCLAIMED, at=at) for some in in_batches(slots))


@transaction.atomic
def intake_observe(*, at: datetime) -> timedelta | None:
    """Note that activity can be received; after a gap every holder's inactivity counts anew (promise 5)."""
    gap = intake_pulse(at=at)
    if gap is not None:
        for pool_id in LicencePool.objects.order_by("pk").values_list("pk", flat=True):
            clocks_restart(pool_id=pool_id, reason="gap", seconds=gap.total_seconds(), at=at)
    return gap


@transaction.atomic
def site_went_down(*, site_id: int, code: str, message: str, at: datetime) -> None:
    """Journal that a site cannot be used: its holders keep what they have, those who wait are told."""
    for pool in LicencePool.objects.filter(site_id=site_id).order_by("pk"):
        journal_write(event=Event.SITE_DOWN, at=at, pool=pool, reason=code, message=message)


@transaction.atomic
def site_came_back(*, site_id: int, away: timedelta, at: datetime) -> None:
    """Journal that a site works again, and hand out what is free.

    Nobody could work in it meanwhile: after more than a moment every holder's inactivity counts anew (promise 5).
    """
    pools = LicencePool.objects.filter(site_id=site_id).order_by("pk")
    for pool_id in pools.values_list("pk", flat=True):
        pool = pool_lock(pool_id)
        journal_write(event=Event.SITE_UP, at=at, pool=pool)
        if away > GAP:
            clocks_restart(pool_id=pool_id, reason="jira_away", seconds=away.total_seconds(), at=at)
        Slot.objects.filter(pool=pool, next_attempt_at__gt=at).update(next_attempt_at=at)
        pool_dispatch(pool=pool, at=at)


@transaction.atomic
def clocks_restart(
    *, pool_id: int, reason: str, seconds: float, at: datetime, actor: User | None = None
) -> int:
    """Let every holder's inactivity count from now, and take warnings back; return how many holders.

    The times in which a grant is taken up and a place is kept start again too: nobody could ask meanwhile.
    """
    pool = pool_lock(pool_id)
    _bound_moments(pool, at)
    Slot.objects.filter(pool=pool, state=SlotState.GRANTING).update(clock_from=at)
    pool.entries.waiting().update(seen_at=at)
    holders = Slot.objects.filter(pool=pool, state=SlotState.ACTIVE).update(
        clock_from=at, warned_at=None, revoke_at=None
    )
    journal_write(
        event=Event.CLOCKS_RESET,
        at=at,
        pool=pool,
        reason=reason,
        actor=actor,
        gap_seconds=round(seconds, 1),
        holders=holders,
    )
    return holders


def _bound_moments(pool: LicencePool, at: datetime) -> None:
    """Let no stored moment lie further ahead than if it were written now: the clock may have been set back.

    A lost call to add somebody is waited for anew: the clock may have been set forward.
    """
    pool.slots.exclude(unsettled_until=None).update(unsettled_until=at + SETTLE_TIME)
    longest = {"claimed_until": CLAIM_TIME, "next_attempt_at": PAUSE}
    for field, length in (longest | dict.fromkeys(("confirmed_at", "seen_at"), NO_TIME)).items():
        pool.slots.filter(**{f"{field}__gt": at + length}).update(**{field: at + length})
    pool.entries.waiting().filter(alive_until__gt=at + ALIVE_FOR).update(alive_until=at + ALIVE_FOR)
    lock = timedelta(minutes=pool.lock_minutes)
    pool.locks.filter(until__gt=at + lock).update(until=at + lock)
    if pool.is_paused(at + PAUSE) and not awaits_comparison(pool):
        LicencePool.objects.filter(pk=pool.pk).update(paused_until=at + PAUSE)
