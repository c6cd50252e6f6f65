"""Why a run cannot start, in words that say what to do first."""

from django.utils.translation import gettext as _

from ium.directory.models import Group
from ium.lib.errors import Refused
from jira_sync.client.errors import JiraError
from jira_sync.connections import directory_of
from jira_sync.models import SyncSettings
from jira_sync.services.groups import gives_licence
from jira_sync.sync.reading import gives_product_message, source_groups_of
from jira_sync.sync.selectors import open_run, pools_sharing_users
from slots.models import LicencePool


def run_open() -> Refused:
    """Return the refusal of a second run."""
    return Refused(
        _("A run of this pool's user sync is on its way. Wait until it is done, or stop it."),
        code="run_open",
    )


def refuse_group(pool: LicencePool) -> None:
    """Raise Refused when the user group cannot be changed now."""
    if open_run(pool) is not None:
        raise run_open()
    if pool.site.is_down:
        message = _("Jira cannot be used at the moment: %(reason)s")
        raise Refused(message % {"reason": pool.site.connection_message}, code="site_down")
    if pool.user_group.is_read_only:
        message = _(
            "The members of the user group “%(group)s” are managed by an identity provider, so IUM cannot change"
            " them. Choose a group that is managed in Atlassian."
        )
        raise Refused(message % {"group": pool.user_group}, code="user_group_read_only")


def refuse_sources(pool: LicencePool) -> None:
    """Raise Refused when there are no source groups, or one that cannot be one."""
    settings = SyncSettings.objects.filter(pool=pool).first()
    sources = source_groups_of(settings) if settings is not None else []
    if not sources:
        message = _("There are no source groups. Choose at least one in the user sync of %(pool)s.")
        raise Refused(message % {"pool": pool}, code="no_source_groups")
    _refuse_second_sync(pool)
    for group in sources:
        _refuse_source(pool, group)
    _refuse_product(pool, [*sources, pool.user_group])


def refuse_reset(pool: LicencePool) -> None:
    """Raise Refused when a reset cannot work."""
    if pool.dry_run:
        message = _("The dry run of %(pool)s is on, so nobody was added. Switch it off first.")
        raise Refused(message % {"pool": pool}, code="pool_dry_run")
    if pool.measuring:
        message = _("%(pool)s only measures, and a reset changes Jira. End measuring mode first.")
        raise Refused(message % {"pool": pool}, code="pool_measuring")


def _refuse_second_sync(pool: LicencePool) -> None:
    """Two syncs of one user group would undo each other's work."""
    others = [one.pk for one in pools_sharing_users(pool) if one.pk != pool.pk]
    other = SyncSettings.objects.filter(pool__in=others, source_groups__isnull=False).first()
    if other is not None:
        message = _(
            "The user group “%(group)s” is synchronised by the pool %(pool)s already. Give each pool its own user"
            " group, or remove one of the two user syncs."
        )
        raise Refused(message % {"group": pool.user_group, "pool": other.pool}, code="shared_sync")


def _refuse_source(pool: LicencePool, group: Group) -> None:
    if group.pk == pool.user_group_id:
        message = _("“%(group)s” is the user group itself; it cannot be a source group.")
        raise Refused(message % {"group": group}, code="source_is_user_group")
    if group.site_id != pool.site_id:
        message = _("The source group “%(group)s” belongs to another site.")
        raise Refused(message % {"group": group}, code="source_of_other_site")
    if LicencePool.objects.filter(access_group=group).exists():
        message = _("“%(group)s” is the access group of a pool; it cannot be a source group.")
        raise Refused(message % {"group": group}, code="source_is_access_group")


def _refuse_product(pool: LicencePool, groups: list[Group]) -> None:
    """Ask Jira about groups that gave the product when IUM last looked: it may have been taken off since."""
    for group in groups:
        if gives_licence(group, pool.product) and _still_gives(pool, group):
            raise Refused(gives_product_message(group, pool), code="source_gives_product")


def _still_gives(pool: LicencePool, group: Group) -> bool:
    try:
        grants = directory_of(pool.site).group_grants(group.group_id)
    except JiraError as error:
        raise Refused(error.message, code=error.code) from error
    return any(one.product == pool.product and one.takes_licence for one in grants)
