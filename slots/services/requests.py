"""What users ask for: a slot, to hand it back, to be seen as active."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from activity.services import activity_record
from ium.directory.models import User
from ium.lib.errors import BadInput, NotEntitled
from ium.lib.hosts import is_on_site
from slots.models import (
    CloseReason,
    Event,
    JournalEntry,
    LicencePool,
    LossReason,
    QueueEntry,
    Slot,
    SlotState,
)
from slots.rules import MISSES_UNTIL_GONE
from slots.selectors import why_refused
from slots.services.asking import Ask, note_seen, slot_request_many
from slots.services.journal import journal_write
from slots.services.losses import revoke
from slots.services.pools import pool_lock
from slots.services.waits import close_entry

REFUSAL_FOLD = timedelta(hours=1)


def slot_request(
    *, user: User, pool: LicencePool, return_url: str | None, at: datetime, join: bool = True
) -> None:
    """Ask for a slot, or join and poll the queue. Repeating is harmless: who holds a slot keeps it.

    With `join` False it only goes on with what there is: who neither waits nor holds a slot stays outside, so
    that a second device cannot put somebody back who left.

    Raises NotEntitled with the reason for the user, BadInput for a return address off the pool's site, Busy
    when the pool stays locked for 3 seconds.
    """
    check_return_url(return_url, pool)
    refusal = why_refused(user=user, pool=pool, at=at)
    if refusal is not None and not (refusal.code == "pool_off" and _is_inside(user, pool)):
        if join and refusal.code != "measuring":
            _note_refusal(user=user, pool=pool, code=refusal.code, at=at)
        raise NotEntitled(refusal.message, code=refusal.code)
    [outcome] = slot_request_many(
        pool_id=pool.pk, asks=[Ask(user_id=user.pk, return_url=return_url, join=join)], at=at
    )
    if outcome.refusal is not None:
        raise outcome.refusal


def _is_inside(user: User, pool: LicencePool) -> bool:
    """Whether the person holds a slot or waits: both outlast a pool that is switched off for a while."""
    return (
        pool.slots.filter(holder=user).exists() or pool.entries.waiting().filter(user=user).exists()
    )


def check_return_url(return_url: str | None, pool: LicencePool) -> None:
    """Raise BadInput unless the address belongs to the pool's site: IUM redirects nowhere else."""
    if return_url and not is_on_site(return_url, pool.site.url):
        raise BadInput(
            _("The address to return to is not on %(site)s.") % {"site": pool.site.url},
            code="foreign_return_url",
        )


def _note_refusal(*, user: User, pool: LicencePool, code: str, at: datetime) -> None:
    """Journal a refusal once, however often the browser repeats the question."""
    recent = JournalEntry.objects.filter(
        pool=pool, user=user, event=Event.REFUSED, reason=code, at__gt=at - REFUSAL_FOLD
    )
    if not recent.exists():
        journal_write(event=Event.REFUSED, at=at, pool=pool, user=user, reason=code)


@transaction.atomic
def slot_release(*, user: User, pool: LicencePool, at: datetime, actor: User | None = None) -> None:
    """Hand the slot back, or leave the queue. Without either nothing happens.

    Somebody whose slot is being taken because it was not taken up does not go back to the queue either.
    """
    pool = pool_lock(pool.pk)
    entry = pool.entries.waiting().filter(user=user).first()
    if entry is not None:
        close_entry(entry, CloseReason.LEFT, at=at, actor=actor or user)
    slot = pool.slots.select_related("queue_entry").filter(holder=user).first()
    if slot is None:
        return
    if slot.state != SlotState.REVOKING:
        revoke(slot, reason=LossReason.RELEASED, at=at, actor=actor or user)
    elif entry is None and slot.loss_reason == LossReason.UNCLAIMED:
        _give_place_up(slot, at=at, actor=actor or user)


def _give_place_up(slot: Slot, *, at: datetime, actor: User) -> None:
    """Let the wait behind a slot that was not taken up be over for good."""
    wait = slot.queue_entry
    if wait is None or wait.misses >= MISSES_UNTIL_GONE:
        return
    QueueEntry.objects.filter(pk=wait.pk).update(misses=MISSES_UNTIL_GONE)
    journal_write(
        event=Event.LEFT_QUEUE, at=at, pool=slot.pool, user=slot.holder, actor=actor, seq=wait.seq
    )


@transaction.atomic
def slot_activity(
    *, user: User, pool: LicencePool, idle: timedelta, source: str, at: datetime
) -> None:
    """Note that the user was active `idle` ago, and take back a warning that this disproves.

    No pool lock: the warning is cleared by a condition on the slot row, on which the sweep's own condition
    waits. Whoever commits first wins, and the other sees it; fact and consequence are one transaction.
    """
    active_at = at - max(idle, timedelta(0))
    activity_record(
        user=user, site=pool.site, product=pool.product, active_at=active_at, source=source, at=at
    )
    slot = Slot.objects.filter(pool=pool, holder=user, state=SlotState.ACTIVE).first()
    if slot is None:
        return
    if slot.confirmed_at is not None and active_at >= slot.confirmed_at and not slot.was_claimed:
        note_seen(slot, None, at)
    clear_warning(slot, pool, active_at, at)


def clear_warning(slot: Slot, pool: LicencePool, active_at: datetime, at: datetime) -> None:
    """Take a warning back if activity at that moment disproves it."""
    kept_until = pool.timing.disproved_removals(active_at)
    disproved = Q(warned_at__lt=active_at) | Q(revoke_at__lt=kept_until)
    kept = Slot.objects.filter(
        disproved, pk=slot.pk, fence=slot.fence, state=SlotState.ACTIVE
    ).update(warned_at=None, revoke_at=None)
    if kept:
        journal_write(event=Event.KEPT, at=at, pool=pool, user=slot.holder, slot=slot)
