"""Jira REST v3, groups: the calls that give and take licences, and those that read memberships.

The error texts are Atlassian's own where somebody has published them, unhelpful as they are. Assumptions, because
nobody has: removing somebody who is no member (400), writing to a group of the identity provider (empty 403),
adding an inactive account (404).
"""

from __future__ import annotations

import html

from aiohttp import web

from jira_sync.simulator.answers import Answer, empty, jira_error, json_object, number, ok
from jira_sync.simulator.context import simulator
from jira_sync.simulator.jira_auth import browser, caller, site_administrator, user
from jira_sync.simulator.jira_shapes import Document, group_added, page, user_details
from jira_sync.simulator.model import Group
from jira_sync.simulator.refusals import (
    AlreadyMember,
    InactivePerson,
    NameTaken,
    NoSeatLeft,
    NotMember,
    ReadOnlyGroup,
    Refused,
    UnknownGroup,
    UnknownPerson,
)

routes = web.RouteTableDef()

UNKNOWN_USER = "Specified user does not exist or you do not have required permissions"
NO_SEAT = (
    "com.netflix.hystrix.exception.HystrixRuntimeException: AddUserToGroupsIdentityPlatformCommand failed and no "
    "fallback available."
)
ACCESS_TYPES = ("site-admin", "admin", "user")
LONGEST_ACCOUNT_ID = 128


class BadRequestError(Exception):
    """A parameter is missing or wrong: 400 with this text."""


# AX-17: the placeholder is never filled in. The removal's text is made after it.
ALREADY_MEMBER = "Cannot add user. User is already a member of '{1}'"
NOT_MEMBER = "Cannot remove user. User is not a member of '{1}'"
REFUSALS: dict[type[Refused], tuple[int, str]] = {
    AlreadyMember: (400, ALREADY_MEMBER),
    NotMember: (400, NOT_MEMBER),
    # Undocumented for Jira; CONFCLOUD-84635 shows what the same service answers for Confluence.
    NoSeatLeft: (500, NO_SEAT),
    UnknownGroup: (404, "The specified group does not exist."),
    UnknownPerson: (404, UNKNOWN_USER),
    InactivePerson: (404, UNKNOWN_USER),
    NameTaken: (400, "A group or user with this name already exists."),
}


def refusal(refused: Refused) -> web.Response:
    """Jira's answer to a change that was refused."""
    if isinstance(refused, ReadOnlyGroup):
        return empty(403)
    status, message = REFUSALS[type(refused)]
    return jira_error(status, message)


def _wanted_group(request: web.Request, prefix: str = "group") -> Group:
    """The group that ``groupId`` or ``groupname`` names; both at once or neither are errors."""
    group_id = request.query.get(f"{prefix}Id")
    name = request.query.get("groupname" if prefix == "group" else prefix)
    if bool(group_id) == bool(name):
        raise BadRequestError(
            "Exactly one of the query parameters 'groupname' and 'groupId' must be provided."
        )
    organisation = simulator(request).organisation
    return organisation.group(group_id) if group_id else organisation.group_named(str(name))


