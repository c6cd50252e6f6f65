"""How break glass starts and how it ends: one confirmed action each, journalled."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ium.directory.models import Group, User
from ium.lib.errors import Refused
from jira_sync.client.errors import JiraError
from jira_sync.client.interface import GroupInfo
from jira_sync.connections import directory_of
from jira_sync.glass.selectors import people_of
from jira_sync.glass.waking import wake_after_commit
from jira_sync.models import BreakGlass, GlassState
from jira_sync.services.groups import product_name
from slots.models import Event, LicencePool
from slots.services.journal import journal_write


def glass_start(*, pool_id: int, group_id: int, actor: User, at: datetime) -> BreakGlass:
    """Give every IUM user of the pool access through the group (a primary key), until `glass_end`.

    Nobody who is in the group already is ever taken out of it. Whether the pool is switched on does not matter, and
    it goes on as before. Raises Refused when the group cannot do this. Asks Jira: call it outside transactions.
    """
    pool = LicencePool.objects.select_related("site").get(pk=pool_id)
    group = Group.objects.get(pk=group_id)
    _refuse_group(pool, group)
    _refuse_by_jira(pool, group)
    return _create(pool, group, actor, at)


@transaction.atomic
def _create(pool: LicencePool, group: Group, actor: User, at: datetime) -> BreakGlass:
    try:
        with transaction.atomic():
            glass = BreakGlass.objects.create(
                pool=pool, group=group, started_by=actor, started_at=at
            )
    except IntegrityError:
        raise Refused(
            _("Break glass is in use for this pool already. End it first."), code="glass_open"
        ) from None
    journal_write(
        event=Event.GLASS_ON,
        at=at,
        pool=pool,
        actor=actor,
        reason="started",
        group=group.name,
        people=people_of(pool).count(),
    )
    wake_after_commit(glass.pk)
    return glass


@transaction.atomic
def glass_end(*, glass_id: int, actor: User, at: datetime) -> bool:
    """Take the access back from everybody whom the action put into the group, and from nobody else.

    Also in the middle of giving. Returns whether there was something to end; repeating is harmless.
    """
    ending = BreakGlass.objects.filter(
        pk=glass_id, state__in=[GlassState.GIVING, GlassState.GIVEN]
    ).update(state=GlassState.TAKING, message="")
    if not ending:
        return False
    glass = BreakGlass.objects.select_related("pool", "group").get(pk=glass_id)
    glass.members.exclude(error="").update(error="")
    journal_write(
        event=Event.GLASS_OFF,
        at=at,
        pool=glass.pool,
        actor=actor,
        reason="taking",
        group=glass.group.name,
        people=glass.members.filter(wanted_in=True, was_member=False).count(),
    )
    wake_after_commit(glass_id)
    return True


def _refuse_group(pool: LicencePool, group: Group) -> None:
    """Raise Refused for what IUM knows by itself."""
    if pool.dry_run:
        message = _(
            "The dry run of %(pool)s is on, and break glass changes Jira. Switch it off first."
        )
        raise Refused(message % {"pool": pool}, code="pool_dry_run")
    if pool.measuring:
        message = _(
            "%(pool)s only measures, and break glass changes Jira. End measuring mode first."
        )
        raise Refused(message % {"pool": pool}, code="pool_measuring")
    if group.site_id != pool.site_id:
        message = _("The group “%(group)s” belongs to another site than %(pool)s.")
        raise Refused(message % {"group": group, "pool": pool}, code="other_site")
    if LicencePool.objects.filter(Q(access_group=group) | Q(user_group=group)).exists():
        message = _(
            "“%(group)s” is a group of a pool. Choose one that IUM does not manage: its members are counted there."
        )
        raise Refused(message % {"group": group}, code="group_of_pool")
    if group.is_admin:
        message = _("“%(group)s” makes its members administrators. Choose another group.")
        raise Refused(message % {"group": group}, code="admin_group")
    if group.is_read_only:
        raise _read_only(group)


def _refuse_by_jira(pool: LicencePool, group: Group) -> None:
    """Raise Refused for what Jira says now. If it does not answer, what IUM knows must do: it will be tried again."""
    try:
        found = directory_of(pool.site).find_group(group_id=group.group_id)
    except JiraError as error:
        if not error.retryable or group.grants is None:
            raise Refused(error.message, code=error.code) from error
        products = {one["product"] for one in group.grants}
    else:
        products = _products(group, found)
    if pool.product not in products:
        message = _("The group “%(group)s” does not give %(product)s, so it would help nobody.")
        values = {"group": group, "product": product_name(pool.product)}
        raise Refused(message % values, code="gives_no_product")


def _products(group: Group, found: GroupInfo | None) -> set[str]:
    if found is None:
        message = _("The group “%(group)s” does not exist in Jira any more.")
        raise Refused(message % {"group": group}, code="group_missing")
    if found.managed_externally or found.modifiable is False:
        raise _read_only(group)
    return {grant.product for grant in found.grants or ()}


def _read_only(group: Group) -> Refused:
    message = _("The members of “%(group)s” are managed by an identity provider. Choose another.")
    return Refused(message % {"group": group}, code="group_read_only")
