"""Changes that slots want from Jira: who may carry one out, and what a report about it still concerns.

The calls themselves are made by jira_sync, outside any transaction. Every report names the fence and the claim
it was made for; a late report can therefore not undo a newer decision.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from slots.models import Slot, SlotState
from slots.services.database_life import is_another_life, life
from slots.services.pools import awaits_comparison

# Longer than the client waits for one change (3 s to connect, 15 s to answer, a read back): nobody else starts
# the same call meanwhile.
CLAIM_TIME = timedelta(seconds=60)
# A lost call to add somebody may still take effect in Jira for so long; until then the slot stays used.
SETTLE_TIME = timedelta(seconds=90)
LOOK_AGAIN = timedelta(seconds=10)
# A claim happens with every call; of the hundred columns of slot, pool, group and holder it needs a tenth.
_FOR_A_CLAIM = (
    "state",
    "fence",
    "attempts",
    "unsettled_until",
    "holder__account_id",
    "pool__site_id",
    "pool__assigned_licences",
    "pool__buffer_licences",
    "pool__dry_run",
    "pool__measuring",
    "pool__paused_until",
    "pool__database_life",
    "pool__access_group__group_id",
)


@dataclass(frozen=True)
class WantedChange:
    """A membership change that the holder of this object, and nobody else, may carry out now."""

    slot_id: int
    pool_id: int
    site_id: int
    fence: int
    claim: datetime
    add: bool
    account_id: str
    group_id: str
    attempt: int
    dry_run: bool
    # No earlier call to add this person may still take effect: all were answered.
    clean: bool = True


@transaction.atomic
def change_claim(*, slot_id: int, at: datetime) -> WantedChange | None:
    """Claim the change a slot wants; None when there is none or somebody else is at it.

    The claim is a row before the call: a worker that dies in the middle leaves it, and it runs out.
    """
    slot = (
        Slot.objects.unfinished(at)
        .select_related("pool__access_group", "holder")
        .only(*_FOR_A_CLAIM)
        .annotate(life=life())
        .filter(pk=slot_id)
        .first()
    )
    if slot is None or slot.holder is None or slot.pool.measuring:
        return None
    claim = at + CLAIM_TIME
    adding = slot.state == SlotState.GRANTING
    if adding and slot.pool.slots.used().count() > slot.pool.slot_count:
        return None  # the limit was lowered: remove first, then add
    if adding and (awaits_comparison(slot.pool) or is_another_life(slot.pool, read_with=slot)):
        return None  # the slot may have gone on since this row was written: first Jira is read
    values = {"unsettled_until": at + SETTLE_TIME} if adding else {}
    claimed = (
        Slot.objects.unfinished(at)
        .filter(pk=slot.pk, fence=slot.fence)
        .update(claimed_until=claim, attempts=F("attempts") + 1, **values)
    )
    if not claimed:
        return None
    clean = slot.unsettled_until is None
    return _wanted(slot, claim, attempt=slot.attempts + 1, clean=clean)


def grants_claim(slot_ids: Collection[int], *, at: datetime) -> list[WantedChange]:
    """Claim the additions of slots that were given in this transaction, for one who carries them out at once.

    The caller holds the pool lock. As `change_claim`, in two statements for any number of slots.
    """
    Slot.objects.filter(pk__in=slot_ids).update(
        claimed_until=at + CLAIM_TIME, attempts=1, unsettled_until=at + SETTLE_TIME
    )
    slots = Slot.objects.select_related("pool__access_group", "holder").only(*_FOR_A_CLAIM)
    return [
        _wanted(slot, at + CLAIM_TIME, attempt=1, clean=True)
        for slot in slots.filter(pk__in=slot_ids).order_by("pk")
    ]


def _wanted(slot: Slot, claim: datetime, *, attempt: int, clean: bool) -> WantedChange:
    return WantedChange(
        slot_id=slot.pk,
        pool_id=slot.pool_id,
        site_id=slot.pool.site_id,
        fence=slot.fence,
        claim=claim,
        add=slot.state == SlotState.GRANTING,
        account_id=(slot.holder.account_id if slot.holder else None) or "",
        group_id=slot.pool.access_group.group_id,
        attempt=attempt,
        dry_run=slot.pool.dry_run,
        clean=clean,
    )


def change_answered_late(*, change: WantedChange) -> None:
    """Jira answered a call whose slot has moved on: nothing is in flight, the newer change may start."""
    Slot.objects.filter(pk=change.slot_id, claimed_until=change.claim).update(
        claimed_until=None, next_attempt_at=None, **settled_by(change)
    )


def settled_by(change: WantedChange) -> dict[str, None]:
    """An answered call to add somebody cannot land late any more; one to remove says nothing about that."""
    return {"unsettled_until": None} if change.add and change.clean else {}


def still_wanted(changes: Collection[WantedChange]) -> dict[int, Slot]:
    """Return, by id, the slots that still want what these changes were made for; nobody can claim them meanwhile.

    The caller is in a transaction; to give anything it holds the lock of the pool. No two changes of one slot.
    """
    rows = Slot.objects.select_for_update(of=("self",), no_key=True).select_related("queue_entry")
    found = rows.in_bulk([change.slot_id for change in changes])
    return {
        change.slot_id: slot
        for change in changes
        if (slot := found.get(change.slot_id)) and _wants(slot, change)
    }


def _wants(slot: Slot, change: WantedChange) -> bool:
    state = SlotState.GRANTING if change.add else SlotState.REVOKING
    return slot.fence == change.fence and slot.state == state
