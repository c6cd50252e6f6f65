"""Measuring mode: a pool only records when people are active, so that the right number of licences can be found.

Nothing is given or taken, nobody is warned, and no call changes Jira. Whoever reports activity counts, whether or not
IUM manages them.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.lib.errors import Refused
from slots.models import CloseReason, Event, LicencePool
from slots.services.journal import journal_write
from slots.services.pools import pool_lock
from slots.services.waits import close_entry


@transaction.atomic
def measuring_begin(*, pool_id: int, at: datetime, actor: User | None) -> bool:
    """Put a pool into measuring mode; who waits is taken out of the queue. False when it is in it already.

    Raises Refused while slots are in use: their people would keep access that nobody takes back.
    """
    pool = pool_lock(pool_id)
    if pool.measuring:
        return False
    if used := pool.slots.used().count():
        message = _("Take back all slots first: %(used)s still in use in %(pool)s.")
        raise Refused(message % {"used": used, "pool": pool}, code="slots_in_use")
    for entry in pool.entries.waiting().select_related("user", "pool"):
        close_entry(entry, CloseReason.REMOVED, at=at, actor=actor)
    _set(pool, True)
    journal_write(event=Event.MEASURING, at=at, pool=pool, actor=actor, reason="began")
    return True


@transaction.atomic
def measuring_end(*, pool_id: int, at: datetime, actor: User | None) -> bool:
    """End measuring mode: from now on slots are given and taken. False when the pool was not in it."""
    pool = pool_lock(pool_id)
    if not pool.measuring:
        return False
    _set(pool, False)
    journal_write(event=Event.MEASURING, at=at, pool=pool, actor=actor, reason="ended")
    return True


def _set(pool: LicencePool, measuring: bool) -> None:
    pool.measuring = measuring
    # Not `update`: the settings' history shall know it too.
    pool.save(update_fields=["measuring"])
