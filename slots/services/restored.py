"""After a restored backup the rows are older than Jira: nothing is given until they follow it again.

What happened after the backup was taken is lost. Who works is a member of the access group, so Jira decides who
holds a slot; the rows of the backup only say who IUM's people were. `pool_restored` closes a pool in the restoring
transaction, the first comparisons with Jira repair it, and the one that can be believed opens it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from ium.lib import clock
from slots.models import Event, JournalEntry, LicencePool, QueueEntry, Slot, SlotState
from slots.selectors import why_not_managed
from slots.services.database_life import life_note
from slots.services.dispatch import pool_dispatch
from slots.services.freeing import FREE, NOBODY_AT_IT
from slots.services.journal import journal_write
from slots.services.pools import UNTIL_COMPARED, awaits_comparison, pool_lock
from slots.services.upkeep import clocks_restart
from slots.services.wanted import SETTLE_TIME

RESTORED = "restored"
RESTARTED = "database_restarted"
HURRY = timedelta(minutes=5)


@transaction.atomic
def pool_restored(*, pool_id: int, taken_at: datetime, at: datetime) -> None:
    """Close a restored pool until Jira was read. `taken_at`: when the backup was taken.

    1. Nothing that was on its way then is carried out now: grants return to their places in the queue, and who was
       being taken out stays for now, because a slot may have been won again since. 2. Nobody loses anything to
       activity, or to a slot not taken up, that the backup does not know. 3. Nothing is given.
    """
    pool = pool_lock(pool_id)
    for slot in pool.slots.filter(state=SlotState.GRANTING, confirmed_at=None).select_related(
        "holder", "queue_entry"
    ):
        _take_grant_back(slot)
    _keep_holders(pool, at)
    seconds = (at - taken_at).total_seconds()
    clocks_restart(pool_id=pool.pk, reason=RESTORED, seconds=seconds, at=at)
    life_note(pool)
    if not pool.dry_run:
        message = _(
            "IUM was restored from a backup and first compares its slots with Jira. This takes a few minutes."
        )
        _close(pool, RESTORED, message, at)


def pool_close_after_restart(pool: LicencePool) -> LicencePool:
    """Close a pool whose database was started again, because its last moments may be lost; return it fresh.

    The caller holds the pool lock. What is on its way stays: additions wait until Jira was read, removals go on.
    """
    # Whoever meets the restart first has no time at hand: it may be any lock of the pool.
    at = clock.now()
    life_note(pool)
    clocks_restart(pool_id=pool.pk, reason=RESTARTED, seconds=0, at=at)
    if not pool.dry_run:
        message = _(
            "IUM's database was started again, and IUM first compares its slots with Jira. This takes a few minutes."
        )
        _close(pool, RESTARTED, message, at)
    return pool_lock(pool.pk)


def _take_grant_back(slot: Slot) -> None:
    waits = QueueEntry.objects.waiting().filter(pool=slot.pool_id, user=slot.holder)
    if slot.queue_entry is not None and not waits.exists():
        QueueEntry.objects.filter(pk=slot.queue_entry.pk).update(closed_at=None, close_reason="")
    Slot.objects.filter(pk=slot.pk).update(fence=slot.fence + 1, **FREE)


def _keep_holders(pool: LicencePool, at: datetime) -> None:
    for slot in pool.slots.filter(state__in=[SlotState.GRANTING, SlotState.REVOKING]):
        Slot.objects.filter(pk=slot.pk).update(
            **NOBODY_AT_IT,
            state=SlotState.ACTIVE,
            fence=slot.fence + 1,
            confirmed_at=slot.confirmed_at or slot.granted_at or at,
        )
    # Whether they took it up since nobody knows any more.
    pool.slots.filter(state=SlotState.ACTIVE).update(seen_at=at)


def _close(pool: LicencePool, reason: str, message: str, at: datetime) -> None:
    LicencePool.objects.filter(pk=pool.pk).update(
        paused_until=UNTIL_COMPARED, paused_message=message
    )
    journal_write(event=Event.PAUSED, at=at, pool=pool, reason=reason, message=message)


def rows_follow(
    pool: LicencePool, members: Collection[str], *, read_at: datetime, at: datetime
) -> int:
    """Let the rows of a restored pool follow Jira; the caller holds the pool lock and adopts afterwards.

    A holder who is no member (any more) lost the slot after the backup was taken: the row is freed, without a call.
    For every IUM user who is a member there is a row, also beyond the limit: those rows drain as people leave, as
    after a lowered limit, and until then they count. Returns how many rows were freed.
    """
    if not awaits_comparison(pool):
        return 0
    holding = pool.slots.filter(state=SlotState.ACTIVE, confirmed_at__lt=read_at)
    gone = list(holding.exclude(holder__account_id__in=members).select_related("holder"))
    for slot in gone:
        Slot.objects.filter(pk=slot.pk).update(fence=slot.fence + 1, **FREE)
        journal_write(
            event=Event.REPAIRED,
            at=at,
            pool=pool,
            user=slot.holder,
            slot=slot,
            reason="not_in_jira",
        )
    _make_room(pool, members)
    return len(gone)


def _make_room(pool: LicencePool, members: Collection[str]) -> None:
    people = pool.user_group.members.filter(account_id__in=members).exclude(slots__pool=pool)
    coming = sum(why_not_managed(user=user, pool=pool) is None for user in people)
    short = coming - pool.slots.filter(state=SlotState.FREE).count()
    Slot.objects.bulk_create([Slot(pool=pool) for _ in range(short)])


def comparison_done(
    pool: LicencePool, *, read_at: datetime, people_are_fresh: bool, at: datetime
) -> None:
    """Open a restored pool, if this comparison can be believed: the caller holds the pool lock.

    It can when the user group was read since the restoring (`people_are_fresh`; somebody who came after the backup
    would look like a stranger, who does not count), and when no call from before it can land in Jira any more.
    """
    if not awaits_comparison(pool) or not people_are_fresh:
        return
    closed_at = _closed_at(pool.pk)
    if closed_at is not None and read_at < closed_at + SETTLE_TIME:
        return
    pool.paused_until, pool.paused_message = None, ""
    pool.save(update_fields=["paused_until", "paused_message"])
    journal_write(event=Event.REPAIRED, at=at, pool=pool, reason="compared")
    pool_dispatch(pool=pool, at=at)


def restored_pools_due(*, at: datetime) -> list[int]:
    """Return ids of restored pools that a comparison could open by now, so that nobody waits for its usual round.

    Only for some minutes: what is not opened then needs an administrator or Jira, and the reconciler keeps trying.
    """
    waiting = LicencePool.objects.filter(paused_until=UNTIL_COMPARED).values_list("pk", flat=True)
    closed = {pool_id: _closed_at(pool_id) for pool_id in waiting}
    return [
        pool_id
        for pool_id, since in closed.items()
        if since is not None and SETTLE_TIME <= at - since < HURRY
    ]


def _closed_at(pool_id: int) -> datetime | None:
    closed = JournalEntry.objects.filter(
        pool=pool_id, event=Event.PAUSED, reason__in=[RESTORED, RESTARTED]
    )
    return closed.order_by("-at").values_list("at", flat=True).first()
