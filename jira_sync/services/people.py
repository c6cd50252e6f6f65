"""Reading who the IUM users are: the members of the user groups."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from ium.directory.models import AccountStatus, Group, Site, User
from ium.directory.services import (
    PersonSeen,
    group_members_replace,
    people_upsert,
    protected_people_replace,
)
from ium.lib import clock
from jira_sync.client.interface import Person
from jira_sync.connections import directory_of
from slots.models import LicencePool
from slots.selectors import people_inside
from slots.services import pool_people_left

# A run that would take away more than this share of the people stops: a wrong group must not empty a pool.
LARGEST_LOSS = 0.5
SMALL_GROUP = 10


class SyncStoppedError(Exception):
    """The run would have taken away too many people; nothing was changed."""


def seen(person: Person) -> PersonSeen:
    """Translate Jira's description of a person into the mirror's."""
    status = AccountStatus.ACTIVE
    if not person.active:
        status = AccountStatus.CLOSED if person.status == "closed" else AccountStatus.SUSPENDED
    return PersonSeen(
        account_id=person.account_id, name=person.name, email=person.email or "", status=status
    )


def sync_user_group(*, group_id: int) -> int:
    """Mirror one user group; people who left it or were suspended lose slot and queue place.

    Returns how many people came or went. Only persons count, no apps and no portal customers. Raises JiraError,
    and SyncStoppedError before anything is changed when too many would go.
    """
    group = Group.objects.select_related("site").get(pk=group_id)
    members = directory_of(group.site).iter_members(group.group_id)
    people = _without_forgotten(seen(person) for person in members if person.kind == "atlassian")
    _stop_if_too_many_go(group, {person.account_id for person in people})
    users = people_upsert(people)
    change = group_members_replace(
        group=group, user_ids=[user.pk for user in users], at=clock.now()
    )
    active = {user.pk for user in users if user.account_status == AccountStatus.ACTIVE}
    for pool in LicencePool.objects.filter(user_group=group).order_by("pk"):
        # Not only who left in this run: the one before may have died between mirroring and this.
        if gone := people_inside(pool) - active:
            pool_people_left(pool_id=pool.pk, user_ids=gone, at=clock.now())
    return len(change.joined) + len(change.left)


def _without_forgotten(people: Iterable[PersonSeen]) -> list[PersonSeen]:
    """Leave out closed accounts that IUM does not know: whoever was forgotten must not come back as somebody new."""
    found = list(people)
    closed = [person.account_id for person in found if person.status == AccountStatus.CLOSED]
    known = User.objects.filter(account_id__in=closed).values_list("account_id", flat=True)
    unknown = set(closed) - set(known) if closed else set()
    return [person for person in found if person.account_id not in unknown]


def sync_rule_group(*, group_id: int) -> int:
    """Mirror a group that has a rule in a pool: which of the people whom IUM knows are in it.

    Returns how many came or went. Nobody is created by this, and nobody loses anything but the rule. Raises JiraError.
    """
    group = Group.objects.select_related("site").get(pk=group_id)
    members = {
        person.account_id for person in directory_of(group.site).iter_members(group.group_id)
    }
    known = User.objects.exclude(account_id=None).values_list("pk", "account_id")
    user_ids = [pk for pk, account_id in known.iterator() if account_id in members]
    change = group_members_replace(group=group, user_ids=user_ids, at=clock.now())
    return len(change.joined) + len(change.left)


def _stop_if_too_many_go(group: Group, account_ids: set[str]) -> None:
    before = set(group.memberships.values_list("user__account_id", flat=True))
    going = len(before - account_ids)
    if len(before) > SMALL_GROUP and going > len(before) * LARGEST_LOSS:
        raise SyncStoppedError(
            _(
                "%(going)d of %(before)d people would leave %(group)s. Nothing was changed: check the group in Jira."
            )
            % {"going": going, "before": len(before), "group": group}
        )


def sync_protected(*, sites: Iterable[Site]) -> None:
    """Mark the administrators of all sites, whom IUM never touches. Raises JiraError if one cannot be read."""
    administrators: set[str] = set()
    for site in sites:
        administrators |= directory_of(site).admin_account_ids()
    known = User.objects.filter(account_id__in=administrators)
    protected_people_replace(account_ids=known.values_list("account_id", flat=True))
