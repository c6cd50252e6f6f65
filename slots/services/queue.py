"""What an administrator may do with the queue."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.lib.errors import Refused
from slots.models import CloseReason, Event, QueueEntry, SlotState
from slots.selectors import why_refused
from slots.services.dispatch import pool_dispatch
from slots.services.journal import journal_write
from slots.services.pools import pool_lock
from slots.services.waits import close_entry


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
def queue_give_slot(*, entry_id: int, at: datetime, actor: User) -> None:
    """Give somebody who waits a free slot now, before their turn. Raises Refused when there is none.

    The limit stays: an administrator takes a slot back first if all are in use.
    """
    entry = _open_entry(entry_id)
    if refusal := why_refused(user=entry.user, pool=entry.pool, at=at):
        raise Refused(refusal.message, code=refusal.code)
    if not entry.pool.slots.filter(state=SlotState.FREE).exists():
        raise Refused(_("No slot is free. Take one back first."), code="no_free_slot")
    queue_entry_move_up(entry_id=entry_id, at=at, actor=actor)
    # An administrator's word counts as a sign of life; not taken up, the slot goes on after the claim time.
    QueueEntry.objects.filter(pk=entry_id).update(alive_until=at, seen_at=at)
    pool_dispatch(pool=entry.pool, at=at)
