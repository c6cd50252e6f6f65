"""The extension as a client, step by step; people with a browser, and the simulated sign-ins."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client

from ium.demo.sign_in import demo_providers
from ium.directory.models import User
from jira_sync.simulator import credentials
from slots.models import LicencePool
from tests import factories
from tests.sign_in.walk import Visitor
from tests.simulator.process import SimulatorProcess, running

CHROME = "https://abcdefghijklmnopabcdefghijklmnop.chromiumapp.org/cb"
FIREFOX = "https://0123456789abcdef0123456789abcdef01234567.extensions.allizom.org/cb"
LOOPBACK = "http://127.0.0.1/mozoauth2/0123456789abcdef0123456789abcdef01234567"
VERIFIER = "v" * 43
FIREFOX_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"


def challenge_of(verifier: str) -> str:
    """Return PKCE's S256 challenge."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def asked(**changes: Any) -> dict[str, Any]:
    """Return the query of the extension's sign-in; None takes a parameter away."""
    query = {
        "response_type": "code",
        "client_id": "ium-extension",
        "redirect_uri": CHROME,
        "state": "st/ate 1",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    } | changes
    return {name: value for name, value in query.items() if value is not None}


def query_of(location: str) -> dict[str, str]:
    """Return the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@dataclass
class Extension:
    """A browser with the extension; `browser` holds the cookies."""

    browser: Client = field(default_factory=Client)
    agent: str = FIREFOX_AGENT

    def authorize(self, **changes: Any) -> Any:
        """Open IUM's sign-in for the extension."""
        return self.browser.get("/oauth/authorize", asked(**changes))

    def code(self, **changes: Any) -> str:
        """Return a code."""
        answer = self.authorize(**changes)
        assert answer.status_code == 302, answer.content
        return query_of(answer["Location"])["code"]

    def post(self, path: str, **form: str) -> Any:
        """Send a form from the extension's worker: without cookies."""
        body = {"client_id": "ium-extension", **form}
        return Client(enforce_csrf_checks=True).post(
            path, _encoded(body), content_type=FORM, HTTP_USER_AGENT=self.agent
        )

    def exchange(self, code: str, **changes: str) -> Any:
        """Ask for tokens."""
        form = {"code": code, "redirect_uri": CHROME, "code_verifier": VERIFIER} | changes
        return self.post("/oauth/token", grant_type="authorization_code", **form)

    def renew(self, refresh_token: str) -> Any:
        """Ask for new tokens."""
        return self.post("/oauth/token", grant_type="refresh_token", refresh_token=refresh_token)

    def sign_in(self) -> dict[str, Any]:
        """Return the tokens of a whole sign-in."""
        answer = self.exchange(self.code())
        assert answer.status_code == 200, answer.content
        tokens: dict[str, Any] = answer.json()
        return tokens


FORM = "application/x-www-form-urlencoded"


def _encoded(form: dict[str, str]) -> str:
    return urlencode(form)


def opens(access_token: str) -> bool:
    """Whether the API takes the token."""
    answer = Client().get("/api/v1/slot", HTTP_AUTHORIZATION=f"Bearer {access_token}")
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


def refused(answer: Any, error: str = "invalid_grant") -> bool:
    """Whether the token endpoint refused, as RFC 6749 wants it."""
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    return (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.fixture
def pool(db: None) -> LicencePool:
    """A pool with one slot."""
    pool: LicencePool = factories.PoolFactory.create(key="jira", name="Jira", assigned_licences=1)
    return pool


@pytest.fixture
def ada(pool: LicencePool) -> User:
    """An IUM user."""
    return factories.member(pool, display_name="Ada Lovelace", email="ada@example.com")


@pytest.fixture
def extension(ada: User, settings: Any) -> Extension:
    """The extension in a browser in which Ada is signed in."""
    settings.IUM_EXTENSION_REDIRECTS = [CHROME, FIREFOX, LOOPBACK]
    made = Extension()
    made.browser.force_login(ada)
    return made


@pytest.fixture(scope="session")
def simulation() -> Iterator[SimulatorProcess]:
    """The simulated Jira with its two sign-ins."""
    with running("--delay", "0", "--ium-url", "http://127.0.0.1:8000") as process:
        yield process


@pytest.fixture
def simulated(simulation: SimulatorProcess, settings: Any) -> SimulatorProcess:
    """The untouched simulation, which IUM offers for sign-in as the demo does."""
    simulation.order("reset")
    settings.IUM_SIGN_IN = demo_providers(simulation.url)
    return simulation


@pytest.fixture
def member(pool: LicencePool) -> User:
    """An IUM user who is in the simulated Jira too."""
    return factories.member(
        pool,
        account_id=credentials.MEMBER,
        email=credentials.MEMBER_EMAIL.upper(),
        display_name="Jamal Haddad",
    )


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """Somebody whose browser knows nobody yet."""
    visitor = Visitor()
    yield visitor
    visitor.web.close()
