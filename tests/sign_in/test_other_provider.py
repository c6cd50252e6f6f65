"""Signing in at an OpenID provider that somebody else wrote (`oidc-provider-mock`): no circle."""

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from ium.directory.models import User
from ium.sign_in.configuration import Provider
from slots.models import LicencePool
from tests import factories
from tests.queue_page.conftest import text_of
from tests.sign_in.walk import Visitor
from tests.system.running import free_port

pytestmark = pytest.mark.django_db
START = "/sign-in/with/other/"


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """The running provider."""
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    try:
        _wait(address)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(address: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{address}/jwks", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the provider does not start")


@pytest.fixture(autouse=True)
def offered(issuer: str, settings: Any) -> None:
    """IUM offers it."""
    settings.IUM_SIGN_IN = (
        Provider(
            key="other",
            name="Other",
            client_id="ium",
            secret="s",
            issuer=issuer,
            by_email=True,
            account_id_claim="jira_account",
        ),
    )


@pytest.fixture
def ada(pool: LicencePool) -> User:
    """An IUM user."""
    return factories.member(pool, display_name="Ada", email="ada@example.com")


def claims(issuer: str, **told: Any) -> None:
    """Set what the provider says of its person."""
    requests.put(f"{issuer}/users/person", json=told, timeout=5).raise_for_status()


def sign_in(visitor: Visitor) -> Any:
    """Go the whole way, through the provider's own form."""
    page = visitor.open(START)
    assert page.status_code == 200, page.text
    return visitor.submit(sub="person")


def way_back(visitor: Visitor) -> str:
    """Return the address that leads back to IUM, without opening it."""
    visitor.open(START)
    return str(visitor.send(sub="person").headers["Location"])


def test_a_person_signs_in_by_a_confirmed_address(visitor: Visitor, ada: User, issuer: str) -> None:
    claims(issuer, email="Ada@Example.com", email_verified=True)

    page = sign_in(visitor)

    assert page.status_code == 200
    assert visitor.user_id == str(ada.pk)


def test_a_person_signs_in_by_the_account_id_of_a_claim(
    visitor: Visitor, ada: User, issuer: str
) -> None:
    claims(issuer, email="else@example.com", jira_account=ada.account_id)

    sign_in(visitor)

    assert visitor.user_id == str(ada.pk)


@pytest.mark.parametrize("verified", [False, None, "", "no", 0, [True], {"value": True}])
def test_an_address_that_is_not_confirmed_lets_nobody_in(
    visitor: Visitor, ada: User, issuer: str, verified: Any
) -> None:
    claims(issuer, email="ada@example.com", email_verified=verified)

    page = sign_in(visitor)

    assert page.status_code == 403
    assert "is not confirmed" in text_of(page)
    assert visitor.user_id is None


def test_without_an_address_nobody_is_let_in(visitor: Visitor, ada: User, issuer: str) -> None:
    claims(issuer, email_verified=True)
    assert sign_in(visitor).status_code == 403


@pytest.mark.parametrize("email", [["ada@example.com"], {"a": 1}, 7, "ada@example.com\x00"])
def test_an_address_of_another_kind_lets_nobody_in(
    visitor: Visitor, ada: User, issuer: str, email: Any
) -> None:
    claims(issuer, email=email, email_verified=True)

    assert sign_in(visitor).status_code in {403, 502}
    assert visitor.user_id is None


def test_somebody_unknown_and_somebody_switched_off(
    visitor: Visitor, ada: User, issuer: str
) -> None:
    claims(issuer, email="bob@example.com", email_verified=True)
    assert "IUM does not know you" in text_of(sign_in(visitor))

    claims(issuer, email="ada@example.com", email_verified=True)
    User.objects.update(is_active=False)
    assert "Your account may not sign in" in text_of(sign_in(visitor))
    assert visitor.user_id is None


def test_changed_foreign_and_repeated_ways_back_are_refused(
    visitor: Visitor, ada: User, issuer: str
) -> None:
    claims(issuer, email="ada@example.com", email_verified=True)
    back, stranger = way_back(visitor), Visitor()

    assert stranger.get(back).status_code == 401
    assert visitor.get(back + "x").status_code == 401
    assert visitor.get(back).status_code == 302
    visitor.ium.logout()
    assert visitor.get(back).status_code == 401
    assert (visitor.user_id, stranger.user_id) == (None, None)


def test_a_code_that_was_used_lets_nobody_in(visitor: Visitor, ada: User, issuer: str) -> None:
    claims(issuer, email="ada@example.com", email_verified=True)
    back = way_back(visitor)
    visitor.get(back)
    code, thief = parse_qs(urlsplit(back).query)["code"][0], Visitor()
    state = parse_qs(urlsplit(way_back(thief)).query)["state"][0]

    answer = thief.get(f"{START}back/?{urlencode({'code': code, 'state': state})}")

    assert answer.status_code == 502
    assert thief.user_id is None
    thief.web.close()


def test_a_provider_with_another_name_is_not_trusted(
    visitor: Visitor, ada: User, issuer: str, settings: Any
) -> None:
    """127.0.0.1 reaches it, but what it signs with is what it was called by: discovery has to say the same."""
    from dataclasses import replace

    settings.IUM_SIGN_IN = (replace(settings.IUM_SIGN_IN[0], issuer=f"{issuer}/."),)

    assert visitor.get(START).status_code == 502


def test_a_provider_that_is_away_is_told_so(visitor: Visitor, settings: Any) -> None:
    from dataclasses import replace

    gone = f"http://127.0.0.1:{free_port()}"
    settings.IUM_SIGN_IN = (replace(settings.IUM_SIGN_IN[0], issuer=gone),)

    page = visitor.get(START)

    assert page.status_code == 502
    assert "It does not answer" in text_of(page)
