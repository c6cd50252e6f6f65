"""How the pages look: narrow, light, dark, and for people who do not see them.

With IUM_SCREENSHOTS=DIR every page is also photographed.
"""

import os
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, Route, ViewportSize, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from ium.directory.models import User
from slots.models import LicencePool
from tests.browser.axe import violations
from tests.browser.conftest import Visit
from tests.browser.stage import STATES
from tests.queue_page.test_waits import CASES

NARROW = ViewportSize(width=320, height=640)
WIDE = ViewportSize(width=1100, height=800)
PAGES = ["/sign-in/", "/queue/?pool=none", "/nowhere"]


def photograph(page: Page, name: str) -> None:
    """Keep a picture where wanted."""
    if folder := os.environ.get("IUM_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def fits(page: Page) -> bool:
    """Whether nothing sticks out sideways, once pictures and charts have taken up a new width."""
    try:
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth", timeout=5_000)
    except PlaywrightTimeout:
        return False
    return True


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_fits_and_is_accessible(
    visit: Visit,
    person: User,
    pool: LicencePool,
    state: str,
    scheme: Literal["light", "dark"],
) -> None:
    STATES[state](person, pool)
    page = visit.open(person, color_scheme=scheme, viewport=WIDE, reduced_motion="reduce")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    photograph(page, f"{state}-{scheme}")
    assert violations(page) == []

    page.set_viewport_size(NARROW)

    photograph(page, f"{state}-{scheme}-narrow")
    assert fits(page)


@pytest.mark.parametrize("state", STATES)
def test_german_fits_too(visit: Visit, person: User, pool: LicencePool, state: str) -> None:
    STATES[state](person, pool)
    page = visit.open(person, viewport=NARROW, locale="de-DE", reduced_motion="reduce")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    photograph(page, f"{state}-german-narrow")

    assert fits(page)


def test_without_a_script_the_page_fits_too(visit: Visit, person: User, pool: LicencePool) -> None:
    STATES["warned"](person, pool)
    page = visit.open(person, viewport=NARROW, java_script_enabled=False)
    photograph(page, "warned-no-script-narrow")

    assert "You lose your slot at" in page.locator("main").inner_text()
    assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_other_pages_fit_and_are_accessible(
    visit: Visit,
    person: User,
    address: str,
    scheme: Literal["light", "dark"],
) -> None:
    page = visit.open(person, address, color_scheme=scheme, viewport=WIDE)
    name = "page" + address.replace("/", "-").replace("?", "-")
    photograph(page, f"{name}{scheme}")
    assert violations(page) == []

    page.set_viewport_size(NARROW)

    photograph(page, f"{name}{scheme}-narrow")
    assert fits(page)


def test_dark_is_dark(visit: Visit, person: User) -> None:
    def ground(scheme: Literal["light", "dark"]) -> str:
        page = visit.open(person, color_scheme=scheme)
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert ground("light") == "rgb(244, 246, 249)"
    assert ground("dark") == "rgb(16, 20, 26)"


def test_nothing_moves_for_people_who_asked_for_that(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    STATES["granting"](person, pool)
    page = visit.open(person, reduced_motion="reduce")

    moving = page.evaluate("document.getAnimations().length")

    assert moving == 0


def test_updates_do_not_move_the_focus(visit: Visit, person: User, pool: LicencePool) -> None:
    STATES["queued"](person, pool)
    LicencePool.objects.update(queue_timer_seconds=3)
    page = visit.open(person)
    page.get_by_role("button", name="Reconnect").focus()

    with page.expect_response("**/api/v1/slot*"):
        pass

    expect(page.get_by_role("button", name="Reconnect")).to_be_focused()


@pytest.mark.parametrize(("eta", "words"), CASES)
def test_script_and_server_say_a_wait_the_same_way(
    visit: Visit, person: User, pool: LicencePool, eta: tuple[int, int] | None, words: str
) -> None:
    STATES["queued"](person, pool)
    context = visit.context(person)
    page = visit.tab(context)

    def with_estimate(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "eta_seconds": eta})

    page.route("**/api/v1/slot*", with_estimate)
    with page.expect_response("**/api/v1/slot*"):
        page.goto("/queue/")

    expect(page.locator("[data-part=wait]")).to_have_text(words)
