"""The pool lock, the number of slot rows, and pauses."""

from datetime import UTC, datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from ium.lib.errors import Busy
from slots.models import Event, LicencePool
from slots.services.database_life import is_another_life, life
from slots.services.journal import journal_write

PAUSE = timedelta(seconds=60)
# A pool from a restored backup is paused until it was compared with Jira, however long that takes.
UNTIL_COMPARED = datetime(9999, 1, 1, tzinfo=UTC)


def awaits_comparison(pool: LicencePool) -> bool:
    """Whether the pool came from a backup and was not compared with Jira yet."""
    return pool.paused_until == UNTIL_COMPARED


def pool_lock(pool_id: int) -> LicencePool:
    """Lock a pool until the transaction ends and return it fresh. Everything about its order happens under it.

    If the database was started again since, the pool is closed until it was compared with Jira.
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
        pool: LicencePool = (
            LicencePool.objects.select_for_update(no_key=True, of=("self",))
            .select_related("site")
            .annotate(life=life())
            .defer(
                "site__org_key", "site__second_org_key", "site__api_token"
            )  # decrypted when read
            .get(pk=pool_id)
        )
    except OperationalError as error:
        raise Busy(_("IUM is busy. Try again in a moment.")) from error
    if is_another_life(pool):
        # Not at the top: what closes a pool needs its lock.
        from slots.services.restored import pool_close_after_restart

        pool = pool_close_after_restart(pool)
    return pool


@transaction.atomic
def pool_pause(*, pool_id: int, reason: str, message: str, at: datetime) -> None:
    """Give no slots for a minute, because Jira refused one for a reason that concerns the whole pool."""
    pool = LicencePool.objects.get(pk=pool_id)
    if awaits_comparison(pool):
        return
    if pool.paused_message != message or not pool.is_paused(at):
        journal_write(event=Event.PAUSED, at=at, pool=pool, reason=reason, message=message)
    LicencePool.objects.filter(pk=pool_id).exclude(paused_until=UNTIL_COMPARED).update(
        paused_until=at + PAUSE, paused_message=message
    )
