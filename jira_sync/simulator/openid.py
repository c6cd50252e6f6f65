"""An OpenID provider, as a company has one beside Atlassian (OpenID Connect Core 1.0, Discovery 1.0).

Its people are those of the simulated organisation, known by an identifier of its own (`sub`). The account id is
in the claim `atlassian_account_id`, as a company can arrange it. Everything is below ``/idp``.
"""

from __future__ import annotations

import time
from typing import Any

from aiohttp import web

from jira_sync.simulator import sessions
from jira_sync.simulator.answers import Answer, ok
from jira_sync.simulator.context import simulator
from jira_sync.simulator.credentials import OPENID_CLIENT, stable_uuid
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
from jira_sync.simulator.signing_key import SigningKey

routes = web.RouteTableDef()
ISSUER_PATH = "/idp"
ID_TOKEN_SECONDS = 300
ACCOUNT_CLAIM = "atlassian_account_id"


def issuer(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}{ISSUER_PATH}"


@routes.get(f"{ISSUER_PATH}/.well-known/openid-configuration")
async def configuration(request: web.Request) -> Answer:
    """Discovery: where everything is."""
    base = issuer(request)
    return ok(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/userinfo",
            "jwks_uri": f"{base}/jwks",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "scopes_supported": ["openid", "profile", "email"],
            "claims_supported": ["sub", "name", "email", "email_verified", ACCOUNT_CLAIM],
        }
    )


@routes.get(f"{ISSUER_PATH}/jwks")
async def keys(request: web.Request) -> Answer:
    """The keys with which identity tokens are signed."""
    return ok(simulator(request).signing_key.document())


@routes.get(f"{ISSUER_PATH}/authorize")
async def authorize(request: web.Request) -> Answer:
    """Send a signed-in person back with a code; let anybody else choose who they are first."""
    query, redirect_uri = request.query, asked_by(request, OPENID_CLIENT)
    if wrong := _wrong(request):
        raise back_to(request, redirect_uri, error=wrong)
    person, prompts = sessions.signed_in(request), set(query.get("prompt", "").split())
    if person is None and "none" in prompts:
        raise back_to(request, redirect_uri, error="login_required")
    if person is None or prompts & {"login", "select_account"}:
        raise to_login(request)
    grant = Grant(
        person.account_id,
        OPENID_CLIENT.client_id,
        redirect_uri,
        query["scope"],
        query.get("nonce", ""),
        query.get("code_challenge", ""),
    )
    raise back_to(request, redirect_uri, code=simulator(request).grants.code_for(grant))


def _wrong(request: web.Request) -> str:
    """The error code of a request that cannot be answered, or nothing."""
    query = request.query
    if query.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in query.get("scope", "").split():
        return "invalid_scope"
    if not query.get("code_challenge") or query.get("code_challenge_method") != "S256":
        return "invalid_request"
    return ""


@routes.post(f"{ISSUER_PATH}/token")
async def token(request: web.Request) -> Answer:
    """A code for an access token and a signed identity token."""
    try:
        return await _token(request)
    except OAuthError as error:
        return refusal(error)


async def _token(request: web.Request) -> Answer:
    form, context = await body_of(request), simulator(request)
    check_secret(request, form, OPENID_CLIENT)
    if form.get("grant_type") != "authorization_code":
        raise OAuthError("unsupported_grant_type")
    code = form.get("code", "")
    grant = context.grants.redeem(
        code,
        client_id=OPENID_CLIENT.client_id,
        redirect_uri=form.get("redirect_uri", ""),
        verifier=form.get("code_verifier", ""),
    )
    person = context.organisation.people[grant.account_id]
    key = SigningKey() if context.switches.identity == "forged" else context.signing_key
    return ok(
        {
            "access_token": context.grants.token_for(grant, code),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_SECONDS),
            "scope": grant.scope,
            "id_token": key.sign(_identity(request, person, grant)),
        },
        headers={"Cache-Control": "no-store"},
    )


def _identity(request: web.Request, person: Person, grant: Grant) -> dict[str, Any]:
    """The claims of the identity token, or wrong ones when a test ordered them (``/_sim/options``)."""
    now, ordered = int(time.time()), simulator(request).switches.identity
    age = 2 * ID_TOKEN_SECONDS if ordered == "expired" else 0
    claims = {
        "iss": "https://elsewhere.example" if ordered == "wrong_issuer" else issuer(request),
        "aud": "somebody-else" if ordered == "wrong_audience" else grant.client_id,
        "iat": now - age,
        "exp": now - age + ID_TOKEN_SECONDS,
        "auth_time": now - age,
    }
    return (
        claims | ({"nonce": grant.nonce} if grant.nonce else {}) | _claims(request, person, grant)
    )


@routes.get(f"{ISSUER_PATH}/userinfo")
@routes.post(f"{ISSUER_PATH}/userinfo")
async def userinfo(request: web.Request) -> Answer:
    """Who the token belongs to."""
    grant = simulator(request).grants.grant_of(token_of(request))
    if grant is None or "openid" not in grant.scopes:
        return ok({"error": "invalid_token"}, 401, {"WWW-Authenticate": "Bearer"})
    person = simulator(request).organisation.people[grant.account_id]
    return ok(_claims(request, person, grant))


def _claims(request: web.Request, person: Person, grant: Grant) -> dict[str, Any]:
    found: dict[str, Any] = {"sub": stable_uuid(f"subject-{person.account_id}")}
    if "profile" in grant.scopes:
        found |= {
            "name": person.name,
            "zoneinfo": person.time_zone,
            ACCOUNT_CLAIM: person.account_id,
        }
    if "email" in grant.scopes:
        verified = simulator(request).switches.email_verified
        found |= {"email": person.email, "email_verified": verified}
    return found
