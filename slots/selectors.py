"""Reads that span tables: who may have a slot, who was active when, and the state document."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from activity.models import LastActivity
from ium.directory.models import AccountStatus, GroupMembership, User
from ium.lib.errors import NotFound
from ium.lib.spans import span
from slots.models import LicencePool, Slot, SlotLock, SlotState
from slots.models.slot import SlotQuerySet
from slots.pages import pool_for_page

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True)
class Refusal:
    """Why somebody cannot have a slot: a code for machines, a sentence for people."""

    code: str
    message: str


def pool_by_key(key: str | None) -> LicencePool:
    """Return the pool with this short name; without a name the only (or first) one. Raises NotFound."""
    pools = LicencePool.objects.select_related("site", "user_group", "access_group")
    pool = pools.filter(key=key).first() if key else pools.order_by("pk").first()
    if pool is None:
        raise NotFound(
            _("There is no pool “%(key)s”.") % {"key": key}
            if key
            else _("No pool is set up yet. Ask your administrator."),
            code="unknown_pool",
        )
    return pool


def pool_for(*, key: str | None, page: str | None) -> LicencePool:
    """Return the pool with this short name; without a name the one that the page belongs to.

    Without either, and for a page of no pool, the only (or first) one. Raises NotFound.
    """
    if not key and page:
        pools = LicencePool.objects.select_related("site", "user_group", "access_group")
        if found := pool_for_page(page, pools.order_by("pk")):
            return found
    return pool_by_key(key)


def why_not_managed(*, user: User, pool: LicencePool) -> Refusal | None:
    """Return why IUM does not manage this person in this pool; None when it does."""
    if user.is_protected:
        return Refusal("administrator", _("You are a Jira administrator; IUM never touches those."))
    if user.account_status != AccountStatus.ACTIVE:
        return Refusal("account_not_active", _("Your Atlassian account is not active."))
    if not GroupMembership.objects.filter(group=pool.user_group_id, user=user).exists():
        return Refusal(
            "not_in_user_group",
            _("You do not share licences of %(pool)s: either you need none, or you have your own.")
            % {"pool": pool},
        )
    return None


def people_inside(pool: LicencePool) -> set[int]:
    """Return who has a slot of the pool, gets one, or waits for one."""
    held = pool.slots.filter(state__in=[SlotState.GRANTING, SlotState.ACTIVE])
    waits = pool.entries.waiting()
    holders = held.exclude(holder=None).values_list("holder", flat=True)
    return set(holders) | set(waits.values_list("user", flat=True))


def lock_until(*, user: User, pool: LicencePool, at: datetime) -> datetime | None:
    """Return until when the person cannot get a slot after losing one to the sweep; None when not locked."""
    return (
        SlotLock.objects.filter(user=user, pool=pool, until__gt=at)
        .values_list("until", flat=True)
        .first()
    )


def locked_message(until: datetime, at: datetime) -> str:
    """Return the sentence for somebody who is locked until then. A length: nobody knows the reader's time zone."""
    return _("You lost your slot to inactivity. You can get one again in %(time)s.") % {
        "time": span((until - at).total_seconds())
    }


def why_refused(*, user: User, pool: LicencePool, at: datetime) -> Refusal | None:
    """Return why this person cannot ask for a slot of this pool now; None when they can."""
    if pool.measuring:
        return Refusal("measuring", measuring_message(pool))
    if refusal := why_not_managed(user=user, pool=pool):
        return refusal
    if not pool.enabled:
        return Refusal("pool_off", _("Sharing is switched off for %(pool)s.") % {"pool": pool})
    if until := lock_until(user=user, pool=pool, at=at):
        return Refusal("locked", locked_message(until, at))
    return None


def measuring_message(pool: LicencePool) -> str:
    """Return the sentence for everybody while a pool only measures."""
    return _(
        "IUM only measures how many people use %(pool)s at the same time. You need no slot; just go on working."
    ) % {"pool": pool}


class LastActive(TypedDict):
    """What `with_last_activity` adds to a slot."""

    last_active_at: datetime


def activity_of_holders(pool: LicencePool) -> "QuerySet[LastActivity]":
    """Return the activity of a slot's holder that counts for the pool, to be used inside a query over its slots."""
    return LastActivity.objects.filter(
        user=OuterRef("holder"), site=pool.site_id, product=pool.product
    )


def with_last_activity(
    slots: SlotQuerySet, pool: LicencePool
) -> "QuerySet[WithAnnotations[Slot, LastActive]]":
    """Annotate slots of a pool with `last_active_at`: the last activity, or when the clock last started."""
    latest = activity_of_holders(pool).values("last_active_at")[:1]
    return slots.annotate(  # type: ignore[return-value] # the plugin infers the same shape unnamed
        last_active_at=Greatest(F("clock_from"), Coalesce(Subquery(latest), F("clock_from")))
    )
