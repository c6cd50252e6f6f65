"""Sign-in with the Atlassian account: OAuth 2.0 (3LO) as auth.atlassian.com and api.atlassian.com offer it.

Section 4 of the fact sheet: `audience` and `prompt=consent` are required, the secret too (PKCE is taken, never
instead of it), token calls are JSON or forms, and `/me` with `read:me` tells the account id.
"""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web

from jira_sync.simulator import sessions
from jira_sync.simulator.account_pages import account_document
from jira_sync.simulator.answers import Answer, ok
from jira_sync.simulator.context import simulator
from jira_sync.simulator.credentials import ATLASSIAN_CLIENT
from jira_sync.simulator.model import Person
from jira_sync.simulator.oauth_grants import TOKEN_SECONDS, Grant, OAuthError
from jira_sync.simulator.oauth_requests import (
    asked_by,
    back_to,
    body_of,
    check_secret,
    refusal,
    to_login,
    token_of,
)
from jira_sync.simulator.rendering import render

routes = web.RouteTableDef()
AUDIENCE = "api.atlassian.com"
SCOPES = {"read:me", "offline_access"}


def _visitor(request: web.Request) -> tuple[Person, str]:
    """Who is signed in and where they come from; anybody else signs in first."""
    redirect_uri, query = asked_by(request, ATLASSIAN_CLIENT), request.query
    if query.get("response_type") != "code" or query.get("audience") != AUDIENCE:
        raise back_to(request, redirect_uri, error="invalid_request")
    if not set(query.get("scope", "").split()) <= SCOPES or not query.get("scope"):
        raise back_to(request, redirect_uri, error="invalid_scope")
    person = sessions.signed_in(request)
    if person is None:
        raise to_login(request)
    return person, redirect_uri


@routes.get("/authorize")
async def consent(request: web.Request) -> Answer:
    """Ask whether the app may know who one is."""
    person, _redirect_uri = _visitor(request)
    return render(
        request,
        "consent.html",
        person=person,
        app=ATLASSIAN_CLIENT.name,
        scopes=request.query["scope"].split(),
        other=f"/login?{urlencode({'continue': request.path_qs})}",
    )


@routes.post("/authorize")
async def decide(request: web.Request) -> Answer:
    """Send the person back with a code, or with "access_denied"."""
    person, redirect_uri = _visitor(request)
    if (await request.post()).get("decision") != "accept":
        raise back_to(request, redirect_uri, error="access_denied")
    grant = Grant(
        person.account_id,
        ATLASSIAN_CLIENT.client_id,
        redirect_uri,
        request.query["scope"],
        challenge=request.query.get("code_challenge", ""),
    )
    raise back_to(request, redirect_uri, code=simulator(request).grants.code_for(grant))


@routes.post("/oauth/token")
async def token(request: web.Request) -> Answer:
    """A code for an access token."""
    try:
        return await _token(request)
    except OAuthError as error:
        return refusal(error)


async def _token(request: web.Request) -> Answer:
    form, grants = await body_of(request), simulator(request).grants
    check_secret(request, form, ATLASSIAN_CLIENT)
    if form.get("grant_type") != "authorization_code":
        raise OAuthError("unsupported_grant_type")
    code = form.get("code", "")
    grant = grants.redeem(
        code,
        client_id=ATLASSIAN_CLIENT.client_id,
        redirect_uri=form.get("redirect_uri", ""),
        verifier=form.get("code_verifier", ""),
    )
    return ok(
        {
            "access_token": grants.token_for(grant, code),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_SECONDS),
            "scope": grant.scope,
        },
        headers={"Cache-Control": "no-store"},
    )


@routes.get("/me")
async def me(request: web.Request) -> Answer:
    """User identity API, GET /me: the account behind the token."""
    grant = simulator(request).grants.grant_of(token_of(request))
    if grant is None:
        return ok({"code": 401, "message": "Unauthorized"}, 401)
    if "read:me" not in grant.scopes:
        return ok({"code": 403, "message": "Forbidden"}, 403)
    person = simulator(request).organisation.people[grant.account_id]
    return ok(account_document(request, person))
