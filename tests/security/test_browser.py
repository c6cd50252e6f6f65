"""The content security policies in a real browser: every page works, and Chromium complains about nothing."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page
from pytest_django.live_server_helper import LiveServer

from slots.models import LicencePool
from tests.conftest import CHROMIUM
from tests.factories import PoolFactory
from tests.security.conftest import administrator
from tests.security.world import fill

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium"),
]
LISTS = [
    "directory/site/",
    "directory/user/",
    "directory/group/",
    "directory/device/",
    "slots/licencepool/",
    "slots/slot/",
    "slots/queueentry/",
    "slots/slotsession/",
    "slots/journalentry/",
    "slots/jobrun/",
    "slots/queuebranding/",
    "activity/lastactivity/",
    "django_celery_beat/periodictask/",
]
FORMS = [
    "directory/site/add/",
    "directory/user/add/",
    "slots/licencepool/add/",
    "slots/queuebranding/add/",
    "django_celery_beat/periodictask/add/",
]
OTHERS = [
    "/queue/",
    "/sign-in/",
    "/nowhere/",
    "/api/docs/",
    "/admin/login/",
    "/admin/password_change/",
]


@pytest.fixture
def complaints() -> list[str]:
    """What Chromium complained about."""
    return []


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, complaints: list[str]) -> Iterator[Page]:
    """A page in which the administrator is signed in, with a full database behind it."""
    pool: LicencePool = PoolFactory.create(key="jira", assigned_licences=1)
    fill(pool)
    client = Client()
    client.force_login(administrator())
    session = client.cookies["sessionid"].value
    context = chromium.new_context(base_url=live_server.url)
    page = context.new_page()

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    yield page
    context.close()


def about_policies(complaints: list[str]) -> list[str]:
    """Return the complaints about policies and scripts; a 404 on purpose is none."""
    return [each for each in complaints if "404" not in each]


def open_all(page: Page, paths: list[str]) -> None:
    """Open pages one after the other, until each has loaded everything."""
    for path in paths:
        page.goto(path, wait_until="networkidle")


def test_the_first_page_and_the_lists_work(page: Page, complaints: list[str]) -> None:
    open_all(page, ["/admin/", *(f"/admin/{path}" for path in LISTS)])
    assert about_policies(complaints) == []


def test_forms_and_single_pages_work(page: Page, complaints: list[str]) -> None:
    open_all(page, [f"/admin/{path}" for path in FORMS])
    for path in LISTS:
        page.goto(f"/admin/{path}")
        page.locator("#result_list tbody th a, #result_list tbody td a").first.click()
        page.wait_for_load_state("networkidle")
    assert about_policies(complaints) == []


def test_pages_outside_of_the_admin_work(page: Page, complaints: list[str]) -> None:
    open_all(page, OTHERS)
    assert about_policies(complaints) == []


def test_the_description_of_the_api_is_drawn(page: Page, complaints: list[str]) -> None:
    page.goto("/api/docs/")
    page.wait_for_selector(".opblock")
    assert page.locator(".opblock").count() == 9
    assert about_policies(complaints) == []


def test_alpine_works_and_inline_scripts_do_not(page: Page, complaints: list[str]) -> None:
    page.goto("/admin/slots/licencepool/", wait_until="networkidle")
    assert page.evaluate("typeof Alpine") == "object"
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.ran = true'>");
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in each for each in complaints)


def test_a_dialog_of_an_action_opens_and_acts(page: Page, complaints: list[str]) -> None:
    page.goto(
        f"/admin/slots/licencepool/{LicencePool.objects.get().pk}/change/", wait_until="networkidle"
    )
    page.get_by_text("Sweep now").first.click()
    page.wait_for_selector("form[hx-post], [role=dialog] form, dialog form")
    assert about_policies(complaints) == []
