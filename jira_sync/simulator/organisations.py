"""Organizations API: the organisations of a key, their directories and workspaces, and the audit log."""

from __future__ import annotations

from aiohttp import web

from jira_sync.simulator.answers import Answer, ok
from jira_sync.simulator.context import Simulator, simulator
from jira_sync.simulator.credentials import CLOUD_ID, DIRECTORY_ID, SITE_NAME
from jira_sync.simulator.jira_auth import DeniedError
from jira_sync.simulator.model import PRODUCT_NAMES, Event
from jira_sync.simulator.organisation_answers import coded
from jira_sync.simulator.organisation_auth import event_reader, json_body, key_kind, reader
from jira_sync.simulator.organisation_shapes import Document, timestamp
from jira_sync.simulator.paging import decode, encode, limit_of, link, page

routes = web.RouteTableDef()


def _organisation(request: web.Request, org_id: str) -> Document:
    address = f"{request.scheme}://{request.host}/admin/v1/orgs/{org_id}"
    first = org_id == simulator(request).options.orgs[0]
    return {
        "id": org_id,
        "type": "orgs",
        "attributes": {"name": "Acme" if first else f"Organisation {org_id[:8]}"},
        "relationships": {
            "domains": {"links": {"related": f"{address}/domains"}},
            "users": {"links": {"related": f"{address}/users"}},
        },
        "links": {"self": address},
    }


@routes.get("/admin/v1/orgs")
async def organisations(request: web.Request) -> Answer:
    """Organizations v1, GET /v1/orgs: the organisations this key can reach."""
    found = simulator(request).options.orgs if key_kind(request) != "foreign" else ()
    cursor = request.query.get("cursor")
    items, links = page(request, found, cursor=cursor, limit=None, default=20)
    return ok({"data": [_organisation(request, org_id) for org_id in items], "links": links})


@routes.get("/admin/v1/orgs/{orgId}")
async def one_organisation(request: web.Request) -> Answer:
    """Organizations v1, GET /v1/orgs/{orgId}."""
    reader(request)
    return ok({"data": _organisation(request, request.match_info["orgId"])})


@routes.get("/admin/v2/orgs/{orgId}/directories")
async def directories(request: web.Request) -> Answer:
    """Organizations v2, GET …/directories: exactly one, as with centralized user management."""
    reader(request)
    first = request.match_info["orgId"] == simulator(request).options.orgs[0]
    found = [{"directoryId": DIRECTORY_ID, "name": "Acme directory"}] if first else []
    return ok({"data": found, "links": {"self": str(request.url), "prev": None, "next": None}})


@routes.post("/admin/v2/orgs/{orgId}/workspaces")
async def workspaces(request: web.Request) -> Answer:
    """Organizations v2, POST …/workspaces: the product instances, which tie site addresses to resource ids."""
    reader(request)
    document, context = await json_body(request), simulator(request)
    first = request.match_info["orgId"] == context.options.orgs[0]
    found = (
        [_workspace(request, key) for key in context.organisation.seats.products] if first else []
    )
    items, links = page(
        request, found, cursor=document.get("cursor"), limit=document.get("limit"), default=50
    )
    return ok({"data": items, "links": links})


def _workspace(request: web.Request, product: str) -> Document:
    context = simulator(request)
    return {
        "id": context.ari(product),
        "type": "workspaces",
        "attributes": {
            "name": SITE_NAME,
            "typeKey": product,
            "type": PRODUCT_NAMES[product],
            "status": "online",
            "hostUrl": f"{request.scheme}://{request.host}",
            "workspaceId": context.workspace_id(product),
            "cloudId": CLOUD_ID,
        },
    }


@routes.get("/admin/v1/orgs/{orgId}/events-stream")
async def events_stream(request: web.Request) -> Answer:
    """Organizations v1, events-stream: by processing time; the last cursor can be polled again for what is new."""
    event_reader(request)
    context, query = simulator(request), request.query
    last_seen, size = decode(request, query.get("cursor")), limit_of(query.get("limit"), 100)
    since, until = _milliseconds(query.get("from"), 0), _milliseconds(query.get("to"), 2**62)
    found = [e for e in context.organisation.events if e.number > last_seen]
    found = [event for event in found if since <= event.at * 1000 <= until][:size]
    next_link = link(request, encode(found[-1].number if found else last_seen))
    data = [_event(request, context, event) for event in found]
    return ok({"data": data, "meta": {"page_size": len(data)}, "links": {"next": next_link}})


def _milliseconds(text: str | None, default: int) -> int:
    try:
        return int(text) if text else default
    except ValueError:
        raise DeniedError(coded("ADMIN-400-4", "from and to are milliseconds.")) from None


def _event(request: web.Request, context: Simulator, event: Event) -> Document:
    group = context.organisation.groups.get(event.group_id)
    return {
        "id": f"event-{event.number}",
        "type": "events",
        "attributes": {
            "time": timestamp(event.at),
            "processedAt": timestamp(event.at),
            "action": event.action,
            "actor": {"id": event.actor, "name": event.actor},
            "context": [
                {"id": event.account_id, "type": "user", "attributes": {}},
                {
                    "id": event.group_id,
                    "type": "group",
                    "attributes": {"name": group.name if group else ""},
                },
            ],
        },
        "links": {"self": f"{request.scheme}://{request.host}{request.path}/event-{event.number}"},
    }
