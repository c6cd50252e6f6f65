"""Making the number of slot rows fit the assigned licences."""

from datetime import datetime

from django.db import transaction

from ium.directory.models import User
from slots.models import Event, LicencePool, Slot, SlotState
from slots.services.dispatch import pool_dispatch
from slots.services.journal import journal_write
from slots.services.pools import pool_lock
from slots.services.refusing import grant_withdraw

# What IUM keeps itself, under the pool lock: a form would write back what it read minutes ago.
KEPT_BY_IUM = {
    "next_seq",
    "has_group_rules",
    "measuring",
    "wait_alert_since",
    "paused_until",
    "paused_message",
}


@transaction.atomic
def pool_configure(*, pool: LicencePool, at: datetime, actor: User | None = None) -> None:
    """Write a pool's settings as an administrator entered them, and make its slots fit. Checked by the form."""
    if pool.pk is None:
        pool.save()
    else:
        fields = {field.name for field in pool._meta.concrete_fields if not field.primary_key}
        pool.save(update_fields=fields - KEPT_BY_IUM)
    pool_apply_limit(pool_id=pool.pk, at=at, actor=actor)


@transaction.atomic
def pool_apply_limit(*, pool_id: int, at: datetime, actor: User | None = None) -> None:
    """Make the number of slot rows fit the assigned licences, and give new ones away.

    Nobody who works is thrown out: when the limit went down, free rows go at once, then grants that Jira has not
    confirmed (their people wait on, in their old place), and the others as they become free.
    """
    pool = pool_lock(pool_id)
    before = pool.slots.count()
    surplus = before - pool.slot_count
    if surplus < 0:
        Slot.objects.bulk_create([Slot(pool=pool) for _ in range(-surplus)], batch_size=1000)
    elif surplus > 0:
        _shrink(pool, surplus, at=at, actor=actor)
    if surplus:
        journal_write(
            event=Event.LIMIT_CHANGED,
            at=at,
            pool=pool,
            actor=actor,
            rows_before=before,
            limit=pool.slot_count,
            draining=max(0, pool.slots.count() - pool.slot_count),
        )
    pool_dispatch(pool=pool, at=at)


def _shrink(pool: LicencePool, surplus: int, *, at: datetime, actor: User | None) -> None:
    free = pool.slots.filter(state=SlotState.FREE).order_by("-pk")
    going = list(free.values_list("pk", flat=True)[:surplus])
    Slot.objects.filter(pk__in=going).delete()
    on_their_way = pool.slots.filter(state=SlotState.GRANTING).order_by("-granted_at", "-pk")
    latest = on_their_way.select_related("pool", "holder", "queue_entry")[: surplus - len(going)]
    for slot in latest:
        grant_withdraw(slot, at=at, actor=actor)
