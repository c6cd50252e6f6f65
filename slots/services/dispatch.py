"""Handing free slots to those who wait, in their order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from ium.directory.models import AccountStatus, GroupMembership, User
from ium.lib.rows import update_each
from slots.models import (
    CloseReason,
    Event,
    JournalEntry,
    LicencePool,
    QueueEntry,
    Slot,
    SlotLock,
    SlotState,
)
from slots.models.queue import QueueQuerySet
from slots.rules import room
from slots.services.journal import journal_entry
from slots.services.picking import pick
from slots.shares import Choice
from slots.signals import slot_change_wanted

# Slots given in one go; more of them are given in as many.
AT_ONCE = 50


def want_change(*slot_ids: int) -> None:
    """Tell those who talk to Jira, once the rows are committed."""
    if not slot_ids:
        return
    tell = partial(slot_change_wanted.send_robust, sender=Slot, slot_ids=slot_ids)
    transaction.on_commit(tell)


def grants_rest(pool: LicencePool, at: datetime) -> bool:
    """Whether nothing is given at the moment: switched off, measuring, paused, or Jira cannot be used."""
    return not pool.enabled or pool.measuring or pool.site.is_down or pool.is_paused(at)


def pool_dispatch(*, pool: LicencePool, at: datetime) -> int:
    """Give free slots to the first waiting people who are there; return how many were given.

    The caller holds the pool lock. Silent people are skipped and keep their place; somebody whose own slot is
    still being taken waits for Jira's confirmation.
    """
    given = pool_give(pool=pool, at=at)
    want_change(*(grant.slot.pk for grant in given))
    return len(given)


def pool_give(*, pool: LicencePool, at: datetime) -> "list[Grant]":
    """Do what `pool_dispatch` says, but leave it to the caller to want the changes; return what was given to whom."""
    given: list[Grant] = []
    if grants_rest(pool, at):
        return given
    while some := _give_some(pool, at):
        given += some
        if len(some) < AT_ONCE:
            break
    return given


def _give_some(pool: LicencePool, at: datetime) -> "list[Grant]":
    """Give the lowest free slots to the first people, in their order; one query when none is free."""
    free = free_slots(pool)
    if not free:
        return []
    heads = _heads(pool, at)
    chosen: Iterable[tuple[QueueEntry, Choice | None]]
    if pool.has_group_rules:
        chosen = pick(pool=pool, heads=heads, number=len(free))
    else:
        chosen = ((entry, None) for entry in heads[: len(free)])
    grants = [Grant(slot, *one) for slot, one in zip(free, chosen, strict=False)]
    return grant_many(grants, pool=pool, at=at)


def free_slots(pool: LicencePool) -> list[Slot]:
    """Return slots that may be given now, the lowest first, at most AT_ONCE. The caller holds the pool lock.

    A limit that was lowered holds from that moment, even before the surplus rows are gone.
    """
    free = pool.slots.filter(state=SlotState.FREE).order_by("pk").values_list("pk", "fence")
    found = list(free[:AT_ONCE])
    if not found:
        return []
    number = room(slots=pool.slot_count, used=pool.slots.used().count())
    return [Slot(pk=pk, pool=pool, fence=fence) for pk, fence in found[:number]]


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
    )


@dataclass(frozen=True)
class Grant:
    """A slot, whom it goes to, and why to this person if that was not simply the first of the queue."""

    slot: Slot
    entry: QueueEntry
    choice: Choice | None = None


def grant_many(
    grants: Sequence[Grant], *, pool: LicencePool, at: datetime, actor: User | None = None
) -> list[Grant]:
    """Give slots, many in as many statements as one; return what was given, with the slots as they are then.

    The caller wants the changes. The condition on the rows holds even if somebody forgot the pool lock.
    """
    if not grants:
        return []
    same = {"state": SlotState.GRANTING, "granted_at": at, "clock_from": at, **_FRESH}
    given = update_each(
        Slot.objects.filter(state=SlotState.FREE, holder=None),
        {grant.slot.pk: _goes_to(grant.entry) for grant in grants},
        fence=F("fence") + 1,
        **same,
    )
    done = [grant for grant in grants if grant.slot.pk in given]
    for grant in done:
        _set(grant.slot, fence=grant.slot.fence + 1, **same, **_goes_to(grant.entry))
    _note(done, pool=pool, at=at, actor=actor)
    return done


# What a stay begins with.
_FRESH: dict[str, Any] = {
    "confirmed_at": None,
    "attempts": 0,
    "next_attempt_at": None,
    "claimed_until": None,
    "unsettled_until": None,
    "last_error": "",
}


def _goes_to(entry: QueueEntry) -> dict[str, Any]:
    return {
        "holder_id": entry.user_id,
        "return_url": entry.return_url,
        "seen_at": entry.seen_at,
        "queue_entry_id": entry.pk,
    }


def _set(slot: Slot, **values: Any) -> None:
    for name, value in values.items():
        setattr(slot, name, value)


def _note(grants: Sequence[Grant], *, pool: LicencePool, at: datetime, actor: User | None) -> None:
    """End the waits, and tell the journal."""
    if not grants:
        return
    QueueEntry.objects.filter(pk__in=[grant.entry.pk for grant in grants]).update(
        closed_at=at, close_reason=CloseReason.SERVED
    )
    JournalEntry.objects.bulk_create([_news(grant, pool, at, actor) for grant in grants])


def _news(grant: Grant, pool: LicencePool, at: datetime, actor: User | None) -> JournalEntry:
    return journal_entry(
        event=Event.GRANTED,
        at=at,
        pool=pool,
        user_id=grant.entry.user_id,
        slot=grant.slot,
        actor=actor,
        waited_seconds=round((at - grant.entry.joined_at).total_seconds(), 3),
        seq=grant.entry.seq,
        **_why(grant.choice),
    )


def _why(choice: Choice | None) -> dict[str, Any]:
    """Return what the journal tells about a choice that was not simply the first of the queue."""
    if choice is None:
        return {}
    capped = {"capped": choice.capped} if choice.capped else {}
    if choice.reserved_for is not None:
        return {"reason": "reserved", "group": choice.reserved_for.name, **capped}
    return {"reason": "capped", **capped} if capped else {}
