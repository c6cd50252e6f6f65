"""Turns the rows of Jira REST v3 into IUM's values (field lists: Atlassian's description)."""

from __future__ import annotations

from .errors import BadAnswer
from .interface import GroupInfo, Person, ProductSeats, ProjectInfo
from .paging import Row

UNLIMITED = -1


def person(row: Row) -> Person:
    """A person from User or UserDetails. Raises BadAnswer without an account id.

    `active` is false for deactivated and for deleted accounts alike; Jira does not say which.
    """
    if not row.get("accountId"):
        raise BadAnswer("a user without accountId")
    active = bool(row.get("active"))
    return Person(
        account_id=str(row["accountId"]),
        name=str(row.get("displayName") or ""),
        email=row.get("emailAddress") or None,
        kind=str(row.get("accountType") or "unknown"),
        active=active,
        status="active" if active else "deactivated",
    )


def application_roles(user: Row) -> set[str]:
    """Keys of the products a user was given, from User with `expand=applicationRoles`.

    Raises BadAnswer when Jira left them out: an empty list would say "not yet".
    """
    roles = user.get("applicationRoles")
    items = roles.get("items") if isinstance(roles, dict) else None
    if not isinstance(items, list):
        raise BadAnswer("a user without applicationRoles")
    return {str(item.get("key")) for item in items if isinstance(item, dict)}


def group_info(row: Row) -> GroupInfo:
    """A group from group/bulk, which tells only id and name. Raises BadAnswer without an id."""
    if not row.get("groupId"):
        raise BadAnswer("a group without groupId")
    return GroupInfo(str(row["groupId"]), str(row.get("name", "")))


def project_info(row: Row) -> ProjectInfo:
    """A project from project/search. Raises BadAnswer without key or type."""
    key, type_key = row.get("key"), row.get("projectTypeKey")
    if not isinstance(key, str) or not isinstance(type_key, str) or not key or not type_key:
        raise BadAnswer("a project without key or projectTypeKey")
    return ProjectInfo(key, type_key)


def is_wanted(group: GroupInfo, name: str | None, group_id: str | None) -> bool:
    """Whether a group of group/bulk is the one that was asked for."""
    if name is not None:
        return group.name.casefold() == name.casefold()
    return group.group_id == group_id


def role_groups(role: Row) -> set[str]:
    """Ids of the groups that give access to the product of an applicationrole."""
    return _ids(role.get("groupDetails"))


def product_seats(role: Row) -> ProductSeats:
    """Licences from an applicationrole. Raises BadAnswer if the numbers are missing."""
    try:
        seats, left, used = (
            int(role[key]) for key in ("numberOfSeats", "remainingSeats", "userCount")
        )
    except (KeyError, TypeError, ValueError):
        raise BadAnswer(f"applicationrole {role.get('key')}: no numbers of seats") from None
    unlimited = role.get("hasUnlimitedSeats") is True or seats == UNLIMITED
    return ProductSeats(
        product=str(role.get("key", "")),
        name=str(role.get("name", "")),
        seats=None if unlimited else seats,
        used=used,
        remaining=None if unlimited else left,
        default_group_ids=tuple(sorted(_ids(role.get("defaultGroupsDetails")))),
    )


def _ids(details: object) -> set[str]:
    if not isinstance(details, list):
        return set()
    groups = (row for row in details if isinstance(row, dict))
    return {str(row["groupId"]) for row in groups if row.get("groupId")}
