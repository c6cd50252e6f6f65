"""What holds for the page in every state: address, headers, texts of the pool, languages, cost."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from ium.directory.models import User
from ium.lib.errors import Busy
from slots.models import LicencePool, QueueEntry
from tests import factories
from tests.queue_page.conftest import Answer, browser_of, text_of, title_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(person: User) -> Client:
    """The person's browser."""
    return browser_of(person)


def config_of(page: Answer) -> dict[str, Any]:
    """Return what the page hands to its script."""
    found = re.search(
        r'<script id="queue-config" type="application/json">(.*?)</script>', page.content.decode()
    )
    assert found, "no configuration for the script"
    config: dict[str, Any] = json.loads(found.group(1))
    return config


def test_an_unknown_visitor_signs_in_and_comes_back(pool: LicencePool) -> None:
    answer = Client().get("/queue/", {"pool": "jira", "return_url": "https://a.example/x?y=1"})

    assert answer.status_code == 302
    assert answer["Location"] == (
        "/sign-in/?next=/queue/%3Fpool%3Djira%26return_url%3Dhttps%253A%252F%252Fa.example%252Fx%253Fy%253D1"
    )


def test_the_return_address_is_kept_on_the_server(
    browser: Client, person: User, pool: LicencePool
) -> None:
    wanted = f"{pool.site.url}/browse/KEY-1?focus=1"
    factories.holder(pool)
    address = f"/queue/?pool=jira&return_url={wanted}"

    answer = browser.post(address, {"action": "reconnect"})

    assert answer["Location"] == address
    assert factories.entry_of(person).return_url == wanted
    assert config_of(browser.get(address))["return_url"] == wanted


@pytest.mark.parametrize(
    "foreign",
    [
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "https://acme.atlassian.net@evil.example/",
        "/elsewhere",
    ],
)
def test_a_foreign_return_address_is_dropped_and_said_so(
    browser: Client, person: User, pool: LicencePool, foreign: str
) -> None:
    page = browser.get("/queue/", {"return_url": foreign})

    assert page.status_code == 200
    assert "The address to return to is not on" in text_of(page)
    assert config_of(page)["return_url"] is None
    assert f'href="{foreign}"' not in page.content.decode()

    browser.post(f"/queue/?return_url={foreign}", {"action": "reconnect"})

    assert factories.entry_of(person).return_url == ""


@pytest.mark.parametrize("key", ["confluence", "<b>x</b>"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_pool_is_a_friendly_404(
    browser: Client, pool: LicencePool, method: str, key: str
) -> None:
    page = getattr(browser, method)("/queue/", query_params={"pool": key})

    assert page.status_code == 404
    assert "This queue does not exist" in text_of(page)
    assert "<b>x</b>" not in page.content.decode()


def test_without_any_pool_the_page_says_what_to_do(db: None) -> None:
    admin = factories.UserFactory.create(is_staff=True, is_superuser=True)

    page = browser_of(admin).get("/queue/")

    assert page.status_code == 404
    assert "No pool is set up yet. Ask your administrator." in text_of(page)
    assert "Set up a pool" in text_of(page)


def test_only_known_actions(browser: Client, pool: LicencePool) -> None:
    page = browser.post("/queue/", {"action": "grant"})

    assert page.status_code == 400
    assert "This request makes no sense" in text_of(page)


def test_a_busy_pool_is_a_message_not_an_error(
    browser: Client, pool: LicencePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(**_: object) -> None:
        raise Busy("IUM is busy. Try again in a moment.")

    monkeypatch.setattr("slots.services.slot_request", busy)

    page = browser.post("/queue/", {"action": "reconnect"}, follow=True)

    assert page.status_code == 200
    assert "IUM is busy." in text_of(page)
    assert not QueueEntry.objects.exists()


def test_the_browser_may_do_only_what_the_page_needs(browser: Client, pool: LicencePool) -> None:
    page = browser.get("/queue/")

    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "no-store" in page["Cache-Control"]
    html = page.content.decode()
    assert not re.search(r"<script(?![^>]*(?:src=|application/json))", html), "inline script"
    assert not re.search(r"<style|\sstyle=|\son\w+=", html), "inline style or handler"


def test_the_page_never_reloads_by_itself(browser: Client, pool: LicencePool) -> None:
    page = browser.get("/queue/")

    assert "Refresh" not in page.headers
    assert "http-equiv" not in page.content.decode().lower()


def test_live_regions_are_there_before_their_text(browser: Client, pool: LicencePool) -> None:
    html = browser.get("/queue/").content.decode()

    assert len(re.findall(r'role="status"[^>]*></p>', html)) == 1
    assert len(re.findall(r'role="alert"[^>]*></p>', html)) == 1
    assert len(re.findall(r'role="timer"', html)) == 1


@pytest.mark.parametrize("check", [True, False])
def test_the_extension_is_recommended_only_where_wanted(
    browser: Client, pool: LicencePool, check: bool
) -> None:
    LicencePool.objects.update(extension_check=check)

    assert ("Install the IUM browser extension" in text_of(browser.get("/queue/"))) is check


def test_the_extension_notice_links_to_the_install_page(browser: Client, pool: LicencePool) -> None:
    assert 'href="/extension/"' in browser.get("/queue/").content.decode()


def test_the_language_can_be_chosen(browser: Client, pool: LicencePool) -> None:
    english = browser.get("/queue/?pool=jira")
    assert '<html lang="en-gb">' in english.content.decode()

    german = browser.post(
        "/language/", {"language": "de", "next": "/queue/?pool=jira"}, follow=True
    )

    assert german.redirect_chain[0][0] == "/queue/?pool=jira"
    assert '<html lang="de">' in german.content.decode()
    assert title_of(german) == "Nicht verbunden"


def test_signing_out_ends_at_the_sign_in_page(browser: Client, pool: LicencePool) -> None:
    answer = browser.post("/sign-out/")

    assert answer["Location"] == "/sign-in/"
    assert browser.get("/queue/").status_code == 302


def test_forms_are_protected_against_forgery(person: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)

    page = strict.post("/queue/", {"action": "reconnect"})

    assert page.status_code == 403
    assert "The page was out of date" in text_of(page)


def test_what_the_page_costs(
    browser: Client, pool: LicencePool, django_assert_num_queries: Any
) -> None:
    """However many people wait, looking at one's place is the same handful of questions."""
    factories.holder(pool)
    for _ in range(5):
        factories.waiting(pool)
    browser.post("/queue/", {"action": "reconnect"})

    with django_assert_num_queries(11):
        browser.get("/queue/")
