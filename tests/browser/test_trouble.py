"""What goes wrong: lost connections and sessions, addresses that lead elsewhere."""

import json
import random

import pytest
from playwright.sync_api import Browser, Route, expect

from ium.directory.models import User
from ium.lib.hosts import is_on_site
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
    person.set_password("correct horse")
    person.save()
    page = visit.open(person, "/queue/?pool=jira")
    page.context.clear_cookies()

    page.get_by_role("button", name="Reconnect").click()
    page.get_by_role("link", name="Sign in again").click()
    page.get_by_text("Sign in with a local account").click()
    page.get_by_label("login name").fill(person.username)
    page.get_by_label("Password").fill("correct horse")
    page.locator("main form button[type=submit]").click()

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


PIECES = (
    *(
        "https://acme.example",
        "https:",
        "http:",
        "//",
        "/",
        "\\",
        "acme.example",
        "evil.example",
        "@",
        ":",
        ":443",
    ),
    *(
        "?",
        "#",
        "%2f",
        "%5c",
        "%00",
        "\t",
        "\n",
        " ",
        "\u3002",
        "\uff0f",
        "\u00ad",
        ".",
        "..",
        "x",
        "[",
        "]",
        "&",
    ),
    *(
        "javascript:",
        "data:",
        ";",
        "ACME.example",
        "acme.example.",
        "\x00",
        "\u2028",
        "xn--",
        "0",
        "*",
    ),
)


def test_what_is_taken_for_an_address_of_the_site_is_one_to_a_browser(chromium: Browser) -> None:
    """Browsers read addresses in their own way: only their opinion counts for where people end up."""
    dice = random.Random(20261124)  # noqa: S311 - no secret
    made = ["".join(dice.choice(PIECES) for _ in range(dice.randint(0, 6))) for _ in range(20_000)]
    addresses = [start + end for end in made for start in ("", "https://acme.example")]
    taken = [each for each in addresses if is_on_site(each, "https://acme.example")]
    page = chromium.new_page()

    origins = page.evaluate(
        "all => all.map(each => { try { return new URL(each, 'https://ium.example/queue/').origin }"
        " catch { return 'none' } })",
        taken,
    )
    page.close()

    assert len(taken) > 1_000
    assert {
        (o, t) for o, t in zip(origins, taken, strict=True) if o != "https://acme.example"
    } == set()
