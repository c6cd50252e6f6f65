"""Sign-in with the Atlassian account of the simulation (OAuth 2.0, 3LO)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from jira_sync.simulator import credentials
from tests.simulator.browser import Browser

RETURN = "http://127.0.0.1:8000/sign-in/atlassian/callback/"
CLIENT = credentials.ATLASSIAN_CLIENT


def address(**changes: str) -> str:
    query = {
        "response_type": "code",
        "audience": "api.atlassian.com",
        "client_id": CLIENT.client_id,
        "redirect_uri": RETURN,
        "scope": "read:me",
        "state": "s",
        "prompt": "consent",
    } | changes
    return f"/authorize?{urlencode(query)}"


@pytest.fixture
def member(browser: Browser) -> Browser:
    """A browser in which a person is signed in."""
    browser.sign_in(credentials.MEMBER)
    return browser


def answer_of(answer: requests.Response) -> dict[str, str]:
    location = answer.headers["Location"]
    assert location.startswith(RETURN), location
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def token_form(code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "client_id": CLIENT.client_id,
        "client_secret": CLIENT.secret,
        "code": code,
        "redirect_uri": RETURN,
    }


@pytest.mark.parametrize("as_json", [True, False])
def test_the_account_is_told_after_consent(member: Browser, as_json: bool) -> None:
    page = member.get(address())
    assert "wants to know who you are" in page.text
    assert "Simulated Jira" in page.text
    code = answer_of(member.post(address(), decision="accept"))["code"]

    form, address_of_tokens = token_form(code), f"{member.url}/oauth/token"
    sent = {"json": form} if as_json else {"data": form}
    tokens = requests.request("POST", address_of_tokens, timeout=5, **sent).json()  # type: ignore[arg-type]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    told = requests.get(f"{member.url}/me", headers=headers, timeout=5).json()

    assert (told["account_id"], told["email"]) == (credentials.MEMBER, credentials.MEMBER_EMAIL)
    assert told["email_verified"] is True


def test_whoever_refuses_comes_back_without_a_code(member: Browser) -> None:
    back = answer_of(member.post(address(), decision="cancel"))
    assert back == {"error": "access_denied", "state": "s"}


def test_somebody_unknown_signs_in_first(browser: Browser) -> None:
    assert browser.get(address()).headers["Location"].startswith("/login?continue=")
    assert browser.post(address(), decision="accept").headers["Location"].startswith("/login?")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"audience": ""}, "invalid_request"),
        ({"scope": "write:jira-work"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
    ],
)
def test_wrong_requests_are_refused(member: Browser, changes: dict[str, str], error: str) -> None:
    assert answer_of(member.get(address(**changes)))["error"] == error


def test_the_secret_is_needed_and_the_code_holds_once(member: Browser) -> None:
    form = token_form(answer_of(member.post(address(), decision="accept"))["code"])

    assert member.post("/oauth/token", **{**form, "client_secret": ""}).status_code == 401
    assert member.post("/oauth/token", **form).status_code == 200
    assert member.post("/oauth/token", **form).json()["error"] == "invalid_grant"


def test_without_a_token_nobody_is_told(browser: Browser) -> None:
    assert browser.get("/me").status_code == 401


@pytest.mark.parametrize("body", ["[]", "{", "null"])
def test_a_body_that_is_no_object_is_refused(browser: Browser, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{browser.url}/oauth/token", body, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
