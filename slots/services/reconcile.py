"""Comparing a pool with the access group as Jira has it, and repairing in the safe direction only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from ium.directory.models import User
from slots.models import (
    CloseReason,
    Event,
    JournalEntry,
    LicencePool,
    LossReason,
    Slot,
    SlotState,
)
from slots.selectors import why_not_managed
from slots.services.dispatch import pool_dispatch, want_change
from slots.services.freeing import slot_let_go
from slots.services.journal import journal_write
from slots.services.losses import revoke
from slots.services.pools import pool_lock
from slots.services.restored import comparison_done, rows_follow

STRANGER_REPORT_AGAIN = timedelta(hours=24)


@dataclass(frozen=True)
class Difference:
    """What the comparison found, in people."""

    missing: int
    adopted: int
    strangers: int

    @property
    def agreed(self) -> bool:
        """Whether IUM and Jira had the same members."""
        return self.missing == self.adopted == self.strangers == 0


@transaction.atomic
def pool_reconcile(
    *,
    pool_id: int,
    member_ids: Iterable[str],
    read_at: datetime,
    at: datetime,
    people_are_fresh: bool = False,
) -> Difference:
    """Compare the pool's slots with the members (account ids) that were read from Jira from `read_at` on.

    * A holder whose membership is gone gets it back: the slot is theirs, so this cannot pass the limit. Only a Jira
      administrator's slot becomes free.
    * An IUM user who is a member without a slot gets a free slot's row, so that the count is true again.
    * Anybody else is reported in the journal and left alone (promise 7).

    Slots that changed since `read_at` are left to the next run: the reading is older than they are. After a restored
    backup the rows follow Jira instead (slots.services.restored); `people_are_fresh`: the user group was read too.
    """
    members = set(member_ids)
    pool = pool_lock(pool_id)
    freed = rows_follow(pool, members, read_at=read_at, at=at)
    holders = {
        slot.holder.account_id: slot
        for slot in pool.slots.used().select_related("holder", "pool")
        if slot.holder is not None
    }
    missing = [
        slot
        for account_id, slot in holders.items()
        if account_id not in members and _is_settled(slot, read_at)
    ]
    _repair(pool, missing, used=len(holders), at=at)
    strangers = list(User.objects.filter(account_id__in=members - set(holders)))
    recent = _freed_since(pool, read_at)
    adopted = sum(_adopt(pool, user, at) for user in strangers if user.pk not in recent)
    unknown = len(members - set(holders)) - adopted - len(recent & {u.pk for u in strangers})
    pool_dispatch(pool=pool, at=at)
    comparison_done(pool, read_at=read_at, people_are_fresh=people_are_fresh, at=at)
    return Difference(missing=len(missing) + freed, adopted=adopted, strangers=unknown)


def _repair(pool: LicencePool, missing: list[Slot], *, used: int, at: datetime) -> None:
    """Put holders back whose membership is gone, as far as the limit allows; free the slots of administrators."""
    # Taken out by somebody else, and Jira is not called for administrators (promise 7).
    for slot in (slot for slot in missing if slot.holder and slot.holder.is_protected):
        slot_let_go(slot, at=at)
    back = [slot for slot in missing if not (slot.holder and slot.holder.is_protected)]
    # While a lowered limit drains the pool, the count only falls: then not everybody can get back in.
    room = max(0, pool.slot_count - (used - len(back)))
    for slot in back[:room]:
        _grant_again(slot, at)
    for slot in back[room:]:
        revoke(slot, reason=LossReason.ADMINISTRATOR, at=at)


def _is_settled(slot: Slot, read_at: datetime) -> bool:
    return (
        slot.state == SlotState.ACTIVE
        and bool(slot.confirmed_at and slot.confirmed_at < read_at)
        and (slot.unsettled_until is None or slot.unsettled_until <= read_at)
    )


def _freed_since(pool: LicencePool, read_at: datetime) -> set[int]:
    """Return people whose removal Jira confirmed after the reading began: it may still name them."""
    freed = JournalEntry.objects.filter(pool=pool, event=Event.FREED, at__gte=read_at)
    return set(freed.exclude(user=None).values_list("user_id", flat=True))


def _grant_again(slot: Slot, at: datetime) -> None:
    granted = Slot.objects.filter(pk=slot.pk, fence=slot.fence, state=SlotState.ACTIVE).update(
        state=SlotState.GRANTING,
        fence=slot.fence + 1,
        warned_at=None,
        revoke_at=None,
        attempts=0,
        next_attempt_at=None,
        claimed_until=None,
    )
    if granted:
        slot.fence += 1
        journal_write(
            event=Event.REPAIRED,
            at=at,
            pool=slot.pool,
            user=slot.holder,
            slot=slot,
            reason="missing",
        )
        want_change(slot.pk)


def _adopt(pool: LicencePool, user: User, at: datetime) -> bool:
    """Give a free row to an IUM user who is a member already; report anybody else."""
    free = pool.slots.filter(state=SlotState.FREE).order_by("pk").first()
    if free is None or why_not_managed(user=user, pool=pool) is not None:
        _report(pool, user, at)
        return False
    Slot.objects.filter(pk=free.pk, state=SlotState.FREE).update(
        state=SlotState.ACTIVE,
        holder=user,
        fence=free.fence + 1,
        granted_at=at,
        confirmed_at=at,
        seen_at=at,
        clock_from=at,
    )
    pool.entries.waiting().filter(user=user).update(closed_at=at, close_reason=CloseReason.SERVED)
    free.fence += 1
    journal_write(event=Event.REPAIRED, at=at, pool=pool, user=user, slot=free, reason="adopted")
    return True


def _report(pool: LicencePool, user: User, at: datetime) -> None:
    reported = JournalEntry.objects.filter(
        pool=pool, user=user, event=Event.STRANGER, at__gt=at - STRANGER_REPORT_AGAIN
    )
    if not reported.exists():
        journal_write(event=Event.STRANGER, at=at, pool=pool, user=user, reason="not_added_by_ium")
