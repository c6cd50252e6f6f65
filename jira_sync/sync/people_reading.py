"""Reads the members of groups with the products they can open, in the same pages.

Jira tells everybody's products with the list of people (Organizations API, `expand: productAccess`). Who can open the
product without any group that gives it may have a role of their own; only for those a call per person is made.
Jira REST cannot tell either; there nobody is found to have a role of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from ium.directory.models import Site
from jira_sync.client.credentials import KeyRing, keys_of
from jira_sync.client.interface import Grant, Person
from jira_sync.client.organization_rows import person
from jira_sync.client.organizations import (
    DIRECTORY,
    USERS_PER_PAGE,
    USERS_SEARCH,
    OrganizationsDirectory,
)
from jira_sync.client.paging import Row, cursor_rows
from jira_sync.client.transport import Transport
from jira_sync.connections import directory_of, tuning_of

ROLES_OF_PERSON = DIRECTORY + "/users/{account}/role-assignments"


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a group. `products` are the product keys they can open, None when Jira does not tell."""

    person: Person
    products: frozenset[str] | None = None


class PeopleReader(Protocol):
    """What the user sync asks about people."""

    def members(self, group_id: str) -> Iterator[Member]:
        """Everybody in the group. Raises GroupNotFound."""

    def has_own_licence(self, account_id: str, product: str) -> bool:
        """Whether the person has a role of their own that takes a licence of the product."""


class OrganizationPeople(OrganizationsDirectory):
    """By the Organizations API. `cloud_id` tells the sites of an organisation apart, empty when not known."""

    cloud_id = ""

    def members(self, group_id: str) -> Iterator[Member]:
        """POST …/users/search by group, with everybody's products."""
        self._group(group_id)
        body = {"limit": USERS_PER_PAGE, "groupIds": [group_id], "expand": ["productAccess"]}
        seen: set[str] = set()
        for row in self._search(USERS_SEARCH, body):
            found = person(row)
            if found.account_id not in seen:
                seen.add(found.account_id)
                yield Member(found, self._products(row))

    def has_own_licence(self, account_id: str, product: str) -> bool:
        """GET …/users/{accountId}/role-assignments."""
        ids = self._ids(account=account_id)

        def fetch(cursor: str | None) -> Any:
            params = {"cursor": cursor} if cursor else {}
            return self._transport.read("GET", ROLES_OF_PERSON, ids, params=params)

        rows = cursor_rows(fetch, self._transport.base)
        return any(
            row.get("resourceOwner") == product
            and self._is_here(row.get("resourceId"))
            and _is_own_licence(row)
            for row in rows
        )

    def _products(self, row: Row) -> frozenset[str] | None:
        access = row.get("productAccess")
        if not isinstance(access, list):
            return None
        return frozenset(str(one.get("key")) for one in access if self._is_here(one.get("id")))

    def _is_here(self, resource_id: object) -> bool:
        """Whether a resource is not surely on another site: not all ids of resources name their site."""
        text = str(resource_id)
        return not self.cloud_id or "::site/" not in text or text.endswith(self.cloud_id)


class PlainPeople:
    """By whatever client the site has; products are not known."""

    def __init__(self, site: Site) -> None:
        """Read through the site's client."""
        self._directory = directory_of(site)

    def members(self, group_id: str) -> Iterator[Member]:
        """Everybody in the group."""
        return (Member(one) for one in self._directory.iter_members(group_id))

    def has_own_licence(self, account_id: str, product: str) -> bool:
        """Never known here."""
        return False


def people_reader(site: Site) -> PeopleReader:
    """Return the reader for a site as it is configured now. Raises ConnectionIncomplete without a key."""
    keys = keys_of(tuple(key for key in (site.org_key, site.second_org_key) if key))
    if not keys:
        return PlainPeople(site)
    base = f"{site.api_url.rstrip('/')}/admin"
    transport = Transport(base, KeyRing(keys), tuning=tuning_of(site.pk))
    reader = OrganizationPeople(
        transport, org_id=site.org_id or None, directory_id=site.directory_id or None
    )
    reader.cloud_id = site.cloud_id
    return reader


def _is_own_licence(row: Row) -> bool:
    roles = [
        str(one.get("role"))
        for one in row.get("roleAssignments") or ()
        if "direct" in (one.get("roleAssignmentMethods") or ())
    ]
    return bool(roles) and Grant(str(row.get("resourceOwner")), roles=tuple(roles)).takes_licence
