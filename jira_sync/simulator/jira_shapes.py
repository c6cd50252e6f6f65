"""The JSON shapes of Jira REST v3 (schemas Group, User, UserDetails, ApplicationRole, PageBean…)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web

from jira_sync.simulator.answers import number
from jira_sync.simulator.context import Simulator
from jira_sync.simulator.model import PRODUCT_NAMES, Group, Person

Document = dict[str, Any]
AVATARS = "https://avatar-management--avatars.us-west-2.prod.public.atl-paas.net/initials"


def base(request: web.Request) -> str:
    """The address of the API as this caller sees it, below /ex/jira/{cloudId} or at the site."""
    cloud_id = request.match_info.get("cloudId")
    prefix = f"/ex/jira/{cloud_id}" if cloud_id else ""
    return f"{request.scheme}://{request.host}{prefix}/rest/api/3"


def group_name(request: web.Request, group: Group) -> Document:
    link = f"{base(request)}/group?groupId={group.group_id}"
    return {"name": group.name, "groupId": group.group_id, "self": link}


def group_added(request: web.Request, group: Group) -> Document:
    """Answer of POST group/user and POST group: the group with an empty page of its users."""
    users = {
        "size": len(group.members),
        "items": [],
        "max-results": 50,
        "start-index": 0,
        "end-index": 0,
    }
    return group_name(request, group) | {"users": users, "expand": "users"}


def user_details(request: web.Request, person: Person) -> Document:
    """Schema UserDetails; the e-mail address is visible to administrators of this organisation."""
    return {
        "self": f"{base(request)}/user?accountId={quote(person.account_id)}",
        "accountId": person.account_id,
        "accountType": person.account_type,
        "emailAddress": person.email,
        "avatarUrls": {
            f"{size}x{size}": f"{AVATARS}/{_initials(person)}.png" for size in (16, 24, 32, 48)
        },
        "displayName": "Former user" if person.status == "closed" else person.name,
        "active": person.active,
        "timeZone": person.time_zone,
    }


def user(request: web.Request, person: Person) -> Document:
    """Schema User, which has a few more fields than UserDetails."""
    document = user_details(request, person) | {"locale": "en_GB"}
    if person.account_type == "app":
        document["appType"] = "service"
    return document


def user_expanded(request: web.Request, context: Simulator, person: Person) -> Document:
    """Schema User with what ``expand`` asks for."""
    wanted = set(request.query.get("expand", "").split(","))
    document = user(request, person) | {"expand": "groups,applicationRoles"}
    if "groups" in wanted:
        groups = [group_name(request, g) for g in context.organisation.groups_of(person.account_id)]
        document["groups"] = {"size": len(groups), "items": groups}
    if "applicationRoles" in wanted:
        # Unknown of the real Jira; assumed here: it tells what its pages do, the delay included.
        usable = context.organisation.open_products(person)
        roles = [key for key in PRODUCT_NAMES if key != "confluence" and key in usable]
        items = [application_role(request, context, key) for key in roles]
        document["applicationRoles"] = {"size": len(items), "items": items}
    return document


def application_role(request: web.Request, context: Simulator, key: str) -> Document:
    """Schema ApplicationRole; the counts are those of this very moment."""
    organisation = context.organisation
    granting = [
        g
        for g in organisation.groups.values()
        if any(x.product == key and x.billable for x in g.grants)
    ]
    defaults = [g for g in granting if key in g.default_for]
    seats = organisation.seats
    return {
        "key": key,
        "name": PRODUCT_NAMES[key],
        "groups": [g.name for g in granting],
        "groupDetails": [group_name(request, g) for g in granting],
        "defaultGroups": [g.name for g in defaults],
        "defaultGroupsDetails": [group_name(request, g) for g in defaults],
        "selectedByDefault": False,
        "defined": False,
        "numberOfSeats": seats.products[key].seats,
        "remainingSeats": seats.remaining(key),
        "userCount": seats.used(key),
        "userCountDescription": f"{seats.used(key)} {'users' if seats.used(key) != 1 else 'user'}",
        "hasUnlimitedSeats": False,
        "platform": False,
    }


def page(
    request: web.Request, found: Sequence[Any], *, default: int = 50, largest: int = 50
) -> Document:
    """A PageBean: the part asked for, with links to itself and to the next page."""
    start = number(request.query.get("startAt"), 0)
    size = number(request.query.get("maxResults"), default, largest=largest) or default
    document = {
        "self": _page_link(request, start, size),
        "maxResults": size,
        "startAt": start,
        "total": len(found),
        "isLast": start + size >= len(found),
        "values": list(found[start : start + size]),
    }
    if not document["isLast"]:
        document["nextPage"] = _page_link(request, start + size, size)
    return document


def _page_link(request: web.Request, start: int, size: int) -> str:
    kept = [(k, v) for k, v in request.query.items() if k not in {"startAt", "maxResults"}]
    query = urlencode([*kept, ("startAt", start), ("maxResults", size)])
    return f"{request.scheme}://{request.host}{request.path}?{query}"


def _initials(person: Person) -> str:
    return quote("".join(part[0] for part in person.name.split()[:2]))
