"""Administrator webhooks by REST: /rest/webhooks/1.0/webhook, as in System > WebHooks."""

from __future__ import annotations

from aiohttp import web

from jira_sync.simulator.answers import Answer, empty, jira_error, json_object, number, ok
from jira_sync.simulator.arranging import OrderError, register_webhook
from jira_sync.simulator.context import simulator
from jira_sync.simulator.jira_auth import administrator
from jira_sync.simulator.jira_groups import BadRequestError
from jira_sync.simulator.jira_shapes import Document
from jira_sync.simulator.model import Webhook

routes = web.RouteTableDef()
PATH = "/rest/webhooks/1.0/webhook"


def _document(request: web.Request, webhook: Webhook) -> Document:
    """A webhook as it is told; the secret is never shown again, only that there is one."""
    return {
        "name": webhook.name,
        "url": webhook.url,
        "events": list(webhook.events),
        "enabled": webhook.enabled,
        "isSigned": bool(webhook.secret),
        "self": f"{request.scheme}://{request.host}{PATH}/{webhook.number}",
    }


@routes.post(PATH)
async def register(request: web.Request) -> Answer:
    """POST /rest/webhooks/1.0/webhook: name, url, events, and optionally a secret."""
    administrator(request)
    try:
        webhook = register_webhook(simulator(request), await json_object(request) or {})
    except OrderError as problem:
        raise BadRequestError(str(problem)) from problem
    return ok(_document(request, webhook), 201)


@routes.get(PATH)
async def registered(request: web.Request) -> Answer:
    """GET /rest/webhooks/1.0/webhook."""
    administrator(request)
    return ok(
        [_document(request, webhook) for webhook in simulator(request).webhooks.registered.values()]
    )


@routes.delete(PATH + "/{number}")
async def remove(request: web.Request) -> Answer:
    """DELETE /rest/webhooks/1.0/webhook/{id}."""
    administrator(request)
    if simulator(request).webhooks.remove(number(request.match_info["number"], 0)):
        return empty(204)
    return jira_error(404, "The webhook does not exist.")
