"""The install page in a browser: it looks right, and notices the extension while it is open."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from ium.directory.models import User
from ium.lib import clock
from slots.models import LicencePool
from tests.browser.axe import violations
from tests.browser.conftest import Visit
from tests.browser.test_look import NARROW, WIDE, fits, photograph
from tests.factories import token_for

EXTENSION = "/extension/"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("browser", ["chrome", "firefox", "other"])
def test_it_fits_and_is_accessible(
    visit: Visit, person: User, settings: object, browser: str, scheme: Literal["light", "dark"]
) -> None:
    settings.IUM_EXTENSION_URL = "https://store.example/ium"  # type: ignore[attr-defined]
    page = visit.open(
        person, f"{EXTENSION}?browser={browser}", color_scheme=scheme, viewport=WIDE,
        reduced_motion="reduce",
    )  # fmt: skip
    expect(page.get_by_text("It does not show itself in this browser")).to_be_visible()
    photograph(page, f"extension-{browser}-{scheme}")
    assert violations(page) == []
    page.set_viewport_size(NARROW)
    photograph(page, f"extension-{browser}-{scheme}-narrow")
    assert fits(page)


def appears(page: Page) -> None:
    """Do what the extension does on IUM's pages."""
    page.evaluate("document.documentElement.dataset.iumExtension = '1.0.0'")


def test_it_notices_the_extension_and_its_sign_in_while_it_is_open(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    page = visit.open(person, EXTENSION)
    expect(page.get_by_text("Which one do you use?")).to_be_visible()
    expect(page.get_by_text("It does not show itself in this browser")).to_be_visible()
    expect(page.get_by_text("IUM has not heard of an extension of yours")).to_be_visible()

    appears(page)

    expect(page.locator("[data-check=found]").get_by_text("This browser has it.")).to_be_visible()
    token_for(person, extension_version="1.0.0", extension_seen_at=clock.now())
    works = page.locator("[data-check=signed-in]").get_by_text("signed in and works")
    expect(works).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("Your extension is signed in and works.")
    photograph(page, "extension-found")
    assert violations(page) == []


def test_it_works_without_a_script(visit: Visit, person: User, pool: LicencePool) -> None:
    page = visit.open(person, EXTENSION, java_script_enabled=False, viewport=NARROW)
    page.get_by_role("link", name="Edge").click()
    expect(page.get_by_text("These are the steps for: Edge")).to_be_visible()
    expect(page.get_by_role("link", name="Look again")).to_be_visible()
    photograph(page, "extension-no-script")

    page.get_by_role("button", name="Do not remind me").click()

    expect(page.get_by_text("The queue page does not remind you")).to_be_visible()
    page.goto("/queue/")
    expect(page.get_by_text("Install the IUM browser extension")).to_be_hidden()


def test_somebody_not_signed_in_is_led_to_sign_in_and_back(visit: Visit, pool: LicencePool) -> None:
    page = visit.open(None, f"{EXTENSION}?browser=firefox")
    link = page.get_by_role("link", name="Sign in", exact=True)
    assert link.get_attribute("href") == "/sign-in/?next=%2Fextension%2F%3Fbrowser%3Dfirefox"
