"""The look of the queue page in a real browser: the preview follows the typing, and is what people then see."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from ium.directory.models import User
from slots.models import LicencePool, QueueBranding
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Visit
from tests.pictures import png

WIDE = ViewportSize(width=1500, height=950)
ADD = "/admin/slots/queuebranding/add/"


@pytest.fixture
def boss(pool: LicencePool) -> User:
    """An administrator."""
    user: User = factories.UserFactory.create(
        account_id=None, username="boss", is_staff=True, is_superuser=True
    )
    return user


def preview(page: Page, language: str) -> str:
    """Return what the preview shows in one language."""
    return page.locator(f".preview[lang={language}]").inner_text()


def accent(page: Page) -> str:
    """Return the colour of the preview's first button."""
    button = page.locator(".preview .first").first
    return str(button.evaluate("button => getComputedStyle(button).backgroundColor"))


def test_the_preview_follows_the_typing_and_nothing_is_saved(visit: Visit, boss: User) -> None:
    page = visit.open(boss, ADD, viewport=WIDE)
    expect(page.locator(".preview")).to_have_count(2)
    assert accent(page) == "rgb(11, 95, 204)"

    page.locator("[name=message_de]").fill("**Eilig?** [Hilfe](https://acme.example)")
    page.locator("[name=title_en_gb]").fill("Acme Works")
    page.locator("[name=colour]").fill("#ffdd00")
    page.locator("[name=logo_file]").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": png()}
    )

    expect(page.locator(".preview[lang=de] strong")).to_have_text("Eilig?")
    expect(page.locator(".preview[lang=en] .brand")).to_contain_text("Acme Works")
    expect(page.locator(".preview .logo").first).to_be_visible()
    assert page.locator(".preview .logo").first.evaluate("logo => logo.naturalWidth") == 120
    expect(page.locator("[data-preview=notes]")).to_contain_text("could not be read well")
    assert accent(page) not in {"rgb(11, 95, 204)", "rgb(255, 221, 0)"}
    page.get_by_label("Show it dark").check()
    expect(page.locator(".preview").first).to_have_css("background-color", "rgb(16, 20, 26)")
    assert accent(page) == "rgb(255, 221, 0)"
    assert page.url.endswith(ADD)
    assert not QueueBranding.objects.exists()
    if folder := os.environ.get("IUM_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "branding-dark.png")
        page.get_by_label("Show it dark").uncheck()
        page.screenshot(path=Path(folder) / "branding.png")


def test_a_mistake_is_said_while_typing(visit: Visit, boss: User) -> None:
    page = visit.open(boss, ADD)
    page.locator("[name=help_url]").fill("javascript:alert(1)")

    expect(page.locator("[data-preview=notes]")).to_contain_text("Enter a whole address")

    page.locator("[name=help_url]").fill("https://acme.example")
    expect(page.locator("[data-preview=notes]")).not_to_contain_text("Enter a whole address")
    expect(page.locator(".preview[lang=en]")).to_contain_text("Get help")


def test_what_was_saved_is_what_people_see(
    visit: Visit, boss: User, person: User, pool: LicencePool
) -> None:
    page = visit.open(boss, ADD)
    page.locator("[name=title_en_gb]").fill("Acme Works")
    page.locator("[name=message_en_gb]").fill("Ask **Bob**")
    page.locator("[name=colour]").fill("#006600")
    page.locator("[name=logo_file]").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": png()}
    )
    page.locator("[name=_save]").first.click()
    page.wait_for_url("**/admin/slots/queuebranding/")

    seen = visit.open(person)

    expect(seen).to_have_title("Not connected \N{EN DASH} Acme Works")
    expect(seen.locator(".house strong")).to_have_text("Bob")
    assert seen.locator(".top .logo").evaluate("logo => logo.naturalWidth") == 120
    button = seen.get_by_role("button", name="Reconnect")
    expect(button).to_have_css("background-color", "rgb(0, 102, 0)")
    assert violations(seen) == []
