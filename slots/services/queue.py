"""What an administrator may do with the queue."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.lib.errors import Refused
from slots.models import CloseReason, Event, LicencePool, QueueEntry
from slots.selectors import Refusal, why_refused
from slots.services.dispatch import Grant, free_slots, grant_many, grants_rest, want_change
from slots.services.journal import journal_write
from slots.services.pools import pool_lock
from slots.services.waits import close_entry
from slots.shares import full_share


def _open_entry(entry_id: int) -> QueueEntry:
    """Lock the entry's pool and return the entry fresh. Raises Refused when the wait is over."""
    pool_id = QueueEntry.objects.values_list("pool_id", flat=True).get(pk=entry_id)
    pool = pool_lock(pool_id)
    entry = QueueEntry.objects.waiting().select_related("user").filter(pk=entry_id).first()
    if entry is None:
        raise Refused(_("This person is not waiting any more."), code="not_waiting")
    entry.pool = pool
    return entry


@transaction.atomic
def queue_entry_remove(*, entry_id: int, at: datetime, actor: User) -> None:
    """Take somebody out of the queue. Raises Refused when they are not waiting."""
    close_entry(_open_entry(entry_id), CloseReason.REMOVED, at=at, actor=actor)


@transaction.atomic
def queue_entry_move_up(*, entry_id: int, at: datetime, actor: User) -> None:
    """Put somebody before everybody else, journalled. Raises Refused when they are not waiting."""
    entry = _open_entry(entry_id)
    first = entry.pool.entries.waiting().aggregate(highest=Max("priority"))["highest"] or 0
    if entry.pool.entries.waiting().first() == entry:
        return
    QueueEntry.objects.filter(pk=entry.pk).update(priority=first + 1)
    journal_write(
        event=Event.MOVED, at=at, pool=entry.pool, user=entry.user, actor=actor, seq=entry.seq
    )


@transaction.atomic
def queue_entry_move_to_end(*, entry_id: int, at: datetime, actor: User) -> None:
    """Put somebody behind everybody who waits now, as if they had just joined. Raises Refused when they do not wait.

    A new number, not a lower priority: later joiners must not overtake them for ever.
    """
    entry = _open_entry(entry_id)
    pool = entry.pool
    if entry.priority <= 0 and pool.entries.waiting().last() == entry:
        return
    QueueEntry.objects.filter(pk=entry.pk).update(seq=pool.next_seq, places_ahead=0, priority=0)
    LicencePool.objects.filter(pk=pool.pk).update(next_seq=pool.next_seq + 1)
    journal_write(
        event=Event.MOVED,
        at=at,
        pool=pool,
        user=entry.user,
        actor=actor,
        reason="to_end",
        seq=pool.next_seq,
        seq_before=entry.seq,
    )


@transaction.atomic
def queue_give_slot(*, entry_id: int, at: datetime, actor: User) -> None:
    """Give somebody who waits a free slot now, before their turn. Raises Refused when that cannot be.

    The limit and the caps of groups stay: an administrator takes a slot back first if all are in use. Reserved
    slots are lent, as to anybody.
    """
    entry = _open_entry(entry_id)
    pool = entry.pool
    if refusal := why_refused(user=entry.user, pool=pool, at=at) or _why_not_now(entry, at):
        raise Refused(refusal.message, code=refusal.code)
    free = free_slots(pool)
    if not free:
        raise Refused(_("No slot is free. Take one back first."), code="no_free_slot")
    # An administrator's word counts as a sign of life; not taken up, the slot goes on after the claim time.
    entry.alive_until = entry.seen_at = at
    entry.save(update_fields=["alive_until", "seen_at"])
    grant_many([Grant(free[0], entry)], pool=pool, at=at, actor=actor)
    want_change(free[0].pk)


def _why_not_now(entry: QueueEntry, at: datetime) -> Refusal | None:
    """Return why nothing can be given to this person at the moment."""
    if grants_rest(entry.pool, at):
        text = _("No slots are given at the moment. The overview says why.")
        return Refusal("grants_rest", text)
    if entry.pool.slots.filter(holder=entry.user).exists():
        text = _("Jira has not confirmed yet that this person's last slot is gone.")
        return Refusal("still_leaving", text)
    if entry.pool.has_group_rules and (share := full_share(entry.pool, entry.user)):
        text = _(
            "“%(group)s” has all %(number)s slots that it may have. Take one of them back first."
        )
        return Refusal("group_cap", text % {"group": share.name, "number": share.most})
    return None
