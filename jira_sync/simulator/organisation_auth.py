"""Who calls the Organizations API: the bearer of an organization API key.

A site API token gets 401 here. A scoped key reads, but group, role and user writes name no scope in their
descriptions and answer it with the insufficient-scope codes (AX-1798, AX-712).
"""

from __future__ import annotations

from aiohttp import web

from jira_sync.simulator.context import simulator
from jira_sync.simulator.credentials import DIRECTORY_ID, ORG_KEYS, KeyKind
from jira_sync.simulator.jira_auth import DeniedError
from jira_sync.simulator.organisation_answers import coded

ALL_DIRECTORIES = "-"
ACTOR = "organization-api-key"


def _is_v1(request: web.Request) -> bool:
    return request.path.startswith("/admin/v1/")


def key_kind(request: web.Request) -> KeyKind:
    """The kind of the key that was sent; anything that is no living key is refused."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        raise DeniedError(coded("ADMIN-UAM-401-2"))
    kind = ORG_KEYS.get(key) if scheme.lower() == "bearer" else None
    if kind is None or kind == "dead":
        raise DeniedError(coded("ADMIN-UAM-401-1"))
    return kind


def reader(request: web.Request) -> KeyKind:
    """A key that may read this organisation and directory."""
    kind = key_kind(request)
    _check_organisation(request, kind)
    directory = request.match_info.get("directoryId", DIRECTORY_ID)
    if directory not in {DIRECTORY_ID, ALL_DIRECTORIES}:
        raise DeniedError(coded("ADMIN-UAM-404-1", "The directory was not found."))
    return kind


def _check_organisation(request: web.Request, kind: KeyKind) -> None:
    if kind == "foreign":
        raise DeniedError(coded("ADMIN-403-3" if _is_v1(request) else "ADMIN-UAM-403-2"))
    if request.match_info.get("orgId") not in simulator(request).options.orgs:
        raise DeniedError(coded("ADMIN-UAM-404-2"))


def writer(request: web.Request) -> str:
    """A key that may change the directory: unscoped, and with a real directory id."""
    if reader(request) == "scoped":
        raise DeniedError(coded("ADMIN-UAM-403-1", "INSUFFICIENT_SCOPE"))
    if request.match_info.get("directoryId") == ALL_DIRECTORIES:
        raise DeniedError(coded("ADMIN-UAM-400-1", "A directory id is needed to write."))
    if request.match_info.get("orgId") != simulator(request).options.orgs[0]:
        raise DeniedError(coded("ADMIN-UAM-404-3"))
    return ACTOR


def event_reader(request: web.Request) -> None:
    """The audit log has a scope of its own (read:events:admin), which the scoped demo key lacks."""
    if reader(request) == "scoped":
        raise DeniedError(coded("ADMIN-401-2"))


async def json_body(request: web.Request) -> dict[str, object]:
    """The JSON object of a request; another media type or anything else is refused."""
    if request.can_read_body and request.content_type != "application/json":
        raise DeniedError(coded("ADMIN-UAM-415-1"))
    try:
        document = await request.json() if request.can_read_body else {}
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise DeniedError(coded("ADMIN-UAM-400-1", "The body is not a JSON object."))
    return document


def bad_request(detail: str) -> DeniedError:
    return DeniedError(coded("ADMIN-UAM-400-1", detail))
