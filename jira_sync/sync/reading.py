"""Reads from Jira who is where: source groups, user group, and everybody who has the product another way.

Page reads only, whatever the number of people; kept are those in the source groups and the user group.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from ium.directory.models import Group, Site
from ium.lib import clock
from jira_sync.client.errors import GroupNotFound
from jira_sync.client.interface import Grant, Person
from jira_sync.connections import directory_of
from jira_sync.models import GlassMember, GlassState, SyncSettings
from jira_sync.services.groups import groups_refresh
from jira_sync.sync.people_reading import PeopleReader, people_reader
from slots.models import LicencePool

PAGE = 50  # of both families of the API
GROUPS_KNOWN_FOR = timedelta(hours=24)


class SetupError(Exception):
    """The groups are not fit for a sync. The message says what to do first."""


@dataclass
class Reading:
    """Who is where in Jira, by account id.

    `sources` and `licensed` name the (first) group that somebody is in; `own_licence` are people with a role of
    their own. `calls` counts requests: pages of fifty and single reads.
    """

    people: dict[str, Person] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    licensed: dict[str, str] = field(default_factory=dict)
    own_licence: set[str] = field(default_factory=set)
    administrators: frozenset[str] = frozenset()
    calls: int = 0


def read(*, pool: LicencePool, sources: list[Group], keep_claim: Callable[[], None]) -> Reading:
    """Read everything a plan needs. Raises JiraError, and SetupError when a group is not fit."""
    return _Reader(pool, keep_claim).read(sources)


def read_users(*, pool: LicencePool, keep_claim: Callable[[], None]) -> Reading:
    """Read the user group only. Raises JiraError, and SetupError when the group is gone."""
    return _Reader(pool, keep_claim).read_users()


class _Reader:
    """One reading. `keep_claim` is called before each request that may take long."""

    def __init__(self, pool: LicencePool, keep_claim: Callable[[], None]) -> None:
        self._pool = pool
        self._keep_claim = keep_claim
        self._directory = directory_of(pool.site)
        self._people: PeopleReader = people_reader(pool.site)
        self._openers: set[str] = set()  # who can open the product, as Jira tells with its lists
        self._reading = Reading()

    def read(self, sources: list[Group]) -> Reading:
        """Read groups, then who has the product another way."""
        refresh_groups_if_old(self._pool.site, clock.now())
        self._check_grants([*sources, self._pool.user_group])
        self.read_users()
        for group in sources:
            for person in self._members(group):
                self._reading.sources.setdefault(person.account_id, group.name)
        self._read_licensed()
        return self._reading

    def read_users(self) -> Reading:
        """Read the user group, and who is an administrator."""
        for person in self._members(self._pool.user_group):
            self._reading.users.add(person.account_id)
        self._reading.administrators = self._directory.admin_account_ids()
        self._reading.calls += 2
        return self._reading

    def _members(self, group: Group) -> Iterator[Person]:
        """Everybody in a group, noted with what they can open."""
        try:
            for number, member in enumerate(self._people.members(group.group_id)):
                self._count_page(number)
                self._reading.people.setdefault(member.person.account_id, member.person)
                if self._pool.product in (member.products or ()):
                    self._openers.add(member.person.account_id)
                yield member.person
        except GroupNotFound:
            raise SetupError(_missing(group)) from None

    def _count_page(self, number: int) -> None:
        if number % PAGE == 0:
            self._keep_claim()
            self._reading.calls += 1

    def _check_grants(self, groups: list[Group]) -> None:
        """Refuse groups that give the product: everybody in them would have a licence of their own."""
        for group in groups:
            if any(_takes(grant, self._pool) for grant in self._grants(group)):
                raise SetupError(gives_product_message(group, self._pool))

    def _grants(self, group: Group) -> tuple[Grant, ...]:
        self._keep_claim()
        self._reading.calls += 1
        try:
            return self._directory.group_grants(group.group_id)
        except GroupNotFound:
            raise SetupError(_missing(group)) from None

    def _read_licensed(self) -> None:
        """Note who has the product by another group, then who has it by a role of their own.

        Groups are found by the mirror and asked again: what they give may have changed since.
        """
        explained: set[str] = set()
        owned = owned_groups(self._pool)
        for group in _groups_with_product(self._pool):
            members = self._known_members(group)
            explained |= members
            if group.pk in owned or not self._takes_licence_now(group):
                continue
            for account_id in members - put_in_by_glass(group):
                self._reading.licensed.setdefault(account_id, group.name)
        for account_id in sorted(self._openers - explained):
            self._reading.calls += 1
            self._keep_claim()
            if self._people.has_own_licence(account_id, self._pool.product):
                self._reading.own_licence.add(account_id)

    def _known_members(self, group: Group) -> set[str]:
        """Those of a group's members who matter here."""
        found = set()
        try:
            for number, person in enumerate(self._directory.iter_members(group.group_id)):
                self._count_page(number)
                if person.account_id in self._reading.people:
                    found.add(person.account_id)
        except GroupNotFound:  # deleted since the mirror was read: gives nothing any more
            return set()
        return found

    def _takes_licence_now(self, group: Group) -> bool:
        try:
            return any(_takes(grant, self._pool) for grant in self._grants(group))
        except SetupError:
            return False


def refresh_groups_if_old(site: Site, at: datetime) -> None:
    """Read what all groups give, unless that was done within a day: groups of which IUM knows nothing hide licences."""
    if not site.groups.filter(read_at__gt=at - GROUPS_KNOWN_FOR).exists():
        groups_refresh(site_id=site.pk, at=at)


def owned_groups(pool: LicencePool) -> set[int]:
    """Return the groups (pk) whose members IUM writes: being in them is no licence of one's own."""
    pools = LicencePool.objects.filter(site_id=pool.site_id)
    return {pk for pair in pools.values_list("access_group", "user_group") for pk in pair}


def put_in_by_glass(group: Group) -> set[str]:
    """Return people (account ids) whom a break-glass action that is not over put into this group."""
    rows = GlassMember.objects.filter(glass__group=group, was_member=False, wanted_in=True)
    open_rows = rows.exclude(glass__state=GlassState.ENDED)
    return {str(key) for key in open_rows.values_list("user__account_id", flat=True)}


def gives_product_message(group: Group, pool: LicencePool) -> str:
    """Return what to do about a group that gives the product but must not."""
    return _(
        "The group “%(group)s” still gives %(product)s. Take the product access off it first; the people in it keep"
        " their permissions in projects."
    ) % {"group": group, "product": pool.get_product_display()}


def source_groups_of(settings: SyncSettings) -> list[Group]:
    """Return the source groups in a fixed order."""
    return list(settings.source_groups.order_by("name", "pk"))


def _groups_with_product(pool: LicencePool) -> list[Group]:
    """Groups that open the product by the mirror, with or without a licence."""
    groups = pool.site.groups.exclude(grants=None).order_by("name", "pk")
    return [
        group
        for group in groups
        if any(grant["product"] == pool.product for grant in group.grants or ())
    ]


def _takes(grant: Grant, pool: LicencePool) -> bool:
    return grant.product == pool.product and grant.takes_licence


def _missing(group: Group) -> str:
    return _("The group “%(group)s” does not exist in Jira any more. Choose another one.") % {
        "group": group
    }
