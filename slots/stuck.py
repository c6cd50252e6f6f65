"""Slots whose change takes long: which, and why, in words an administrator can act upon."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ium.lib.spans import span
from slots.models import Slot, SlotState

# An addition takes a second, and every ten seconds what was lost is tried again: after this, something is wrong.
PATIENCE = timedelta(seconds=30)


def stuck_slots(slots: QuerySet[Any], at: datetime) -> QuerySet[Any]:
    """Return slots that have been given or taken for long, and free ones that a lost call holds back."""
    long_ago = at - PATIENCE
    found: QuerySet[Any] = slots.annotate(
        wanted_since=Coalesce("revoking_since", "granted_at"),
    ).filter(
        Q(state__in=[SlotState.GRANTING, SlotState.REVOKING], wanted_since__lte=long_ago)
        | Q(state=SlotState.FREE, unsettled_until__gt=at)
    )
    return found


def with_used(slots: QuerySet[Any]) -> QuerySet[Any]:
    """Add how many slots of the pool are used: a lowered limit holds additions back."""
    used = Slot.objects.used().filter(pool=OuterRef("pool")).order_by().values("pool")
    number = Subquery(
        used.annotate(number=Count("pk")).values("number"), output_field=IntegerField()
    )
    found: QuerySet[Any] = slots.annotate(pool_used=Coalesce(number, 0))
    return found


def why_waiting(slot: Slot, used: int, at: datetime) -> str:
    """Return why a slot's change is not done yet; empty when there is nothing to wait for.

    `slot` with its pool and site; `used`: slots of the pool in use.
    """
    if slot.state == SlotState.FREE:
        return _lost_call(slot, at)
    if slot.state not in {SlotState.GRANTING, SlotState.REVOKING}:
        return ""
    return (
        _site(slot)
        or _claimed(slot, at)
        or _lost_call(slot, at)
        or _over_limit(slot, used)
        or _refused(slot, at)
        or _unexplained(slot, at)
    )


def _site(slot: Slot) -> str:
    site = slot.pool.site
    if not site.is_down:
        return ""
    told = _(
        "Jira cannot be used: %(state)s. IUM tries it every 15 seconds and then goes on by itself. %(message)s"
    )
    return (
        told % {"state": site.get_connection_state_display(), "message": site.connection_message}
    ).strip()


def _claimed(slot: Slot, at: datetime) -> str:
    if slot.claimed_until is None or slot.claimed_until <= at:
        return ""
    return _(
        "A worker calls Jira at this moment, or died while it did: the next one may try in %(time)s."
    ) % {"time": _left(slot.claimed_until, at)}


def _lost_call(slot: Slot, at: datetime) -> str:
    granting = slot.state == SlotState.GRANTING
    if granting or slot.unsettled_until is None or slot.unsettled_until <= at:
        return ""
    return _(
        "A call to Jira was lost and may still let the last holder in: the slot is given to nobody for %(time)s more."
    ) % {"time": _left(slot.unsettled_until, at)}


def _over_limit(slot: Slot, used: int) -> str:
    if slot.state != SlotState.GRANTING or used <= slot.pool.slot_count:
        return ""
    return _(
        "The limit was lowered: first others must hand their slots back (%(used)s in use, %(limit)s allowed)."
    ) % {
        "used": used,
        "limit": slot.pool.slot_count,
    }


def _refused(slot: Slot, at: datetime) -> str:
    if not slot.last_error:
        return ""
    when = _("soon")
    if slot.next_attempt_at is not None and slot.next_attempt_at > at:
        when = _("in %(time)s") % {"time": _left(slot.next_attempt_at, at)}
    return _("Jira did not carry it out (attempts: %(attempts)s; next one %(when)s): %(error)s") % {
        "attempts": slot.attempts,
        "when": when,
        "error": slot.last_error,
    }


def _unexplained(slot: Slot, at: datetime) -> str:
    since = slot.revoking_since or slot.granted_at
    if since is None or at - since < PATIENCE:
        return _("Jira is about to be called.")
    if slot.next_attempt_at is not None and slot.next_attempt_at > at:
        return _("The next attempt is in %(time)s.") % {"time": _left(slot.next_attempt_at, at)}
    return _(
        "Nobody has taken it up. Is the worker of the queue “jira” running? The jobs page tells."
    )


def _left(until: datetime, at: datetime) -> str:
    return span((until - at).total_seconds())
