"""Reads all groups of a site with what they give, in as few calls as Atlassian allows.

* Organizations API: one search over all groups also tells how many resources each one gives, two small searches tell
  which groups administer. Only groups that give something need a call of their own (`grants_of`).
* Jira REST: one call names the groups of every Jira product, two name the administrators' groups. It cannot see
  Confluence, roles that cost nothing, or who manages a group (except one by one: `is_read_only`).

Plain Python over the client, without Django.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from jira_sync.client.cloud import CloudId
from jira_sync.client.credentials import KeyRing, api_token, keys_of
from jira_sync.client.errors import ConnectionIncomplete
from jira_sync.client.factory import Connection
from jira_sync.client.interface import Grant, GroupInfo
from jira_sync.client.jira_rest import APPLICATION_ROLES, JiraRestDirectory
from jira_sync.client.jira_rest_rows import role_groups
from jira_sync.client.organization_rows import group_info
from jira_sync.client.organizations import (
    ADMIN_ROLES,
    GROUPS_PER_PAGE,
    GROUPS_SEARCH,
    OrganizationsDirectory,
)
from jira_sync.client.paging import Row
from jira_sync.client.transport import Transport


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """A group as the list of all groups tells it. `grants` is None when they must be asked for."""

    group_id: str
    name: str
    is_admin: bool
    read_only: bool | None = None
    grants: tuple[Grant, ...] | None = None


class OrganizationGroups(OrganizationsDirectory):
    """All groups by the Organizations API."""

    def all_groups(self) -> list[GroupSeen]:
        """POST …/groups/search over everything, and once per administrators' role."""
        admins = {
            str(row.get("id"))
            for role in ADMIN_ROLES
            for row in self._search(GROUPS_SEARCH, {"limit": GROUPS_PER_PAGE, "roleIds": [role]})
        }
        body = {"limit": GROUPS_PER_PAGE, "expand": ["counts.resources"]}
        return [_listed(row, admins) for row in self._search(GROUPS_SEARCH, body)]

    def grants_of(self, group_id: str) -> tuple[Grant, ...]:
        """GET …/groups/{id}/role-assignments."""
        return self.group_grants(group_id)

    def is_read_only(self, group: GroupSeen) -> bool | None:
        """The list told it already."""
        return group.read_only


class RestGroups(JiraRestDirectory):
    """All groups by Jira REST."""

    def all_groups(self) -> list[GroupSeen]:
        """GET /group/bulk, /applicationrole, and the administrators' groups of both kinds."""
        products = defaultdict(list)
        for role in self._read("GET", APPLICATION_ROLES).rows():
            for group_id in role_groups(role):
                products[group_id].append(Grant(str(role["key"])))
        admins = {
            group.group_id
            for kind in ("site-admin", "admin")
            for group in self._groups({"accessType": kind})
        }
        return [
            GroupSeen(
                one.group_id,
                one.name,
                one.group_id in admins,
                grants=tuple(products[one.group_id]),
            )
            for one in self.iter_groups()
        ]

    def grants_of(self, group_id: str) -> tuple[Grant, ...]:
        """GET /applicationrole: never needed, the list has them."""
        return self.group_grants(group_id)

    def is_read_only(self, group: GroupSeen) -> bool | None:
        """GET /groups/picker, one call per group."""
        return self._is_external(GroupInfo(group.group_id, group.name))


GroupReader = OrganizationGroups | RestGroups


def group_reader(connection: Connection) -> GroupReader:
    """Return the reader for a connection: by the organisation key if there is one.

    Raises ConnectionIncomplete without any credential, and for an address or a key that cannot be one.
    """
    try:
        return _organisation(connection) or _rest(connection)
    except ValueError as error:
        raise ConnectionIncomplete("cannot be used", message=str(error)) from None


def _organisation(connection: Connection) -> OrganizationGroups | None:
    keys = keys_of(connection.org_keys)
    if not keys:
        return None
    transport = Transport(f"{connection.api_base.rstrip('/')}/admin", KeyRing(keys))
    return OrganizationGroups(
        transport, org_id=connection.org_id, directory_id=connection.directory_id
    )


def _rest(connection: Connection) -> RestGroups:
    if not connection.api_token.strip():
        raise ConnectionIncomplete("neither organisation key nor API token")
    keys = KeyRing([api_token(connection.email, connection.api_token)])
    if not connection.scoped:
        return RestGroups(Transport(connection.site_url, keys))
    cloud = CloudId(Transport(connection.site_url, KeyRing()), connection.cloud_id)
    return RestGroups(Transport(connection.api_base, keys), cloud=cloud)


def _listed(row: Row, admins: set[str]) -> GroupSeen:
    info = group_info(row)
    counts = row.get("counts")
    gives_nothing = isinstance(counts, dict) and counts.get("resources") == 0
    return GroupSeen(
        info.group_id,
        info.name,
        info.group_id in admins,
        info.managed_externally is True or info.modifiable is False,
        () if gives_nothing else None,
    )
