"""What goes wrong: lost connections and sessions, addresses that lead elsewhere."""

import json

import pytest
from playwright.sync_api import Route, expect

from ium.directory.models import User
from slots.models import LicencePool
from tests import factories
from tests.browser.conftest import Visit
from tests.browser.steps import heading

API = "**/api/v1/slot*"


@pytest.mark.parametrize("fault", ["network", "503"])
def test_a_lost_connection_is_said_and_mended(
    visit: Visit, person: User, pool: LicencePool, holder: User, fault: str
) -> None:
    page = visit.open(person)
    page.get_by_role("button", name="Reconnect").click()
    heading(page, "You are in the queue")
    place = factories.entry_of(person)

    def fail(route: Route) -> None:
        if fault == "network":
            route.abort()
        else:
            route.fulfill(status=503, body="<h1>Bad gateway</h1>")

    page.route(API, fail)
    notice = page.get_by_text("Connection lost, trying again. You keep your place.")
    expect(notice.first).to_be_visible()
    expect(page.get_by_text("Trying again in")).to_be_visible()
    page.unroute(API)

    expect(page.locator("[data-part=problem]")).to_be_hidden()
    heading(page, "You are in the queue")
    assert factories.entry_of(person).seq == place.seq


def test_a_lost_session_leads_to_the_sign_in_page_and_back(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    page = visit.open(person, "/queue/?pool=jira")
    page.context.clear_cookies()

    page.get_by_role("button", name="Reconnect").click()
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_role("button", name="Ada Lovelace").click()

    page.wait_for_url("**/queue/?pool=jira")
    heading(page, "You are not connected")


def test_only_web_addresses_are_followed(visit: Visit, person: User, pool: LicencePool) -> None:
    page = visit.open(person)

    def mischief(route: Route) -> None:
        document = route.fetch().json()
        document |= {"state": "active", "redirect_url": "javascript:document.title='caught'"}
        route.fulfill(body=json.dumps(document), content_type="application/json")

    page.route(API, mischief)
    page.get_by_role("button", name="Reconnect").click()

    heading(page, "You are connected")
    expect(page.get_by_role("link", name="Open Jira")).to_have_attribute(
        "href", f"{pool.site.url}/"
    )


def test_a_foreign_return_address_is_said_and_the_page_goes_on(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    page = visit.open(person, "/queue/?return_url=https://evil.example/")
    expect(page.get_by_text("The address to return to is not on")).to_be_visible()

    page.get_by_role("button", name="Reconnect").click()

    heading(page, "You are in the queue")
    expect(page.get_by_text("The address to return to is not on")).to_be_visible()
