"""Organizations API, users: search with last activity in bulk, role paths, suspend and restore.

Suspending cuts every product at once, so it is no way to free a seat; it is here because it happens.
"""

from __future__ import annotations

from aiohttp import web

from jira_sync.simulator import organisation_shapes as shapes
from jira_sync.simulator.answers import Answer, ok
from jira_sync.simulator.context import simulator
from jira_sync.simulator.jira_auth import DeniedError
from jira_sync.simulator.model import Person
from jira_sync.simulator.organisation_answers import coded, no_content
from jira_sync.simulator.organisation_auth import bad_request, json_body, reader, writer
from jira_sync.simulator.organisation_groups import DIRECTORY
from jira_sync.simulator.paging import page
from jira_sync.simulator.refusals import UnknownPerson
from jira_sync.simulator.searching import matching, words

routes = web.RouteTableDef()

EXPANDABLE = frozenset({"productAccess", "groups", "platformRoles", "counts.resources"})


def _person(request: web.Request) -> Person:
    person = simulator(request).organisation.person(request.match_info["accountId"])
    if person.account_type == "customer":  # portal-only customers are not in the directory
        raise UnknownPerson(person.account_id)
    return person


@routes.post(DIRECTORY + "/users/search")
async def search(request: web.Request) -> Answer:
    """Organizations v2, POST …/users/search: fifty people with groups and last activity in one call."""
    reader(request)
    document, context = await json_body(request), simulator(request)
    expand = words(document, "expand", EXPANDABLE)
    if document.get("emails") and document.get("searchTerm"):
        raise bad_request("emails excludes searchTerm.")
    found = [p for p in _directory(request) if _matches(request, document, p)]
    items, links = page(
        request, found, cursor=document.get("cursor"), limit=document.get("limit"), default=50
    )
    return ok({"data": [shapes.user(context, person, expand) for person in items], "links": links})


def _directory(request: web.Request) -> list[Person]:
    if request.match_info["orgId"] != simulator(request).options.orgs[0]:
        return []
    people = simulator(request).organisation.people.values()
    return [person for person in people if person.account_type != "customer"]


def _matches(request: web.Request, document: dict[str, object], person: Person) -> bool:
    return _fits_account(document, person) and _fits_rights(request, document, person)


def _fits_account(document: dict[str, object], person: Person) -> bool:
    status, account_status, membership = shapes.STATUSES[person.status]
    term = str(document.get("searchTerm") or "").casefold()
    mfa = document.get("mfaEnabled")
    return (
        (term in person.name.casefold() or term in person.email)
        and (mfa is None or mfa is True)
        and matching(document, "accountIds", {person.account_id})
        and matching(document, "status", {status})
        and matching(document, "accountStatus", {account_status})
        and matching(document, "membershipStatus", {membership})
        and matching(document, "claimStatus", {"managed"})
        and matching(document, "emails", {person.email})
        and matching(document, "emailDomains", {person.email.partition("@")[2]})
    )


def _fits_rights(request: web.Request, document: dict[str, object], person: Person) -> bool:
    if not any(document.get(name) for name in ("groupIds", "resourceIds", "roleIds")):
        return True
    context = simulator(request)
    organisation = context.organisation
    grants = organisation.grants_of(person)
    roles = {grant.role for grant in grants} | set(
        organisation.platform_roles_of(person.account_id)
    )
    return (
        matching(
            document, "groupIds", {g.group_id for g in organisation.groups_of(person.account_id)}
        )
        and matching(document, "resourceIds", {context.ari(grant) for grant in grants})
        and matching(document, "roleIds", roles)
    )


@routes.get(DIRECTORY + "/users/{accountId}")
async def details(request: web.Request) -> Answer:
    """Organizations v2, GET …/users/{accountId}."""
    reader(request)
    return ok({"data": shapes.user(simulator(request), _person(request), {"platformRoles"})})


@routes.get(DIRECTORY + "/users/{accountId}/role-assignments")
async def role_assignments(request: web.Request) -> Answer:
    """Organizations v2, GET …/users/{accountId}/role-assignments: direct and through groups."""
    reader(request)
    found = shapes.user_roles(simulator(request), _person(request))
    query = request.query
    items, links = page(
        request, found, cursor=query.get("cursor"), limit=query.get("limit"), default=20
    )
    return ok({"data": items, "links": links})


@routes.post(DIRECTORY + "/users/{accountId}/suspend")
async def suspend(request: web.Request) -> Answer:
    """Organizations v2, POST …/users/{accountId}/suspend."""
    writer(request)
    person = _person(request)
    if person.status not in {"active", "suspended"}:
        return coded("ADMIN-UAM-400-2")
    simulator(request).organisation.set_status(person, "suspended")
    return no_content()


@routes.post(DIRECTORY + "/users/{accountId}/restore")
async def restore(request: web.Request) -> Answer:
    """Organizations v2, POST …/users/{accountId}/restore: needs a seat for everything the person had."""
    writer(request)
    person = _person(request)
    if person.status not in {"active", "suspended"}:
        return coded("ADMIN-UAM-400-2")
    simulator(request).organisation.set_status(person, "active")
    return no_content()


@routes.get("/admin/v1/orgs/{orgId}/directory/users/{accountId}/last-active-dates")
async def last_active_dates(request: web.Request) -> Answer:
    """Organizations v1, last-active-dates: up to a day late; an empty list means never used."""
    reader(request)
    try:
        person = _person(request)
    except UnknownPerson:
        raise DeniedError(coded("ADMIN-404-8")) from None
    document = shapes.last_active_dates(simulator(request), person)
    return ok({"data": document, "links": {"next": None}})
