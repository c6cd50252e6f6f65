"""Handing free slots to those who wait, in their order."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from ium.directory.models import AccountStatus, GroupMembership, User
from slots.models import CloseReason, Event, LicencePool, QueueEntry, Slot, SlotLock, SlotState
from slots.models.queue import QueueQuerySet
from slots.models.slot import SlotQuerySet
from slots.rules import room
from slots.services.journal import journal_write
from slots.services.picking import pick
from slots.shares import Choice
from slots.signals import slot_change_wanted


def want_change(*slot_ids: int) -> None:
    """Tell those who talk to Jira, once the rows are committed."""
    tell = partial(slot_change_wanted.send_robust, sender=Slot, slot_ids=slot_ids)
    transaction.on_commit(tell)


def grants_rest(pool: LicencePool, at: datetime) -> bool:
    """Whether nothing is given at the moment: switched off, paused, or Jira cannot be used."""
    return not pool.enabled or pool.site.is_down or pool.is_paused(at)


def pool_dispatch(*, pool: LicencePool, at: datetime) -> int:
    """Give free slots to the first waiting people who are there; return how many were given.

    The caller holds the pool lock. Silent people are skipped and keep their place; somebody whose own slot is
    still being taken waits for Jira's confirmation.
    """
    if grants_rest(pool, at):
        return 0
    number = _room(pool)
    if not number:
        return 0
    if pool.has_group_rules:
        return _dispatch_by_rules(pool, number, at)
    return _grant_all([(entry, None) for entry in _heads(pool, at)[:number]], pool, at)


def free_slots(pool: LicencePool) -> list[Slot]:
    """Return the slots that may be given now. The caller holds the pool lock."""
    return list(_free(pool)[: _room(pool)])


def _free(pool: LicencePool) -> SlotQuerySet:
    return pool.slots.filter(state=SlotState.FREE).order_by("pk")


def _room(pool: LicencePool) -> int:
    """Return how many slots may be given now; one query when none is free.

    A limit that was lowered holds from that moment, even before the surplus rows are gone.
    """
    if not _free(pool).exists():
        return 0
    return room(slots=pool.slot_count, used=pool.slots.used().count())


def _heads(pool: LicencePool, at: datetime) -> QueueQuerySet:
    """Return the waits that may be served, in their order."""
    holds = Slot.objects.filter(pool=pool, holder=OuterRef("user"))
    locked = SlotLock.objects.filter(pool=pool, user=OuterRef("user"), until__gt=at)
    shares = GroupMembership.objects.filter(group=pool.user_group_id, user=OuterRef("user"))
    return (
        pool.entries.alive(at)
        .filter(~Exists(holds), ~Exists(locked), Exists(shares))
        # Who became an administrator or was suspended while waiting is not managed any more (promise 7).
        .filter(user__is_protected=False, user__account_status=AccountStatus.ACTIVE)
        .select_related("user")
    )


def _dispatch_by_rules(pool: LicencePool, number: int, at: datetime) -> int:
    """Give free slots where groups have rules: caps skip people, reserved slots go to their group first."""
    return _grant_all(pick(pool=pool, heads=_heads(pool, at), number=number), pool, at)


def _grant_all(
    chosen: Sequence[tuple[QueueEntry, Choice | None]], pool: LicencePool, at: datetime
) -> int:
    """Give free slots to these people, the lowest slot to the first; no more than there are free slots."""
    free = list(_free(pool)[: len(chosen)]) if chosen else []
    return sum(
        grant(slot, entry, at=at, choice=choice)
        for slot, (entry, choice) in zip(free, chosen, strict=False)
    )


def grant(
    slot: Slot,
    entry: QueueEntry,
    *,
    at: datetime,
    choice: Choice | None = None,
    actor: User | None = None,
) -> bool:
    """Give one slot. The condition on the row holds even if somebody forgot the pool lock."""
    given = Slot.objects.filter(pk=slot.pk, state=SlotState.FREE, holder=None).update(
        state=SlotState.GRANTING,
        holder=entry.user,
        fence=slot.fence + 1,
        return_url=entry.return_url,
        granted_at=at,
        confirmed_at=None,
        seen_at=entry.seen_at,
        clock_from=at,
        queue_entry=entry,
        attempts=0,
        next_attempt_at=None,
        claimed_until=None,
        unsettled_until=None,
        last_error="",
    )
    if not given:
        return False
    QueueEntry.objects.filter(pk=entry.pk).update(closed_at=at, close_reason=CloseReason.SERVED)
    slot.fence += 1
    journal_write(
        event=Event.GRANTED,
        at=at,
        pool=slot.pool,
        user=entry.user,
        slot=slot,
        actor=actor,
        waited_seconds=round((at - entry.joined_at).total_seconds(), 3),
        seq=entry.seq,
        **_why(choice),
    )
    want_change(slot.pk)
    return True


def _why(choice: Choice | None) -> dict[str, Any]:
    """Return what the journal tells about a choice that was not simply the first of the queue."""
    if choice is None:
        return {}
    capped = {"capped": choice.capped} if choice.capped else {}
    if choice.reserved_for is not None:
        return {"reason": "reserved", "group": choice.reserved_for.name, **capped}
    return {"reason": "capped", **capped} if capped else {}
