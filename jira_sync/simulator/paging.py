"""Cursor paging of the Organizations API.

A cursor is opaque. ``links.next`` holds it bare on some endpoints and inside a full URL on others; both forms occur,
so clients must take either. Which endpoint uses which is fixed here unless a test orders one form for all.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from jira_sync.simulator.context import simulator
from jira_sync.simulator.jira_auth import DeniedError
from jira_sync.simulator.organisation_answers import coded

URL_ENDPOINTS = ("/orgs", "/users/search", "/events-stream", "/last-active-dates", "/directories")
MOST = 100


def encode(offset: int) -> str:
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode().rstrip("=")


def decode(request: web.Request, cursor: object) -> int:
    """The offset in a cursor; a cursor nobody handed out is refused."""
    if cursor in (None, ""):
        return 0
    try:
        text = base64.urlsafe_b64decode(str(cursor) + "==").decode()
        return int(text.removeprefix("offset:"))
    except (binascii.Error, ValueError):
        code = "ADMIN-400-24" if request.path.startswith("/admin/v1/") else "ADMIN-UAM-400-1"
        raise DeniedError(coded(code, "The cursor is not valid.")) from None


def limit_of(value: object, default: int) -> int:
    """The wanted page size; the largest allowed one is not documented, 100 is what the older lists took."""
    try:
        wanted = int(str(value)) if value is not None else default
    except ValueError:
        raise DeniedError(coded("ADMIN-UAM-400-1", "The limit is not a number.")) from None
    return max(1, min(wanted, MOST))


def page(
    request: web.Request, found: Sequence[Any], *, cursor: object, limit: object, default: int
) -> tuple[list[Any], dict[str, str | None]]:
    """The items of the page and its links."""
    start, size = decode(request, cursor), limit_of(limit, default)
    after = encode(start + size) if start + size < len(found) else None
    links = {
        "self": str(request.url),
        "prev": None,
        "next": link(request, after) if after else None,
    }
    return list(found[start : start + size]), links


def link(request: web.Request, cursor: str) -> str:
    """The next page as this endpoint gives it."""
    form = simulator(request).switches.cursor
    as_url = request.path.endswith(URL_ENDPOINTS) if form == "mixed" else form == "url"
    return str(request.url.update_query(cursor=cursor)) if as_url else cursor
