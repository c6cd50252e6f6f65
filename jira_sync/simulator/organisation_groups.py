"""Organizations API v2, groups: searching, creating, memberships, and what a group grants.

``POST …/memberships`` and ``DELETE …/memberships/{accountId}`` are the writes that give and take licences.
Assumption: writing below the directory ``-`` is refused (400-1), it is documented for reads only.
"""

from __future__ import annotations

import time

from aiohttp import web

from jira_sync.simulator import organisation_shapes as shapes
from jira_sync.simulator.answers import Answer, ok
from jira_sync.simulator.context import simulator
from jira_sync.simulator.model import Grant, Group
from jira_sync.simulator.organisation_answers import coded, no_content
from jira_sync.simulator.organisation_auth import bad_request, json_body, reader, writer
from jira_sync.simulator.paging import page
from jira_sync.simulator.refusals import AlreadyMember, UnlicensedProduct
from jira_sync.simulator.searching import matching, text_list, words

routes = web.RouteTableDef()

DIRECTORY = "/admin/v2/orgs/{orgId}/directories/{directoryId}"
EXPANDABLE = frozenset({"counts.resources", "counts.users"})


def _group(request: web.Request) -> Group:
    return simulator(request).organisation.group(request.match_info["groupId"])


@routes.post(DIRECTORY + "/groups/search")
async def search(request: web.Request) -> Answer:
    """Organizations v2, POST …/groups/search."""
    reader(request)
    document, context = await json_body(request), simulator(request)
    expand = words(document, "expand", EXPANDABLE)
    if document.get("groupNames") and (document.get("searchTerm") or document.get("groupIds")):
        raise bad_request("groupNames excludes searchTerm and groupIds.")
    found = sorted(_searched(request, document), key=lambda group: group.name)
    items, links = page(
        request, found, cursor=document.get("cursor"), limit=document.get("limit"), default=20
    )
    return ok({"data": [shapes.group(context, group, expand) for group in items], "links": links})


def _searched(request: web.Request, document: dict[str, object]) -> list[Group]:
    context = simulator(request)
    term = str(document.get("searchTerm") or "").casefold()
    names = [name.casefold() for name in text_list(document, "groupNames") or []]
    visible = [g for g in context.organisation.groups.values() if g.searchable_from <= time.time()]
    return [
        group
        for group in visible
        if term in group.name.casefold()
        and (not names or group.name.casefold() in names)
        and matching(document, "groupIds", {group.group_id})
        and matching(document, "accountIds", group.members)
        and matching(document, "resourceIds", {context.ari(grant) for grant in group.grants})
        and matching(document, "resourceOwners", {grant.product for grant in group.grants})
        and matching(document, "roleIds", {*group.platform_roles, *(g.role for g in group.grants)})
    ]


@routes.get(DIRECTORY + "/groups/{groupId}")
async def details(request: web.Request) -> Answer:
    """Organizations v2, GET …/groups/{groupId}."""
    reader(request)
    return ok({"data": shapes.group(simulator(request), _group(request), set(EXPANDABLE))})


@routes.post(DIRECTORY + "/groups")
async def create(request: web.Request) -> Answer:
    """Organizations v2, POST …/groups: no id in the answer, and the group is searchable a little later."""
    writer(request)
    document, context = await json_body(request), simulator(request)
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        raise bad_request("name is missing.")
    delay = context.organisation.access.delay
    description = str(document.get("description") or "")
    context.organisation.create_group(name.strip(), description=description, visible_after=delay)
    return ok({"message": "Group created."}, 201)


@routes.delete(DIRECTORY + "/groups/{groupId}")
async def delete(request: web.Request) -> Answer:
    """Organizations v2, DELETE …/groups/{groupId}."""
    actor = writer(request)
    simulator(request).organisation.delete_group(_group(request), actor=actor)
    return no_content()


@routes.post(DIRECTORY + "/groups/{groupId}/memberships")
async def add_member(request: web.Request) -> Answer:
    """Organizations v2, POST …/memberships: a repeated add answers 409-2, or 204 as also measured."""
    actor, group = writer(request), _group(request)
    account_id = (await json_body(request)).get("accountId")
    if not isinstance(account_id, str) or not account_id:
        raise bad_request("accountId is missing.")
    context = simulator(request)
    try:
        context.organisation.add_member(group, account_id, actor=actor)
    except AlreadyMember:
        conflict = context.switches.already_member == "conflict"
        return coded("ADMIN-UAM-409-2") if conflict else no_content()
    return no_content()


@routes.delete(DIRECTORY + "/groups/{groupId}/memberships/{accountId}")
async def remove_member(request: web.Request) -> Answer:
    """Organizations v2, DELETE …/memberships/{accountId}: 404-1 when not a member, 404-3 without the group."""
    actor, group = writer(request), _group(request)
    simulator(request).organisation.remove_member(
        group, request.match_info["accountId"], actor=actor
    )
    return no_content()


@routes.get(DIRECTORY + "/groups/{groupId}/role-assignments")
async def role_assignments(request: web.Request) -> Answer:
    """Organizations v2, GET …/groups/{groupId}/role-assignments: the product roles the group grants."""
    reader(request)
    found = shapes.group_roles(simulator(request), _group(request))
    query = request.query
    items, links = page(
        request, found, cursor=query.get("cursor"), limit=query.get("limit"), default=20
    )
    return ok({"data": items, "links": links})


@routes.post(DIRECTORY + "/groups/{groupId}/role-assignments/assign")
async def assign_role(request: web.Request) -> Answer:
    """Organizations v2, POST …/role-assignments/assign: give the whole group a role on a product."""
    writer(request)
    group, grant = _group(request), await _grant(request)
    simulator(request).organisation.grant(group, grant)
    return no_content()


@routes.post(DIRECTORY + "/groups/{groupId}/role-assignments/revoke")
async def revoke_role(request: web.Request) -> Answer:
    """Organizations v2, POST …/role-assignments/revoke."""
    writer(request)
    group, grant = _group(request), await _grant(request)
    simulator(request).organisation.revoke(group, grant)
    return no_content()


async def _grant(request: web.Request) -> Grant:
    """The role in a body of ``resourceId`` and ``roleId``; the resource is a product of this site."""
    document, context = await json_body(request), simulator(request)
    resource, role = document.get("resourceId"), document.get("roleId")
    if not isinstance(resource, str) or not isinstance(role, str):
        raise bad_request("resourceId and roleId are needed.")
    for product in context.organisation.seats.products:
        if resource in {context.ari(product), context.workspace_id(product)}:
            return Grant(product, role)
    raise UnlicensedProduct(resource)
