"""Comparing a pool with its access group in Jira."""

import logging

from ium.directory.models import User
from ium.directory.services import people_upsert
from ium.lib import clock
from jira_sync.client.errors import JiraError
from jira_sync.connections import directory_of
from jira_sync.services.health import note_answer, note_failure
from jira_sync.services.people import SyncStoppedError, seen, sync_user_group
from slots.models import LicencePool
from slots.services import Difference, awaits_comparison, pool_reconcile

log = logging.getLogger(__name__)


def reconcile_pool(*, pool_id: int) -> Difference | None:
    """Read the access group and let slots compare; None in a dry run and while measuring: nothing changes in Jira.

    Costs the page reads; the rest grows with the differences. After a restored backup the user group is read too, and
    then the access group once more. Raises JiraError when Jira fails.
    """
    pool = LicencePool.objects.select_related("site", "access_group").get(pk=pool_id)
    if pool.dry_run or pool.measuring:
        return None
    difference = _compare(pool)
    if not awaits_comparison(pool):
        return difference
    # In this order: who was an IUM user when the backup was taken got in by IUM, whether or not still one today.
    return _compare(pool, people_are_fresh=_people_read(pool) or difference.strangers == 0)


def _compare(pool: LicencePool, *, people_are_fresh: bool = False) -> Difference:
    read_at = clock.now()
    try:
        members = list(directory_of(pool.site).iter_members(pool.access_group.group_id))
    except JiraError as error:
        if error.affects == "site":
            note_failure(site_id=pool.site_id, error=error, at=clock.now())
        raise
    note_answer(site_id=pool.site_id, at=clock.now())
    ids = {person.account_id for person in members}
    known = set(User.objects.filter(account_id__in=ids).values_list("account_id", flat=True))
    people_upsert(seen(person) for person in members if person.account_id not in known)
    return pool_reconcile(
        pool_id=pool.pk,
        member_ids=ids,
        read_at=read_at,
        at=clock.now(),
        people_are_fresh=people_are_fresh,
    )


def _people_read(pool: LicencePool) -> bool:
    """Read the user group; not when so many left it that an administrator should look first."""
    try:
        sync_user_group(group_id=pool.user_group_id)
    except SyncStoppedError:
        log.warning("The user group of %s was not read: too many people left it.", pool)
        return False
    return True