def _account_id(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise BadRequestError("The account ID is missing: 'accountId' must be provided.")
    if len(value) > LONGEST_ACCOUNT_ID:
        raise BadRequestError(f"'accountId' is longer than {LONGEST_ACCOUNT_ID} characters.")
    return value


@routes.post("/rest/api/3/group/user")
async def add_user(request: web.Request) -> Answer:
    """Jira REST v3, POST /rest/api/3/group/user: 201 with the group."""
    document = await json_object(request)
    user(request)
    group = _wanted_group(request)
    actor = site_administrator(request, group)
    account_id = _account_id((document or {}).get("accountId"))
    simulator(request).organisation.add_member(group, account_id, actor=actor.account_id)
    return ok(group_added(request, group), 201)


@routes.delete("/rest/api/3/group/user")
async def remove_user(request: web.Request) -> Answer:
    """Jira REST v3, DELETE /rest/api/3/group/user: 200 without a body."""
    user(request)
    group = _wanted_group(request)
    actor = site_administrator(request, group)
    account_id = _account_id(request.query.get("accountId"))
    simulator(request).organisation.remove_member(group, account_id, actor=actor.account_id)
    return empty(200)


@routes.get("/rest/api/3/group/member")
async def members(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/group/member: at most 50 a page, inactive people only on request."""
    browser(request)
    group = _wanted_group(request)
    inactive = request.query.get("includeInactiveUsers", "false").lower() == "true"
    people = simulator(request).organisation.members_in_order(group)
    document = page(request, [person for person in people if inactive or person.active])
    document["values"] = [user_details(request, person) for person in document["values"]]
    return ok(document)


@routes.get("/rest/api/3/group/bulk")
async def bulk(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/group/bulk (experimental)."""
    browser(request)
    access_type = request.query.get("accessType")
    if access_type is not None and access_type not in ACCESS_TYPES:
        raise BadRequestError(f"'{access_type}' is not a valid access type.")
    found = [
        _group_details(group) for group in _sorted_groups(request) if _bulk_match(request, group)
    ]
    return ok(page(request, found))


def _group_details(group: Group) -> Document:
    return {"name": group.name, "groupId": group.group_id}


def _sorted_groups(request: web.Request) -> list[Group]:
    return sorted(simulator(request).organisation.groups.values(), key=lambda group: group.name)


def _bulk_match(request: web.Request, group: Group) -> bool:
    ids, names = request.query.getall("groupId", []), request.query.getall("groupName", [])
    if (ids or names) and group.group_id not in ids and group.name not in names:
        return False
    application, access_type = request.query.get("applicationKey"), request.query.get("accessType")
    if application and application not in {grant.product for grant in group.grants}:
        return False
    return access_type is None or access_type == _access_type(group)


def _access_type(group: Group) -> str | None:
    if "atlassian/site-admin" in group.platform_roles:
        return "site-admin"
    if group.administers or any(grant.role == "atlassian/admin" for grant in group.grants):
        return "admin"
    return "user" if group.grants else None


@routes.get("/rest/api/3/groups/picker")
async def picker(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/groups/picker: open to anonymous callers, for whom it finds nothing."""
    person = caller(request)
    found = _picked(request) if person else []
    shown = found[: number(request.query.get("maxResults"), 20)]
    query = request.query.get("query", "")
    return ok(
        {
            "header": f"Showing {len(shown)} of {len(found)} matching groups",
            "total": len(found),
            "groups": [_found_group(group, query) for group in shown],
        }
    )


def _picked(request: web.Request) -> list[Group]:
    query = request.query.get("query", "").casefold()
    excluded = {*request.query.getall("exclude", []), *request.query.getall("excludeId", [])}
    groups = (g for g in _sorted_groups(request) if not {g.name, g.group_id} & excluded)
    return [group for group in groups if query in group.name.casefold()]


def _found_group(group: Group, query: str) -> Document:
    before, match, after = _split(group.name, query)
    marked = (
        f"{html.escape(before)}<b>{html.escape(match)}</b>{html.escape(after)}"
        if match
        else group.name
    )
    label = {"text": "Admin", "title": "Users in this group are administrators", "type": "ADMIN"}
    return _group_details(group) | {
        "html": marked,
        "labels": [label] if group.administers else [],
        "managedBy": "EXTERNAL" if group.external else "ADMINS",
        "usageType": "USERBASE_GROUP",
    }


def _split(name: str, query: str) -> tuple[str, str, str]:
    at = name.casefold().find(query.casefold()) if query else -1
    return (
        (name[:at], name[at : at + len(query)], name[at + len(query) :])
        if at >= 0
        else (name, "", "")
    )


@routes.post("/rest/api/3/group")
async def create(request: web.Request) -> Answer:
    """Jira REST v3, POST /rest/api/3/group."""
    site_administrator(request)
    name = (await json_object(request) or {}).get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadRequestError("The group name must be specified.")
    group = simulator(request).organisation.create_group(name.strip())
    return ok(group_added(request, group), 201)


@routes.delete("/rest/api/3/group")
async def delete(request: web.Request) -> Answer:
    """Jira REST v3, DELETE /rest/api/3/group; ``swapGroupId`` only moves restrictions, which nothing here has."""
    actor = site_administrator(request)
    group = _deletable(request)
    simulator(request).organisation.delete_group(group, actor=actor.account_id)
    return empty(200)


def _deletable(request: web.Request) -> Group:
    if request.query.get("swapGroupId") or request.query.get("swapGroup"):
        _wanted_group(request, "swapGroup")
    return _wanted_group(request)
