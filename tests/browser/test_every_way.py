"""Every state in every way people use the page: zoomed, by keyboard, without a script, in high contrast."""

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from ium.directory.models import User
from slots.models import LicencePool
from tests.browser.axe import violations
from tests.browser.conftest import Visit, settle
from tests.browser.stage import STATES
from tests.browser.steps import free_the_slot, heading
from tests.browser.test_look import fits, photograph

# 1280 pixels at 400 %: what a zoomed browser lays out for, and nothing else differs (WCAG 2.2, 1.4.10).
ZOOMED = ViewportSize(width=320, height=256)
# What there is to do in a state, in the order of the page; without a script "look again" or "check" is added.
ACTIONS = {
    "none": ["Reconnect"],
    "queued": ["Reconnect", "Leave the queue"],
    "granting": ["Hand my slot back"],
    "slow": ["Go there now", "Hand my slot back"],
    "doubtful": ["Go there now", "Hand my slot back"],
    "active": ["Open Jira", "Hand my slot back"],
    "warned": ["Keep my slot", "Open Jira", "Hand my slot back"],
    "revoking": ["Reconnect"],
    "swept": ["Reconnect"],
    "locked": [],
    "not-managed": ["Open Jira"],
    "off": [],
    "jira-down": ["Reconnect", "Leave the queue"],
}


def focused(page: Page) -> str:
    """Return what the focused element is called."""
    return str(
        page.evaluate(
            "(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim()"
        )
    )


def walked(page: Page) -> list[str]:
    """Press Tab through the page; return what was focused, once around."""
    found: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert page.evaluate("document.activeElement.getBoundingClientRect().width > 0")
        found.append(focused(page))
    return found


@pytest.mark.parametrize("state", ACTIONS)
def test_by_keyboard_everything_is_reached_in_the_order_of_the_page(
    visit: Visit, person: User, pool: LicencePool, state: str
) -> None:
    STATES[state](person, pool)
    page = visit.open(person)
    heading(page, page.get_by_role("heading", level=1).inner_text())

    names = walked(page)

    assert names[0] == "Skip to the content"
    buttons = [name for name in names if name in {each for row in ACTIONS.values() for each in row}]
    assert buttons == ACTIONS[state]
    assert "Install the extension" in names


@pytest.mark.parametrize("state", ACTIONS)
def test_without_a_script_every_state_says_what_is_and_offers_the_same(
    visit: Visit, person: User, pool: LicencePool, state: str
) -> None:
    STATES[state](person, pool)
    page = visit.open(person, java_script_enabled=False)

    main = page.locator("main").inner_text()
    answer = page.reload()

    assert answer is not None
    assert "refresh" not in answer.headers
    assert "no-store" in answer.headers["cache-control"]
    assert "http-equiv" not in page.content()
    assert page.get_by_role("heading", level=1).inner_text()
    assert "What happens next" in main
    for name in ACTIONS[state]:
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    again = page.get_by_text(re.compile("^(Check my place|Look again)$"))
    expect(again).to_have_count(1)
    again.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("state", ["queued-estimate", "slow", "warned", "locked", "branded"])
def test_at_400_percent_nothing_sticks_out_and_everything_is_reached(
    visit: Visit, person: User, pool: LicencePool, state: str
) -> None:
    STATES[state](person, pool)
    page = visit.open(person, viewport=ZOOMED, device_scale_factor=4)
    photograph(page, f"{state}-zoomed")

    assert fits(page)
    for control in page.locator("main button:visible, main a:visible, main input:visible").all():
        control.scroll_into_view_if_needed()
        expect(control).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("state", ["queued-estimate", "active", "warned"])
def test_in_forced_colours_all_is_there(
    visit: Visit, person: User, pool: LicencePool, state: str
) -> None:
    STATES[state](person, pool)
    page = visit.open(person, forced_colors="active")
    photograph(page, f"{state}-forced")

    assert violations(page) == []
    for name in ACTIONS.get(state, []):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()


def test_a_whole_visit_by_keyboard(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    """Ask, wait, tick a box, arrive: without a mouse, and the focus stays where it was."""
    page = visit.open(person)
    page.get_by_role("button", name="Reconnect").focus()
    page.keyboard.press("Enter")
    heading(page, "You are in the queue")
    assert focused(page) == "Reconnect"

    page.get_by_label("take me there automatically").focus()
    page.keyboard.press("Space")
    free_the_slot(holder, pool)
    heading(page, "You are connected")

    expect(page.get_by_label("take me there automatically")).not_to_be_checked()
    page.get_by_role("link", name="Open Jira").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{pool.site.url}/")


def test_a_hidden_tab_goes_on_asking_and_arrives(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    page = visit.open(person)
    page.get_by_role("button", name="Reconnect").click()
    heading(page, "You are in the queue")
    other = visit.tab(page.context)
    other.goto("/sign-in/")
    other.bring_to_front()

    with page.expect_request("**/api/v1/slot*"):
        pass
    free_the_slot(holder, pool)

    page.wait_for_url(f"{pool.site.url}/")


def test_retries_after_a_lost_connection_are_spread_over_the_whole_time(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    """Full jitter: a retry comes after anything up to the longest pause, which doubles."""
    page = visit.open(person)
    page.get_by_role("button", name="Reconnect").click()
    heading(page, "You are in the queue")
    page.evaluate("Math.random = () => 0.999")
    page.route("**/api/v1/slot*", lambda route: route.abort())

    expect(page.get_by_role("timer")).to_have_text("0:02", timeout=8_000)
    expect(page.get_by_role("timer")).to_have_text("0:04", timeout=8_000)


def test_the_time_of_a_lock_is_the_readers_own(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    STATES["locked"](person, pool)
    page = visit.open(person, timezone_id="Asia/Tokyo")
    until = pool.locks.get().until
    here = page.evaluate(
        "moment => new Date(moment).toLocaleTimeString('en-gb', { hour: '2-digit', minute: '2-digit' })",
        until.isoformat(),
    )

    assert here != f"{until:%H:%M}"
    # With the day before it when that is another one there.
    message = re.compile(rf"again at (\w+ )?{here}\.")
    expect(page.locator("[data-part=message]")).to_contain_text(message)
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"(9|10):\d\d"))


def test_progress_never_goes_back(visit: Visit, person: User, pool: LicencePool) -> None:
    STATES["queued-estimate"](person, pool)
    LicencePool.objects.update(queue_timer_seconds=3)
    page = visit.open(person)
    bar = page.locator("[data-part=progress]")
    expect(bar).to_be_visible()
    etas = iter([[10, 20], [9_000, 9_900]])

    def answer(route: object) -> None:
        eta = next(etas, [9_000, 9_900])
        document = route.fetch().json() | {"eta_seconds": eta}  # type: ignore[attr-defined]
        route.fulfill(json=document)  # type: ignore[attr-defined]

    page.route("**/api/v1/slot*", answer)
    with page.expect_response("**/api/v1/slot*"):
        pass
    high = float(bar.evaluate("bar => bar.value"))
    with page.expect_response("**/api/v1/slot*"):
        pass
    page.wait_for_timeout(200)

    assert 0 < high <= float(bar.evaluate("bar => bar.value"))
    settle()
