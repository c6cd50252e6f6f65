"""Reads about break glass: what it would do, how far it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from ium.directory.models import AccountStatus, Group, User
from jira_sync.client.errors import JiraError
from jira_sync.connections import directory_of
from jira_sync.models import BreakGlass, GlassState
from slots.models import LicencePool

if TYPE_CHECKING:
    from django.db.models import QuerySet

UNFINISHED = (GlassState.GIVING, GlassState.TAKING)


@dataclass(frozen=True)
class GlassPreview:
    """What starting would do: how many people get access, and the licences Jira has left (None: not known)."""

    people: int
    licences_left: int | None

    @property
    def fits(self) -> bool:
        """Whether there are licences for everybody, as far as is known."""
        return self.licences_left is None or self.people <= self.licences_left


def people_of(pool: LicencePool) -> "QuerySet[User]":
    """Return the IUM users who would get access: those with an active account, without administrators."""
    return User.objects.filter(
        memberships__group=pool.user_group_id,
        account_status=AccountStatus.ACTIVE,
        is_protected=False,
    ).exclude(account_id=None)


def glass_preview(*, pool_id: int) -> GlassPreview:
    """Return what starting would do. Asks Jira for its licences; an answer that does not come is no obstacle."""
    pool = LicencePool.objects.select_related("site").get(pk=pool_id)
    return GlassPreview(people=people_of(pool).count(), licences_left=_licences_left(pool))


def _licences_left(pool: LicencePool) -> int | None:
    try:
        products = directory_of(pool.site).products()
    except JiraError:
        return None
    return next((one.remaining for one in products if one.product == pool.product), None)


@dataclass(frozen=True)
class GlassCounts:
    """How far an action is, in people."""

    people: int
    were_members: int
    put_in: int
    failed: int


def glass_counts(glass: BreakGlass) -> GlassCounts:
    """Count an action's people. `put_in` are those whom only break glass gives access to now."""
    rows = glass.members.all()
    return GlassCounts(
        people=rows.count(),
        were_members=rows.filter(was_member=True).count(),
        put_in=rows.filter(wanted_in=True, done=True, was_member=False).count(),
        failed=rows.exclude(error="").count(),
    )


def open_glass(pool: LicencePool) -> BreakGlass | None:
    """Return the action of a pool that is not over, if there is one."""
    return BreakGlass.objects.filter(pool=pool).exclude(state=GlassState.ENDED).first()


def glasses_left_alone(at: datetime) -> list[int]:
    """Return unfinished actions that nobody works on now."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=at)
    rows = BreakGlass.objects.filter(free, state__in=UNFINISHED)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def suitable(group: Group, pool: LicencePool) -> bool:
    """Whether the mirror says that the group can be used: a cheap test for a list to choose from."""
    return (
        group.site_id == pool.site_id
        and not group.is_admin
        and not group.is_read_only
        and group.missing_since is None
        and any(one["product"] == pool.product for one in group.grants or ())
        and not LicencePool.objects.filter(Q(access_group=group) | Q(user_group=group)).exists()
    )
