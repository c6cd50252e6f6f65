"""The company's OpenID provider of the simulation, checked with a JWT library it does not use."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests

from jira_sync.simulator import credentials
from jira_sync.simulator.oauth_grants import s256
from tests.simulator.browser import Browser
from tests.simulator.process import SimulatorProcess

RETURN = "http://127.0.0.1:8000/sign-in/oidc/company/callback/"
VERIFIER = "v" * 43
CLIENT = credentials.OPENID_CLIENT


def query(**changes: str | None) -> dict[str, str]:
    wanted = {
        "response_type": "code",
        "client_id": CLIENT.client_id,
        "redirect_uri": RETURN,
        "scope": "openid profile email",
        "state": "s t",
        "nonce": "n",
        "code_challenge": s256(VERIFIER),
        "code_challenge_method": "S256",
    } | changes
    return {name: value for name, value in wanted.items() if value is not None}


def authorize(browser: Browser, **changes: str | None) -> requests.Response:
    address = requests.Request("GET", "http://x/idp/authorize", params=query(**changes)).prepare()
    assert address.url
    return browser.get(address.url.removeprefix("http://x"))


def answer_of(answer: requests.Response) -> dict[str, str]:
    location = answer.headers["Location"]
    assert location.startswith(RETURN), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def exchange(browser: Browser, code: str, **changes: str) -> requests.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": RETURN,
        "client_id": CLIENT.client_id,
        "client_secret": CLIENT.secret,
        "code_verifier": VERIFIER,
    } | changes
    return browser.post("/idp/token", **form)


@pytest.fixture
def member(browser: Browser) -> Browser:
    """A browser in which a person is signed in."""
    browser.sign_in(credentials.MEMBER)
    return browser


def verified(browser: Browser, id_token: str) -> dict[str, Any]:
    """Verify an identity token with the provider's published keys; return its claims."""
    discovery = browser.get("/idp/.well-known/openid-configuration").json()
    key = jwt.PyJWKClient(discovery["jwks_uri"]).get_signing_key_from_jwt(id_token)
    claims: dict[str, Any] = jwt.decode(
        id_token, key, algorithms=["RS256"], audience=CLIENT.client_id, issuer=discovery["issuer"]
    )
    return claims


def test_a_whole_sign_in_with_a_signed_identity(member: Browser) -> None:
    back = answer_of(authorize(member))
    assert back["state"] == "s t"

    tokens = exchange(member, back["code"]).json()
    claims = verified(member, tokens["id_token"])
    told = requests.get(
        f"{member.url}/idp/userinfo",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        timeout=5,
    ).json()

    assert claims["nonce"] == "n"
    assert told["sub"] == claims["sub"] != credentials.MEMBER
    assert told["email"] == credentials.MEMBER_EMAIL
    assert told["email_verified"] is True
    assert told["atlassian_account_id"] == credentials.MEMBER


def test_somebody_unknown_chooses_who_to_be_and_comes_back(browser: Browser) -> None:
    to_login = authorize(browser).headers["Location"]
    page = browser.get(to_login)
    assert "Simulated Jira: this is not Atlassian" in page.text

    wanted = parse_qs(urlsplit(to_login).query)["continue"][0]
    chosen = browser.post("/login", accountId=credentials.MEMBER, **{"continue": wanted})

    assert answer_of(browser.get(chosen.headers["Location"]))["code"]


def test_without_a_page_nobody_is_asked(browser: Browser) -> None:
    assert answer_of(authorize(browser, prompt="none")) == {
        "error": "login_required",
        "state": "s t",
    }


def test_another_person_can_be_chosen(member: Browser) -> None:
    assert "/login" in authorize(member, prompt="select_account").headers["Location"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"redirect_uri": "http://127.0.0.1:1/#x"},
        {"redirect_uri": None},
    ],
)
def test_strangers_get_no_way_back(member: Browser, changes: dict[str, str | None]) -> None:
    assert authorize(member, **changes).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "email"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_wrong_requests_are_refused(
    member: Browser, changes: dict[str, str | None], error: str
) -> None:
    assert answer_of(authorize(member, **changes))["error"] == error


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"redirect_uri": RETURN + "x"}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_good_only_for_its_client(
    member: Browser, changes: dict[str, str], error: str
) -> None:
    answer = exchange(member, answer_of(authorize(member))["code"], **changes)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] == error


def test_a_code_used_twice_ends_its_token(member: Browser) -> None:
    code = answer_of(authorize(member))["code"]
    token = exchange(member, code).json()["access_token"]

    assert exchange(member, code).json()["error"] == "invalid_grant"
    told = requests.get(
        f"{member.url}/idp/userinfo", headers={"Authorization": f"Bearer {token}"}, timeout=5
    )
    assert told.status_code == 401


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ("forged", jwt.InvalidSignatureError),
        ("wrong_issuer", jwt.InvalidIssuerError),
        ("wrong_audience", jwt.InvalidAudienceError),
        ("expired", jwt.ExpiredSignatureError),
    ],
)
def test_wrong_identities_can_be_ordered(
    simulator: SimulatorProcess, member: Browser, order: str, problem: type[Exception]
) -> None:
    simulator.order("options", identity=order)
    tokens = exchange(member, answer_of(authorize(member))["code"]).json()
    with pytest.raises(problem):
        verified(member, tokens["id_token"])
