"""Asking for a slot, under the pool lock: one person, or all who wait for the lock at the same moment together.

Together, because most of what a request costs is the same for eight as for one: the lock, what stands in the rows,
the commit. They join in the order in which they stand in the list.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from ium.directory.models import AccountStatus, GroupMembership, User
from ium.lib.errors import NotEntitled
from slots.models import Event, JournalEntry, LicencePool, QueueEntry, Slot, SlotState
from slots.selectors import why_not_managed
from slots.services.dispatch import pool_give, want_change
from slots.services.estimates import estimates_note
from slots.services.journal import journal_write
from slots.services.losses import reclaim
from slots.services.pools import pool_lock
from slots.services.waits import latest_wait, place_keep, wait_goes_on
from slots.shares import class_of


@dataclass(frozen=True)
class Ask:
    """One person's question for a slot; see `slot_request`."""

    user_id: int
    return_url: str | None = None
    join: bool = True


@dataclass
class Outcome:
    """What came of it: the slot the person has now, or the wait, or why not; nothing for who stays outside."""

    slot: Slot | None = None
    entry: QueueEntry | None = None
    refusal: NotEntitled | None = None


@transaction.atomic
def slot_request_many(*, pool_id: int, asks: Sequence[Ask], at: datetime) -> list[Outcome]:
    """Let people ask for a slot, or join and poll the queue, in this order; each person at most once.

    Raises Busy when the pool stays locked for 3 seconds, ValueError for a person that comes twice.
    """
    people = [ask.user_id for ask in asks]
    if len(set(people)) != len(people):
        raise ValueError("A person can ask once at a time.")
    pool = pool_lock(pool_id)
    outcomes = _Round(pool, people, at).of(asks)
    waits = {outcome.entry.pk: outcome for outcome in outcomes if outcome.entry is not None}
    if not waits:
        return outcomes
    given = pool_give(pool=pool, at=at)
    want_change(*(grant.slot.pk for grant in given))
    for grant in given:
        if outcome := waits.get(grant.entry.pk):
            outcome.slot, outcome.entry = grant.slot, None
    if pool.reclaim_on_request:
        for _ in [outcome for outcome in waits.values() if outcome.entry is not None]:
            if not reclaim(pool=pool, at=at):
                break
    joined = [outcome.entry for outcome in waits.values() if outcome.entry is not None]
    estimates_note(pool, [entry for entry in joined if entry.joined_at == at], at=at)
    return outcomes


class _Round:
    """What stands in the rows about the people who ask, and what is to be written for those who join."""

    def __init__(self, pool: LicencePool, people: Collection[int], at: datetime) -> None:
        self._pool, self._at = pool, at
        self._slots = {slot.holder_id: slot for slot in pool.slots.filter(holder__in=people)}
        holders = {key for key, slot in self._slots.items() if slot.state != SlotState.REVOKING}
        others = set(people) - holders
        self._waits = _latest_waits(pool, others, at) if others else {}
        waiting = {user_id for user_id, wait in self._waits.items() if wait.closed_at is None}
        outside = others - waiting
        self._managed = _managed(pool, outside) if outside else set()
        self._joining: list[QueueEntry] = []

    def of(self, asks: Sequence[Ask]) -> list[Outcome]:
        """Return what comes of each, before anything is given."""
        outcomes = [self._one(ask) for ask in asks]
        self._write()
        return outcomes

    def _one(self, ask: Ask) -> Outcome:
        slot = self._slots.get(ask.user_id)
        if slot is not None and slot.state != SlotState.REVOKING:
            note_seen(slot, ask.return_url, self._at)
            return Outcome(slot=slot)
        entry = self._waits.get(ask.user_id)
        if slot is not None:
            place_keep(slot, self._at)
            entry = latest_wait(self._pool, ask.user_id)
        if entry is not None and wait_goes_on(
            entry, return_url=ask.return_url, at=self._at, join=ask.join
        ):
            return Outcome(entry=entry)
        return self._join(ask) if ask.join else Outcome()

    def _join(self, ask: Ask) -> Outcome:
        # Asked again under the lock: who left the user group since the first look would never be collected.
        if ask.user_id not in self._managed:
            user = User.objects.get(pk=ask.user_id)
            if refusal := why_not_managed(user=user, pool=self._pool):
                return Outcome(refusal=NotEntitled(refusal.message, code=refusal.code))
        entry = QueueEntry(
            pool=self._pool,
            user_id=ask.user_id,
            seq=self._pool.next_seq,
            joined_at=self._at,
            seen_at=self._at,
            alive_until=self._pool.timing.alive_until(self._at),
            return_url=ask.return_url or "",
        )
        self._pool.next_seq += 1
        self._joining.append(entry)
        return Outcome(entry=entry)

    def _write(self) -> None:
        """Write those who join, the next number, and the journal."""
        if not self._joining:
            return
        news = [self._news(entry) for entry in self._joining]
        QueueEntry.objects.bulk_create(self._joining)
        LicencePool.objects.filter(pk=self._pool.pk).update(next_seq=self._pool.next_seq)
        JournalEntry.objects.bulk_create(news)

    def _news(self, entry: QueueEntry) -> JournalEntry:
        """Return what the journal says of somebody who joins; puts people ahead whom a rule puts ahead."""
        share = class_of(self._pool, entry.user_id) if self._pool.has_group_rules else None
        details: dict[str, Any] = {"seq": entry.seq}
        if share is not None:
            entry.places_ahead = share.places_ahead
            details |= {"places": share.places_ahead, "group": share.name}
        return JournalEntry(
            event=Event.JOINED,
            at=self._at,
            pool=self._pool,
            user_id=entry.user_id,
            reason="ahead" if share is not None else "",
            details=details,
        )


def _latest_waits(
    pool: LicencePool, people: Collection[int], at: datetime
) -> dict[int, QueueEntry]:
    """Return each person's open entry; without one, the one that ended last, if its place may still be kept."""
    rows = pool.entries.filter(
        Q(closed_at=None) | Q(closed_at__gte=at - pool.place_kept), user__in=people
    ).order_by(F("closed_at").asc(nulls_last=True), "seq")
    for entry in rows:
        entry.pool = pool
    return {entry.user_id: entry for entry in rows}


def _managed(pool: LicencePool, people: Collection[int]) -> set[int]:
    """Return whom of these IUM manages in this pool (`why_not_managed` for many)."""
    shares = GroupMembership.objects.filter(group=pool.user_group_id, user=OuterRef("pk"))
    managed = User.objects.filter(
        Exists(shares),
        pk__in=people,
        is_protected=False,
        account_status=AccountStatus.ACTIVE,
    )
    return set(managed.values_list("pk", flat=True))


def note_seen(slot: Slot, return_url: str | None, at: datetime) -> None:
    """Note that the holder's browser asked; the first time after Jira's confirmation takes the slot up."""
    values: dict[str, object] = {"seen_at": at}
    if return_url:
        values["return_url"] = return_url
    taken_up = slot.state == SlotState.ACTIVE and not slot.was_claimed
    Slot.objects.filter(pk=slot.pk, fence=slot.fence).update(**values)
    slot.return_url = return_url or slot.return_url
    if taken_up:
        journal_write(event=Event.CLAIMED, at=at, pool=slot.pool, user_id=slot.holder_id, slot=slot)
