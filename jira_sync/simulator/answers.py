"""How the two APIs put their answers, the poor ones included."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

Answer = web.StreamResponse
Headers = dict[str, str]


def ok(document: Any, status: int = 200, headers: Headers | None = None) -> web.Response:
    return web.json_response(document, status=status, headers=headers)


def empty(status: int) -> web.Response:
    return web.Response(status=status)


def jira_error(status: int, *messages: str, errors: Headers | None = None) -> web.Response:
    """Jira REST v3, ErrorCollection."""
    return ok({"errorMessages": list(messages), "errors": errors or {}}, status)


def jira_gateway_error(status: int, message: str) -> web.Response:
    """What Atlassian's edge answers before Jira is asked."""
    return ok({"code": status, "message": message}, status)


def organisation_error(status: int, code: str, title: str, detail: str) -> web.Response:
    """Organizations API error envelope; ``code`` is the part that means something."""
    error = {
        "id": str(uuid.uuid4()),
        "status": str(status),
        "code": code,
        "title": title,
        "detail": detail,
    }
    return ok({"errors": [error]}, status)


def router_error(request: web.Request, status: int) -> web.Response:
    """Organizations API, the variant that its router answers for unknown paths and methods."""
    document = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "path": request.path.removeprefix("/admin"),
        "status": status,
        "error": HTTPStatus(status).phrase,
        "requestId": uuid.uuid4().hex[:8],
        "message": None,
    }
    return ok(document, status)


def number(text: str | None, default: int, *, largest: int | None = None) -> int:
    """A paging number from a query; rubbish and negative values fall back as Jira lets them."""
    try:
        value = int(text) if text is not None else default
    except ValueError:
        value = default
    value = max(0, value)
    return value if largest is None else min(value, largest)


async def json_object(request: web.Request) -> dict[str, Any] | None:
    """The body as a JSON object, or nothing when it is none."""
    try:
        document = json.loads(await request.text() or "{}")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
