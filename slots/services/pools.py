"""The pool lock, the number of slot rows, and pauses."""

from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.lib.errors import Busy
from slots.models import Event, LicencePool, Slot, SlotState
from slots.services.dispatch import pool_dispatch
from slots.services.journal import journal_write

PAUSE = timedelta(seconds=60)


def pool_lock(pool_id: int) -> LicencePool:
    """Lock a pool until the transaction ends and return it fresh. Everything about its order happens under it.

    Raises Busy when somebody holds the lock for more than 3 seconds, RuntimeError outside a transaction. On
    SQLite every transaction is exclusive (BEGIN IMMEDIATE), the row lock is a no-op there.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("pool_lock() needs a transaction: without one it would lock nothing.")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'")
    try:
        # no_key: journal rows that refer to the pool can be inserted meanwhile.
        return (
            LicencePool.objects.select_for_update(no_key=True, of=("self",))
            .select_related("site")
            .get(pk=pool_id)
        )
    except OperationalError as error:
        raise Busy(_("IUM is busy. Try again in a moment.")) from error


@transaction.atomic
def pool_apply_limit(*, pool_id: int, at: datetime, actor: User | None = None) -> None:
    """Make the number of slot rows fit the assigned licences, and give new ones away.

    Nobody is thrown out: when the limit went down, free rows go at once and the others as they become free.
    """
    pool = pool_lock(pool_id)
    before = pool.slots.count()
    surplus = before - pool.slot_count
    if surplus < 0:
        Slot.objects.bulk_create([Slot(pool=pool) for _ in range(-surplus)], batch_size=1000)
    elif surplus > 0:
        free = pool.slots.filter(state=SlotState.FREE).order_by("-pk")
        Slot.objects.filter(pk__in=list(free.values_list("pk", flat=True)[:surplus])).delete()
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


@transaction.atomic
def pool_pause(*, pool_id: int, reason: str, message: str, at: datetime) -> None:
    """Give no slots for a minute, because Jira refused one for a reason that concerns the whole pool."""
    pool = LicencePool.objects.get(pk=pool_id)
    if pool.paused_message != message or not pool.is_paused(at):
        journal_write(event=Event.PAUSED, at=at, pool=pool, reason=reason, message=message)
    LicencePool.objects.filter(pk=pool_id).update(paused_until=at + PAUSE, paused_message=message)
