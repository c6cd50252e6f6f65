"""What follows from a change of the rules for groups."""

from datetime import datetime

from django.db import transaction

from ium.directory.models import User
from slots.models import Event, LicencePool
from slots.services.dispatch import pool_dispatch
from slots.services.journal import journal_write
from slots.services.pools import pool_lock
from slots.shares import Share, shares_of


@transaction.atomic
def group_rules_changed(*, pool_id: int, at: datetime, actor: User | None = None) -> None:
    """Note that a pool's rules for groups were changed, journal how they are now, and let them take effect.

    Caps and reservations hold from the next slot given; who waits already keeps the place.
    """
    pool = pool_lock(pool_id)
    shares = shares_of(pool)
    pool.has_group_rules = bool(shares)
    LicencePool.objects.filter(pk=pool_id).update(has_group_rules=pool.has_group_rules)
    journal_write(
        event=Event.RULES_CHANGED,
        at=at,
        pool=pool,
        actor=actor,
        rules=", ".join(_in_short(share) for share in shares) or "-",
    )
    pool_dispatch(pool=pool, at=at)


def _in_short(share: Share) -> str:
    """Return one rule for the journal: plain figures, in no language."""
    most = "" if share.most is None else f" <={share.most}"
    return f"{share.name} [+{share.places_ahead}, {share.reserved}{most}]"
