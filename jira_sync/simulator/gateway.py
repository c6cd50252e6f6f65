"""What every API request passes: counting, ordered faults, rate limits, and translation of refusals.

The order is the one of a real edge: a request is counted whatever becomes of it, a fault may swallow it before
anything is done, the limiter may refuse it, and only then the API sees it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from jira_sync.simulator.answers import Answer, jira_error, jira_gateway_error, ok, router_error
from jira_sync.simulator.context import simulator
from jira_sync.simulator.credentials import CLOUD_ID
from jira_sync.simulator.faults import Fault
from jira_sync.simulator.jira_auth import DeniedError
from jira_sync.simulator.jira_groups import BadRequestError
from jira_sync.simulator.jira_groups import refusal as jira_refusal
from jira_sync.simulator.organisation_answers import (
    fault_error,
    limit_error,
    method_error,
)
from jira_sync.simulator.organisation_answers import refusal as organisation_refusal
from jira_sync.simulator.refusals import Refused

Handler = Callable[[web.Request], Awaitable[Answer]]

CONTROL = "/_sim/"
SCOPED = "/ex/jira/{cloudId}"
CUT = 0  # the "status" under which a connection cut without an answer is counted


def template(request: web.Request) -> str:
    """The endpoint a request goes to, with placeholders, the same at the site and below /ex/jira."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource is not None else request.path
    return path.removeprefix(SCOPED)


def is_organisation_api(request: web.Request) -> bool:
    return request.path.startswith("/admin/")


def is_jira_api(request: web.Request) -> bool:
    return request.path.startswith(("/rest/", "/ex/jira/"))


@web.middleware
async def count(request: web.Request, handler: Handler) -> Answer:
    """Count every call by method, endpoint and status, for GET /_sim/state."""
    if request.path.startswith(CONTROL):
        return await handler(request)
    status = CUT
    try:
        answer = await handler(request)
        status = answer.status if request.transport and not request.transport.is_closing() else CUT
        return answer
    except web.HTTPException as answer:
        status = answer.status
        raise
    finally:
        simulator(request).calls[request.method, template(request), status] += 1


@web.middleware
async def inject_faults(request: web.Request, handler: Handler) -> Answer:
    """Carry out an ordered fault instead of, before, or after the request."""
    if request.path.startswith(CONTROL):
        return await handler(request)
    fault = simulator(request).faults.strike(request.method, request.path_qs)
    if fault is None:
        return await handler(request)
    return await _suffer(fault, request, handler)


async def _suffer(fault: Fault, request: web.Request, handler: Handler) -> Answer:
    if fault.kind == "status":
        return _ordered_answer(fault, request)
    if fault.kind == "drop_after_apply":
        with contextlib.suppress(web.HTTPException):
            await handler(request)
        return _cut(request)
    await asyncio.sleep(fault.seconds)
    return await handler(request) if fault.kind == "slow" else _cut(request)


def _ordered_answer(fault: Fault, request: web.Request) -> web.Response:
    if fault.body is not None:
        answer = ok(fault.body, fault.status)
    elif is_organisation_api(request):
        answer = fault_error(fault.status, fault.code)
    else:
        answer = jira_error(fault.status, "Simulated fault")
    if fault.status in {429, 503}:
        answer.headers["Retry-After"] = str(int(fault.seconds) or 1)
    answer.headers.update(fault.headers)
    return answer


def _cut(request: web.Request) -> web.Response:
    """Close the connection; the answer returned here can no longer be written to it."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)


@web.middleware
async def limit_rate(request: web.Request, handler: Handler) -> Answer:
    """Refuse what exceeds the burst limit of its endpoint, and tell every caller where they stand."""
    if not (is_jira_api(request) or is_organisation_api(request)):
        return await handler(request)
    context = simulator(request)
    allowed, bucket = context.limits.take(request.method, template(request))
    if not allowed:
        answer = limit_error(request) if is_organisation_api(request) else _jira_limit()
        answer.headers.update(bucket.refusal_headers(retry_after=context.switches.retry_after))
        return answer
    answered = await handler(request)
    answered.headers.update(bucket.headers())
    return answered


def _jira_limit() -> web.Response:
    return jira_error(429, "Rate limit exceeded.")


@web.middleware
async def translate(request: web.Request, handler: Handler) -> Answer:
    """Turn refusals into the answers of the API that was called."""
    if is_organisation_api(request):
        return await _organisation_answer(request, handler)
    if is_jira_api(request):
        return await _jira_answer(request, handler)
    return await handler(request)


async def _jira_answer(request: web.Request, handler: Handler) -> Answer:
    if request.match_info.get("cloudId", CLOUD_ID) != CLOUD_ID:
        return jira_gateway_error(404, "Not Found")
    try:
        return await handler(request)
    except DeniedError as denied:
        return denied.answer
    except BadRequestError as problem:
        return jira_error(400, str(problem))
    except Refused as refused:
        return jira_refusal(refused)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as missing:
        message = (
            f"null for uri: {request.url}"
            if missing.status == 404
            else "HTTP 405 Method Not Allowed"
        )
        return ok({"message": message, "status-code": missing.status}, missing.status)


async def _organisation_answer(request: web.Request, handler: Handler) -> Answer:
    try:
        return await handler(request)
    except DeniedError as denied:
        return denied.answer
    except Refused as refused:
        return organisation_refusal(refused)
    except web.HTTPNotFound:
        return router_error(request, 404)
    except web.HTTPMethodNotAllowed:
        return method_error()


MIDDLEWARES = (count, inject_faults, limit_rate, translate)
