"""Jira REST v3, users: finding people by account id or text, and what groups they are in."""

from __future__ import annotations

from aiohttp import web

from jira_sync.simulator.answers import Answer, jira_error, number, ok
from jira_sync.simulator.context import simulator
from jira_sync.simulator.jira_auth import DeniedError, browser, user
from jira_sync.simulator.jira_groups import BadRequestError
from jira_sync.simulator.jira_shapes import group_name, page, user_expanded
from jira_sync.simulator.jira_shapes import user as user_document
from jira_sync.simulator.model import Person

routes = web.RouteTableDef()

MOST_FOUND = 1000


def _wanted_person(request: web.Request) -> Person:
    account_id = request.query.get("accountId")
    if not account_id:
        raise BadRequestError("The query parameter 'accountId' must be provided.")
    return simulator(request).organisation.person(account_id)


@routes.get("/rest/api/3/user")
async def one(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/user."""
    browser(request)
    return ok(user_expanded(request, simulator(request), _wanted_person(request)))


@routes.get("/rest/api/3/users/search")
async def all_users(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/users/search: active, inactive and closed accounts, without a total."""
    browser(request)
    people = list(simulator(request).organisation.people.values())
    return ok([user_document(request, person) for person in _slice(request, people)])


@routes.get("/rest/api/3/user/search")
async def search(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/user/search: active people only, the first thousand."""
    browser(request)
    query, account_id = request.query.get("query"), request.query.get("accountId")
    if request.query.get("property"):
        raise BadRequestError("The 'property' parameter is not valid.")
    if (query is None) == (account_id is None):
        raise BadRequestError("Exactly one of 'query' and 'accountId' must be provided.")
    people = [p for p in simulator(request).organisation.people.values() if p.active]
    found = [p for p in people if _matches(p, query, account_id)][:MOST_FOUND]
    return ok([user_document(request, person) for person in _slice(request, found)])


def _matches(person: Person, query: str | None, account_id: str | None) -> bool:
    if account_id is not None:
        return person.account_id == account_id
    text = (query or "").casefold()
    words = [*person.name.casefold().split(), person.name.casefold(), person.email.casefold()]
    return any(word.startswith(text) for word in words)


def _slice(request: web.Request, people: list[Person]) -> list[Person]:
    start = number(request.query.get("startAt"), 0)
    return people[start : start + number(request.query.get("maxResults"), 50, largest=MOST_FOUND)]


@routes.get("/rest/api/3/user/groups")
async def groups(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/user/groups."""
    browser(request)
    person = _wanted_person(request)
    found = simulator(request).organisation.groups_of(person.account_id)
    return ok([group_name(request, group) for group in found])


@routes.get("/rest/api/3/user/bulk")
async def bulk(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/user/bulk: unknown accounts are left out."""
    browser(request)
    wanted = request.query.getall("accountId", [])
    if not wanted:
        raise BadRequestError("The query parameter 'accountId' must be provided.")
    people = simulator(request).organisation.people
    document = page(request, [people[a] for a in wanted if a in people], default=10, largest=200)
    document["values"] = [user_document(request, person) for person in document["values"]]
    return ok(document)


@routes.get("/rest/api/3/myself")
async def myself(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/myself: needs access to Jira, so nobody without a licence can use it."""
    person, context = user(request), simulator(request)
    if not (context.has_jira(person) or context.is_admin(person)):
        raise DeniedError(jira_error(401, "You do not have access to Jira on this site."))
    return ok(user_expanded(request, context, person))
