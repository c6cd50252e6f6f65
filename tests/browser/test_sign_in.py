"""Signing in as people see it: a real browser goes through the simulated providers and back."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from ium.demo.sign_in import demo_providers
from ium.directory.models import Device, User
from jira_sync.simulator import credentials
from slots.models import LicencePool
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Visit
from tests.browser.test_look import NARROW, WIDE, fits, photograph
from tests.sign_in.conftest import VERIFIER, challenge_of
from tests.simulator.process import SimulatorProcess, running

COMPANY = "Sign in with Acme (simulated)"


@pytest.fixture(scope="module")
def simulation() -> Iterator[SimulatorProcess]:
    """The simulated Jira with its two sign-ins."""
    with running("--delay", "0") as process:
        yield process


@pytest.fixture
def member(pool: LicencePool, simulation: SimulatorProcess, visit: Visit, settings: Any) -> User:
    """An IUM user of the simulation, to which IUM offers the way."""
    settings.IUM_SIGN_IN = demo_providers(simulation.url)
    settings.IUM_URL = visit.server.url
    return factories.member(
        pool, account_id=credentials.MEMBER, email=credentials.MEMBER_EMAIL, display_name="Jamal"
    )


def choose(page: Page, name: str = "Jamal Haddad") -> None:
    """Choose a person on the simulation's page."""
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name=name, exact=True).click()


def looks_well(page: Page, name: str) -> None:
    """Photograph the page wide and narrow, and check it."""
    page.set_viewport_size(WIDE)
    photograph(page, name)
    assert violations(page) == []
    page.set_viewport_size(NARROW)
    photograph(page, f"{name}-narrow")
    assert fits(page)
    page.set_viewport_size(WIDE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_comes_back_to_the_page_they_wanted(
    visit: Visit, member: User, scheme: Literal["light", "dark"]
) -> None:
    page = visit.open(None, "/queue/?pool=jira", color_scheme=scheme)
    looks_well(page, f"sign-in-{scheme}")

    page.get_by_role("link", name=COMPANY).click()
    expect(page.get_by_text("Simulated Jira: this is not Atlassian")).to_be_visible()
    choose(page)

    page.wait_for_url("**/queue/?pool=jira")
    expect(page.locator(".who")).to_contain_text("Jamal")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_who_is_not_in_ium_reads_what_to_do(
    visit: Visit, member: User, scheme: Literal["light", "dark"]
) -> None:
    page = visit.open(None, "/sign-in/", color_scheme=scheme)
    page.get_by_role("link", name="Sign in with Atlassian (simulated)").click()
    choose(page, "Ada Lindqvist")
    page.get_by_role("button", name="Accept").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("IUM does not know you")
    looks_well(page, f"not-let-in-{scheme}")
    page.get_by_role("link", name="Sign in with another account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_provider_that_is_away_is_told_so(visit: Visit, member: User, settings: Any) -> None:
    company = replace(settings.IUM_SIGN_IN[0], issuer="http://127.0.0.1:9/idp")
    settings.IUM_SIGN_IN = (company,)
    page = visit.open(None, "/sign-in/")

    page.get_by_role("link", name=COMPANY).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("The sign-in service has a problem")
    looks_well(page, "sign-in-trouble")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_device_is_signed_out_on_its_page(
    visit: Visit, member: User, scheme: Literal["light", "dark"]
) -> None:
    for label in ("Firefox, Windows", "Chrome, macOS"):
        factories.DeviceFactory.create(user=member, label=label, extension_version="1.0.0")
    page = visit.open(member, "/queue/", color_scheme=scheme)
    page.get_by_role("link", name="My devices").click()
    looks_well(page, f"devices-{scheme}")

    page.get_by_role("button", name="Sign out Firefox, Windows").click()

    expect(page.get_by_text("Firefox, Windows was signed out.")).to_be_visible()
    expect(page.get_by_role("heading", level=2)).to_have_text("Chrome, macOS")
    looks_well(page, f"devices-after-{scheme}")
    assert Device.objects.filter(signed_out_at=None).get().label == "Chrome, macOS"


def test_a_local_account_leads_to_the_extension_too(
    visit: Visit, member: User, jira_url: str, settings: Any
) -> None:
    """Chromium would stop the form's way at the page's policy if that did not name the extension's address."""
    settings.IUM_EXTENSION_REDIRECTS = [f"{jira_url}/cb"]
    User.objects.create_user("local", "correct horse")
    query = (
        f"response_type=code&client_id=ium-extension&redirect_uri={jira_url}/cb&state=s"
        f"&code_challenge={challenge_of(VERIFIER)}&code_challenge_method=S256"
    )
    page = visit.open(None, f"/oauth/authorize?{query}")

    page.get_by_text("Sign in with a local account").click()
    page.get_by_label("login name").fill("local")
    page.get_by_label("Password").fill("correct horse")
    page.locator("main form button[type=submit]").click()

    page.wait_for_url(f"{jira_url}/cb?**")
    assert "code=" in page.url


def test_an_extension_that_is_not_known_gets_a_page(visit: Visit, member: User) -> None:
    page = visit.open(
        member, "/oauth/authorize?client_id=ium-extension&redirect_uri=https://evil.example/"
    )

    expect(page.get_by_role("heading", level=1)).to_contain_text("not known here")
    looks_well(page, "extension-refused")
