"""What the two simulated sign-ins share: who asks, the way back, the body of a call."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from urllib.parse import unquote_plus, urlencode, urlsplit

from aiohttp import web
from yarl import URL

from jira_sync.simulator.answers import ok
from jira_sync.simulator.context import simulator
from jira_sync.simulator.credentials import OAuthClient
from jira_sync.simulator.oauth_grants import OAuthError

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def may_return_to(request: web.Request, redirect_uri: str) -> bool:
    """Whether the address is the client's.

    Real providers keep a list of exact addresses. Here it is IUM's own address (``--ium-url``) or anything on this
    machine, so that tests can serve on any port.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme not in {"http", "https"} or parts.fragment or "@" in parts.netloc:
        return False
    ium_url = simulator(request).options.ium_url.rstrip("/")
    return parts.hostname in LOOPBACK or bool(ium_url and redirect_uri.startswith(f"{ium_url}/"))


def asked_by(request: web.Request, client: OAuthClient) -> str:
    """The address to return to; raises 400 with a page's text when client or address are not known."""
    redirect_uri = request.query.get("redirect_uri", "")
    if request.query.get("client_id") != client.client_id:
        raise web.HTTPBadRequest(text="Simulated sign-in: this client_id is not registered.")
    if not may_return_to(request, redirect_uri):
        raise web.HTTPBadRequest(text="Simulated sign-in: this redirect_uri is not registered.")
    return redirect_uri


def back_to(request: web.Request, redirect_uri: str, **answer: str) -> web.HTTPFound:
    """302 to the client with the answer and the state it sent."""
    state = request.query.get("state")
    query = urlencode(answer | ({"state": state} if state is not None else {}))
    mark = "&" if urlsplit(redirect_uri).query else "?"
    return web.HTTPFound(URL(f"{redirect_uri}{mark}{query}", encoded=True))


def to_login(request: web.Request) -> web.HTTPFound:
    """302 to the page that asks who one is, and from there back to this request."""
    query = {name: value for name, value in request.query.items() if name != "prompt"}
    wanted = f"{request.path}?{urlencode(query)}"
    return web.HTTPFound(URL(f"/login?{urlencode({'continue': wanted})}", encoded=True))


async def body_of(request: web.Request) -> dict[str, str]:
    """The form or, as Atlassian's own examples have it, the JSON object of a token call."""
    if request.content_type == "application/json":
        try:
            found = json.loads(await request.text())
        except ValueError:
            raise OAuthError("invalid_request", "This is no JSON.") from None
        if not isinstance(found, dict):
            raise OAuthError("invalid_request", "The body must be an object.")
    else:
        found = dict(await request.post())
    return {str(name): str(value) for name, value in found.items()}


def check_secret(request: web.Request, form: dict[str, str], client: OAuthClient) -> None:
    """The client's secret, in the body or as Basic authentication (RFC 6749, 2.3.1)."""
    given = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
    if given[0] != client.client_id or not hmac.compare_digest(
        given[1].encode(), client.secret.encode()
    ):
        raise OAuthError("invalid_client", "Client or secret are wrong.", 401)


def _basic(request: web.Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client", "The Authorization header is wrong.", 401) from None
    return unquote_plus(name), unquote_plus(secret)


def token_of(request: web.Request) -> str:
    """The bearer token of a call."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def refusal(error: OAuthError) -> web.Response:
    return ok(error.document, error.status, {"Cache-Control": "no-store"})
