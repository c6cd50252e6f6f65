"""Turns the rows of the Organizations API into IUM's values (field list: jira-api.md section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast, get_args

from .errors import BadAnswer
from .interface import Grant, GroupInfo, GroupRef, Person, PersonStatus
from .paging import Row


def once(people: Iterable[Person]) -> Iterator[Person]:
    """Each account once, as it comes: a cursor may repeat rows when the list changes."""
    seen: set[str] = set()
    for person in people:
        if person.account_id not in seen:
            seen.add(person.account_id)
            yield person


def is_wanted(row: Row, name: str | None, group_id: str | None) -> bool:
    """Whether a row of groups/search is the group that was asked for."""
    if name is not None:
        return str(row.get("name", "")).casefold() == name.casefold()
    return row.get("id") == group_id


def group_info(row: Row) -> GroupInfo:
    """A group from groups/search or the group's own page, without its grants."""
    access = row.get("managementAccess")
    modifiable = access.get("modifiable") if isinstance(access, dict) else None
    external = row.get("externalSynced")
    if str(row.get("managedBy", "")).lower() == "external":
        external = True
    return GroupInfo(str(row.get("id")), str(row.get("name", "")), modifiable, external)


def grant(row: Row) -> Grant:
    """One product access from role-assignments."""
    listed = row.get("roles")
    roles = tuple(str(role) for role in listed) if isinstance(listed, list) else ()
    return Grant(str(row.get("resourceOwner", "")), row.get("resourceId"), roles)


def person(row: Row) -> Person:
    """A person from users/search. Raises BadAnswer without an account id."""
    if not row.get("accountId"):
        raise BadAnswer("users/search: a user without accountId")
    status = _status(row)
    return Person(
        account_id=str(row["accountId"]),
        name=str(row.get("name") or ""),
        email=row.get("email"),
        kind=str(row.get("accountType") or "unknown"),
        active=status == "active",
        status=status,
        groups=_groups(row.get("groups")),
    )


def _status(row: Row) -> PersonStatus:
    """One status from Atlassian's three: closed accounts first, then the composite `status`."""
    if row.get("accountStatus") == "closed":
        return "closed"
    if row.get("status") in get_args(PersonStatus):
        return cast("PersonStatus", row["status"])
    if row.get("accountStatus") == "inactive":
        return "deactivated"
    by_membership: dict[object, PersonStatus] = {
        "active": "active",
        "suspended": "suspended",
        "no_membership": "not_invited",
    }
    return by_membership.get(str(row.get("membershipStatus")), "unknown")


def _groups(rows: object) -> tuple[GroupRef, ...] | None:
    if not isinstance(rows, list):
        return None
    groups = (row for row in rows if isinstance(row, dict))
    return tuple(GroupRef(str(row.get("id")), str(row.get("name", ""))) for row in groups)
