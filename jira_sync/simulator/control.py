"""Control of the simulator by tests and operators: looking at the exact state, arranging it, ordering faults.

Nothing of this exists at Atlassian; it all lives below ``/_sim``. Wrong input is answered with 400 and the reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from jira_sync.simulator import arranging, demo
from jira_sync.simulator.answers import Answer, json_object, ok
from jira_sync.simulator.context import Simulator, simulator
from jira_sync.simulator.faults import FaultOrderError
from jira_sync.simulator.issues import edit_issue
from jira_sync.simulator.model import Group
from jira_sync.simulator.refusals import Refused

routes = web.RouteTableDef()
Order = Callable[[Simulator, dict[str, Any]], Any]


@routes.get("/_sim/health")
async def health(request: web.Request) -> Answer:
    """Whether the simulator answers."""
    return ok({"status": "ok"})


@routes.get("/_sim/state")
async def state(request: web.Request) -> Answer:
    """Everything countable, exact at the instant of the answer."""
    context = simulator(request)
    organisation = context.organisation
    return ok(
        {
            "groups": [_group_state(group) for group in organisation.groups.values()],
            "products": {key: _product_state(context, key) for key in organisation.seats.products},
            "calls": [
                {"method": method, "path": path, "status": status, "count": count}
                for (method, path, status), count in sorted(context.calls.items())
            ],
            "people": len(organisation.people),
            "faults": [fault.as_json() for fault in context.faults.active],
            "webhooks": _webhook_state(context),
            "access_requests": list(context.access_requests),
            "delay": organisation.access.delay,
            "bucket": context.limits.capacity,
        }
    )


def _group_state(group: Group) -> dict[str, Any]:
    return {
        "groupId": group.group_id,
        "name": group.name,
        "grants": sorted({grant.product for grant in group.grants if grant.billable}),
        "members": sorted(group.members),
        "highest_members": group.highest_members,
    }


def _product_state(context: Simulator, key: str) -> dict[str, int]:
    seats = context.organisation.seats
    product = seats.products[key]
    return {"seats": product.seats, "used": seats.used(key), "highest_used": product.highest_used}


def _webhook_state(context: Simulator) -> list[dict[str, Any]]:
    outcomes = context.webhooks.outcomes
    return [
        {"id": number, "url": webhook.url, "pending": context.webhooks.pending(number)}
        | {name: outcomes[number, name] for name in ("delivered", "refused", "given_up")}
        for number, webhook in context.webhooks.registered.items()
    ]


async def _carry_out(request: web.Request, order: Order) -> Answer:
    document = await json_object(request)
    if document is None:
        return ok({"error": "the body must be a JSON object"}, 400)
    try:
        return ok(order(simulator(request), document) or {"status": "ok"})
    except (arranging.OrderError, FaultOrderError) as problem:
        return ok({"error": str(problem)}, 400)
    except Refused as refused:
        return ok({"error": f"{type(refused).__name__}: {refused}"}, 400)


def _order_faults(context: Simulator, document: dict[str, Any]) -> dict[str, int]:
    return {"active": context.faults.order(document)}


def _edit(context: Simulator, document: dict[str, Any]) -> None:
    account_id, key = str(document.get("accountId")), str(document.get("issue"))
    if key.partition("-")[0] not in demo.PROJECTS:
        raise arranging.OrderError(f"no project has the issue {key!r}")
    edit_issue(
        context, context.organisation.person(account_id), key, str(document.get("text", "edited"))
    )


ORDERS: dict[str, Order] = {
    "/_sim/reset": arranging.reset,
    "/_sim/options": arranging.options,
    "/_sim/faults": _order_faults,
    "/_sim/people": arranging.people,
    "/_sim/groups": arranging.group,
    "/_sim/members": arranging.members,
    "/_sim/user": arranging.user,
    "/_sim/webhooks": arranging.webhook,
    "/_sim/edit": _edit,
}


def _handler(order: Order) -> Callable[[web.Request], Awaitable[Answer]]:
    async def handle(request: web.Request) -> Answer:
        return await _carry_out(request, order)

    return handle


def add_routes(app: web.Application) -> None:
    app.add_routes(routes)
    for path, order in ORDERS.items():
        app.router.add_post(path, _handler(order))
