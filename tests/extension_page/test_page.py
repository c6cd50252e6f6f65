"""The install page without a browser: what it says to whom, and what it remembers."""

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from ium.directory.models import Device, User
from slots.models import LicencePool
from slots.queue_page.strict import POLICY
from tests.conftest import Now
from tests.extension_page.test_browsers import FIREFOX, WINDOWS
from tests.factories import AT, PoolFactory, member, minutes, token_for

pytestmark = pytest.mark.django_db
NOTICE = "Install the IUM browser extension."


@pytest.fixture
def pool(intake: None, utc_now: Now) -> LicencePool:
    """A pool; time stands still."""
    made: LicencePool = PoolFactory.create(key="jira")
    return made


@pytest.fixture
def ada(pool: LicencePool) -> User:
    """An IUM user."""
    return member(pool, display_name="Ada")


@pytest.fixture
def browser(ada: User) -> Client:
    """Ada's browser."""
    client = Client(headers={"user-agent": FIREFOX})
    client.force_login(ada)
    return client


def text(client: Client, address: str = "/extension/", **headers: str) -> str:
    """Return the page."""
    answer: Any = client.get(address, headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == POLICY
    return " ".join(answer.content.decode().split())


def extension_of(user: User, minutes_ago: float = 0) -> None:
    """Let the person's extension have been heard of."""
    seen = AT - minutes(minutes_ago)
    token_for(user, extension_version="1.0.0", extension_browser="chrome", extension_seen_at=seen)


def test_the_browser_is_recognised_and_can_be_corrected(pool: LicencePool, settings: Any) -> None:
    settings.IUM_EXTENSION_URLS = {"firefox": "https://addons.example/ium"}
    settings.IUM_EXTENSION_URL = "https://store.example/ium"
    guessed = text(Client(), **{"user-agent": FIREFOX})
    assert "You seem to use <strong>Firefox</strong>" in guessed
    assert 'href="https://addons.example/ium"' in guessed
    corrected = text(Client(), "/extension/?browser=edge", **{"user-agent": FIREFOX})
    assert "These are the steps for: <strong>Edge</strong>" in corrected
    assert 'href="https://store.example/ium"' in corrected
    assert "You seem to use" in text(
        Client(), "/extension/?browser=lynx", **{"user-agent": WINDOWS}
    )


def test_without_a_link_the_page_says_whom_to_ask(pool: LicencePool, settings: Any) -> None:
    settings.IUM_EXTENSION_URL, settings.IUM_EXTENSION_URLS = "", {}
    page = text(Client())
    assert "Your administrator has not entered a link yet" in page
    assert "Get the extension" not in page


def test_it_says_what_it_sees_and_warns_of_jiras_warning(pool: LicencePool, settings: Any) -> None:
    page = text(Client())
    assert "What it sees, and why" in page
    assert "It cannot see any other page." in page
    assert f"begins with {settings.IUM_URL}, then press “Continue”" in page


def state(client: Client) -> dict[str, Any]:
    """Return what the open page is told."""
    answer = client.get("/extension/state")
    assert answer["Cache-Control"].startswith("max-age=0")
    found: dict[str, Any] = answer.json()
    return found


def test_the_open_page_learns_when_the_extension_was_heard_of(
    browser: Client, ada: User, pool: LicencePool
) -> None:
    assert state(Client()) == {"person": False, "signed_in": False}
    extension_of(member(pool))
    assert state(browser) == {"person": True, "signed_in": False}
    extension_of(ada)
    assert state(browser) == {"person": True, "signed_in": True}
    Device.objects.filter(user=ada).update(signed_out_at=AT)
    assert state(browser)["signed_in"] is False


def test_an_extension_not_heard_of_for_a_week_does_not_count(browser: Client, ada: User) -> None:
    extension_of(ada, minutes_ago=8 * 24 * 60)
    assert state(browser)["signed_in"] is False


def test_asking_has_a_limit(
    browser: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slots.api.throttles.time.time", lambda: 1_800_000_000.0)
    caches["counters"].clear()
    settings.IUM_THROTTLES = {**settings.IUM_THROTTLES, "person": 2}
    answers = [browser.get("/extension/state").status_code for _ in range(5)]
    caches["counters"].clear()
    assert answers == [200, 200, 429, 429, 429]


def test_the_notice_is_shown_until_it_is_told_to_stop_on_every_device_of_the_account(
    browser: Client, ada: User
) -> None:
    assert NOTICE in text(browser, "/queue/")
    assert 'href="/extension/"' in text(browser, "/queue/")
    form = {"action": "hide", "next": "/queue/?pool=jira"}
    answer: Any = browser.post("/extension/notice", form)
    assert (answer.status_code, answer["Location"]) == (302, "/queue/?pool=jira")
    other = Client()
    other.force_login(ada)
    assert NOTICE not in text(other, "/queue/")
    browser.post("/extension/notice", {"action": "show"})
    assert NOTICE in text(other, "/queue/")


def test_who_has_the_extension_is_not_asked_to_install_it(browser: Client, ada: User) -> None:
    extension_of(ada)
    assert NOTICE not in text(browser, "/queue/")


def test_a_pool_can_do_without_the_notice(browser: Client, pool: LicencePool) -> None:
    LicencePool.objects.update(extension_check=False)
    assert NOTICE not in text(browser, "/queue/")


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_the_way_back_leads_to_ium_only(browser: Client, back: str) -> None:
    answer: Any = browser.post("/extension/notice", {"action": "hide", "next": back})
    assert answer["Location"] == "/extension/"


@pytest.mark.parametrize("action", ["", "toggle"])
def test_another_action_is_refused(browser: Client, ada: User, action: str) -> None:
    assert browser.post("/extension/notice", {"action": action}).status_code == 400
    ada.refresh_from_db()
    assert not ada.hides_extension_notice


def test_nobody_decides_without_sign_in_or_from_another_site(ada: User) -> None:
    assert Client().post("/extension/notice", {"action": "hide"}).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    assert strict.post("/extension/notice", {"action": "hide"}).status_code == 403
    ada.refresh_from_db()
    assert not ada.hides_extension_notice
