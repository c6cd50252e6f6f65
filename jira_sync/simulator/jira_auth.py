"""Who calls the Jira REST API, and what they may do there.

Basic authentication with an e-mail and an API token, or the session cookie of the pages. A scoped token works only
below ``/ex/jira/{cloudId}``. Group writes need a *user* who is site or organisation administrator: app identities
get 403 (community.developer.atlassian.com 92540).
"""

from __future__ import annotations

import base64
import binascii

from aiohttp import web

from jira_sync.simulator import sessions
from jira_sync.simulator.answers import empty, jira_error, jira_gateway_error
from jira_sync.simulator.context import simulator
from jira_sync.simulator.credentials import API_TOKENS, ApiToken
from jira_sync.simulator.model import Group, Person

FORBIDDEN = (
    "An error occurred: com.atlassian.idp.client.exceptions.AuthorizationException: "
    '{"key":"forbidden","context":{"message":"user does not have the relevant permissions"}}'
)
BROWSE_NEEDED = "Browse users and groups permission is required to view groups."
UNAUTHENTICATED = "Client must be authenticated to access this resource."
SCOPED_PREFIX = "/ex/jira/"
WRITES = frozenset({"POST", "PUT", "DELETE"})


class DeniedError(Exception):
    """The call is answered with a refusal of identity or rights."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


def caller(request: web.Request) -> Person | None:
    """The person who calls, or nobody for an anonymous call; wrong credentials are refused."""
    header = request.headers.get("Authorization", "")
    if not header:
        return sessions.signed_in(request)
    token = _token(header)
    if token is None or token.kind == "dead":
        raise DeniedError(_unauthorised())
    _check_scope(request, token)
    person = simulator(request).organisation.people.get(token.account_id)
    if person is None or not person.active:
        raise DeniedError(_unauthorised())
    return person


def _token(header: str) -> ApiToken | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        email, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    token = API_TOKENS.get(secret)
    return token if token and token.email.casefold() == email.casefold() else None


def _check_scope(request: web.Request, token: ApiToken) -> None:
    if token.kind == "full":
        return
    if not request.path.startswith(SCOPED_PREFIX):
        raise DeniedError(_unauthorised())
    if token.kind == "read-only" and request.method in WRITES:
        raise DeniedError(jira_gateway_error(401, "Unauthorized; scope does not match"))


def _unauthorised() -> web.Response:
    answer = web.Response(status=401, text=UNAUTHENTICATED, content_type="text/plain")
    answer.headers["WWW-Authenticate"] = 'OAuth realm="https%3A%2F%2Facme.atlassian.net"'
    answer.headers["X-Seraph-LoginReason"] = "AUTHENTICATED_FAILED"
    return answer


def user(request: web.Request) -> Person:
    """Somebody who is known; anonymous calls are refused."""
    person = caller(request)
    if person is None:
        raise DeniedError(jira_error(401, UNAUTHENTICATED))
    return person


def browser(request: web.Request) -> Person:
    """Somebody with the global permission Browse users and groups: administrators and users of Jira."""
    person = user(request)
    context = simulator(request)
    if not (context.is_admin(person) or context.has_jira(person) or person.account_type == "app"):
        raise DeniedError(jira_error(403, BROWSE_NEEDED))
    return person


def administrator(request: web.Request, message: str = FORBIDDEN) -> Person:
    """Somebody who administers Jira."""
    person = user(request)
    if not simulator(request).is_admin(person):
        raise DeniedError(jira_error(403, message))
    return person


def site_administrator(request: web.Request, group: Group | None = None) -> Person:
    """Somebody who may write groups. An app gets an empty 403 on groups of the organisation level."""
    person = user(request)
    if person.account_type == "app" and group is not None and (group.external or group.administers):
        raise DeniedError(empty(403))
    if not simulator(request).is_admin(person):
        raise DeniedError(jira_error(403, FORBIDDEN))
    return person
