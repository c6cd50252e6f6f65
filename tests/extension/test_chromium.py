"""What people meet in Chromium (and Edge, which is the same engine)."""

import os
import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import violations
from tests.extension.chromium import QUEUE, WARNING, Chromium, policed, sign_in_at_ium
from tests.extension.site import OWN_MODAL, SITE
from tests.extension.world import World
from tests.system.running import Person, wait_for


def test_working_in_jira_is_told_and_an_idle_open_tab_is_not(
    chrome: Chromium, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    chrome.sign_in(ann)
    page = chrome.open()
    wait_for(lambda: chrome.badge() == "✓", 10, "the badge")
    time.sleep(2)  # opening a page is activity too
    world.inside.run("LastActivity.objects.all().delete()")
    chrome.time_passes(60)
    chrome.poke()
    time.sleep(4)  # so long the page was silent that it would tell again
    page.evaluate("() => { dispatchEvent(new KeyboardEvent('keydown')); scrollTo(0, 40); }")
    time.sleep(1)
    assert world.active_at(ann) == 0, "an open tab, polling and scripts are no activity"
    began = time.time()
    active = wait_for(lambda: _moves(page) and world.active_at(ann), 10, "activity is told")
    assert began - 1 < active < time.time() + 1
    expect(page.locator(QUEUE)).not_to_be_visible()


def _moves(page: Page) -> bool:
    """Move the pointer."""
    page.mouse.move(100, 100)
    page.mouse.move(120, 130)
    return True


def test_a_lost_slot_covers_the_page_and_reconnect_brings_it_back_without_loading_it_anew(
    chrome: Chromium, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    chrome.sign_in(ann)
    page = chrome.open("/browse/DEMO-7")
    page.locator("#text").fill("half a thought")
    expect(page.locator(QUEUE)).not_to_be_visible()
    world.lose(ann)
    chrome.poke()
    expect(page.locator(QUEUE)).to_be_visible()
    expect(page.locator(QUEUE)).to_contain_text("You were inactive")
    page.locator(QUEUE).get_by_role("button", name="Reconnect").click()
    expect(page.locator(QUEUE)).not_to_be_visible(timeout=15_000)
    assert page.locator("#text").input_value() == "half a thought"
    assert page.url == f"{SITE}/browse/DEMO-7"
    assert ann.account_id in world.ium.members()


def test_the_warning_comes_one_minute_ahead_and_any_key_keeps_the_slot(
    chrome: Chromium, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    chrome.sign_in(ann)
    page, other = chrome.open(), chrome.open("/jira/for-you")
    page.bring_to_front()
    began = time.monotonic()
    chrome.quiet()
    world.warn(ann, 63)
    chrome.poke()
    warning = page.locator(WARNING)
    expect(warning).not_to_be_visible()
    expect(warning).to_be_visible()
    assert 2 < time.monotonic() - began < 4.5
    expect(warning.locator("[data-part=time]")).to_have_text("0:59", timeout=3000)
    expect(other.locator(WARNING)).to_be_visible()
    page.keyboard.press("Shift")
    expect(warning).to_contain_text("You keep your slot")
    assert ann.state()["revoke_at"] is None


def test_the_queue_shows_position_and_timer_and_ends_when_a_slot_is_free(
    chrome: Chromium, world: World, ann: Person, ben: Person
) -> None:
    world.has_slot(ben)
    chrome.sign_in(ann)
    page = chrome.open(FREE)
    _move_on(page, BOARD)
    queue = page.locator(QUEUE)
    expect(queue.get_by_role("heading")).to_have_text("You have no Jira slot", timeout=2000)
    expect(queue.get_by_role("heading")).to_be_focused()
    page.keyboard.press("Escape")
    queue.get_by_role("button", name="Reconnect").click()
    expect(queue.get_by_role("heading")).to_have_text("You are in the queue")
    expect(queue.locator("[data-part=position]")).to_have_text("1 of 1")
    expect(queue.locator("[data-part=wait]")).not_to_be_empty()
    expect(queue.locator("[data-part=time]")).to_have_text(re.compile(r"\d:\d\d|now"))
    expect(queue.get_by_role("status")).to_have_text("You are number 1 in the queue.")
    assert chrome.badge() == "1"
    queue.get_by_role("button", name="Show the page behind").click()
    expect(queue).not_to_be_visible()
    _move_on(page, "/issues/")
    expect(queue).to_be_visible()
    assert [one for one in violations(page) if "ium-extension" in one] == []
    ben.hands_back()
    expect(queue).not_to_be_visible(timeout=20_000)
    # This page was loaded without a slot, so that there is nothing behind the queue to go on with.
    expect(page.get_by_role("heading", name="Search issues")).to_be_visible()
    wait_for(lambda: chrome.badge() == "✓", 5, "the badge")


def test_a_page_in_which_something_was_written_is_never_loaded_anew(
    chrome: Chromium, world: World, ann: Person
) -> None:
    chrome.sign_in(ann)
    page = chrome.open(FREE)
    page.evaluate("() => document.body.append(document.createElement('textarea'))")
    page.locator("textarea").press_sequentially("not saved")
    _move_on(page, BOARD)
    page.locator(QUEUE).get_by_role("button", name="Reconnect").click()
    expect(page.locator(QUEUE)).to_have_attribute("data-phase", "granting")
    expect(page.locator(QUEUE)).not_to_be_visible(timeout=20_000)
    time.sleep(1)
    assert page.locator("textarea").input_value() == "not saved"


def test_leaving_the_queue_lasts_until_reconnect(
    chrome: Chromium, world: World, ann: Person, ben: Person
) -> None:
    world.has_slot(ben)
    world.option(first_attempt="automatic")
    chrome.sign_in(ann)
    page = chrome.open(FREE)
    _move_on(page, BOARD)
    queue = page.locator(QUEUE)
    expect(queue.get_by_role("heading")).to_have_text("You are in the queue")
    queue.get_by_role("button", name="Leave the queue").click()
    expect(queue.get_by_role("heading")).to_have_text("You have no Jira slot")
    chrome.poke()
    time.sleep(1.5)
    assert ann.state()["state"] == "none"


def test_pages_of_other_products_are_never_covered_wherever_one_comes_from(
    chrome: Chromium, world: World, ann: Person
) -> None:
    chrome.sign_in(ann)
    page = chrome.open(FREE)
    queue = page.locator(QUEUE)
    for path in (
        "/jira/servicedesk/projects/SUP/queues/custom/1",
        "/jira/polaris/projects/IDEA/ideas/view/1",
        "/browse/SUP-1",
        "/jira/assets/object-schema/1",
        "/browse/IDEA-3",
        "/wiki/home",
        "/jira/settings/system",
    ):
        _move_on(page, BOARD)
        expect(queue, "a board needs a slot").to_be_visible(timeout=2000)
        _move_on(page, path)
        expect(queue, path).not_to_be_visible(timeout=2000)
    _move_on(page, "/browse/DEMO-1")
    expect(queue, "an issue of Jira itself").to_be_visible(timeout=2000)


def test_no_style_of_a_page_hides_the_queue_or_lies_over_it(
    chrome: Chromium, world: World, ann: Person, ben: Person
) -> None:
    world.has_slot(ben)
    chrome.sign_in(ann)
    page = chrome.open("/jira/software/hostile")
    queue = page.locator(QUEUE)
    expect(queue.get_by_role("heading")).to_have_css("font-size", "22px")
    _click_where_it_is(page, queue.get_by_role("button", name="Reconnect"))
    expect(queue.get_by_role("heading")).to_have_text("You are in the queue")


def test_a_modal_dialog_of_the_page_neither_stops_the_warning_nor_the_queue(
    chrome: Chromium, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    chrome.sign_in(ann)
    page = chrome.open()
    page.evaluate(OWN_MODAL)
    chrome.quiet()
    world.warn(ann, 50)
    chrome.poke()
    expect(page.locator(WARNING)).to_contain_text("Lost Jira slot")
    page.keyboard.press("Shift")
    expect(page.locator(WARNING)).to_contain_text("You keep your slot")
    world.lose(ann)
    chrome.poke()
    _click_where_it_is(page, page.locator(QUEUE).get_by_role("button", name="Reconnect"))
    expect(page.locator(QUEUE)).not_to_be_visible(timeout=15_000)


def test_the_slot_can_be_handed_back_from_the_warning(
    chrome: Chromium, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    chrome.sign_in(ann)
    page = chrome.open()
    chrome.quiet()
    world.warn(ann, 50)
    chrome.poke()
    page.locator(WARNING).get_by_role("button", name="Hand it back now").click()
    wait_for(lambda: not world.ium.members(), 10, "out of the access group")
    assert ann.state()["reason"] == "released"


def test_a_notification_warns_when_no_page_of_jira_is_on_the_screen(
    chrome: Chromium, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    chrome.sign_in(ann)
    chrome.open()
    chrome.home.bring_to_front()
    chrome.quiet()
    world.warn(ann, 50)
    chrome.poke()
    shown = "async () => Object.keys(await chrome.notifications.getAll())"
    wait_for(lambda: chrome.home.evaluate(shown) == ["ium-warning"], 5, "the notification")
    ann.works()
    chrome.poke()
    wait_for(lambda: chrome.home.evaluate(shown) == [], 5, "no notification")


def test_a_killed_worker_forgets_nothing(chrome: Chromium, world: World, ann: Person) -> None:
    world.has_slot(ann)
    chrome.sign_in(ann)
    page = chrome.open()
    wait_for(lambda: chrome.badge() == "✓", 10, "the badge")
    session = chrome.context.new_cdp_session(chrome.home)
    session.send("ServiceWorker.enable")
    session.send("ServiceWorker.stopAllWorkers")
    world.inside.run("LastActivity.objects.all().delete()")
    chrome.time_passes(60)
    wait_for(lambda: _moves(page) and world.active_at(ann), 10, "a new worker tells it")
    assert chrome.state()["document"]["state"] == "active"


def test_a_server_that_is_away_blocks_nobody_and_hears_later_what_happened(
    chrome: Chromium, world: World, ann: Person
) -> None:
    world.has_slot(ann)
    chrome.sign_in(ann)
    page = chrome.open()
    wait_for(lambda: chrome.badge() == "✓", 10, "the badge")
    everything = re.compile(re.escape(world.ium.url))
    chrome.context.route(everything, lambda route: route.abort())
    chrome.time_passes(60)
    time.sleep(5)  # the page tells of activity every five seconds
    _moves(page)
    moved = time.time()
    wait_for(lambda: chrome.poke() and chrome.badge() == AWAY, 10, "the badge says it")
    expect(page.locator(QUEUE)).not_to_be_visible()
    popup = chrome.own("popup.html")
    expect(popup.get_by_role("heading")).to_have_text("The IUM server does not answer")
    expect(popup.locator("#message")).to_contain_text("Jira is not blocked")
    chrome.context.unroute(everything)
    assert world.active_at(ann) < moved - 1
    chrome.time_passes(60)

    def told_later() -> float:
        chrome.poke()  # again and again: a call that was refused before may be noted after this
        told: float = world.active_at(ann)
        return told if told > moved - 1 else 0

    told = wait_for(told_later, 20, "told later")
    assert abs(told - moved) < 1
    wait_for(lambda: chrome.badge() == "✓", 5, "the badge")


def test_request_access_leads_to_the_queue_with_the_way_back(
    chrome: Chromium, world: World, ann: Person
) -> None:
    chrome.sign_in(ann)
    page = chrome.open("/browse/DEMO-7")
    page.wait_for_url(re.compile(re.escape(world.ium.url)))
    assert "DEMO-7" in page.url


def test_signing_in_and_out_and_the_way_from_request_access_through_the_queue_back(
    chrome: Chromium, world: World, ann: Person
) -> None:
    name = world.inside.run(
        f"result = User.objects.get(account_id={ann.account_id!r}).display_name"
    )
    chrome.home.evaluate("(server) => chrome.storage.local.set({chosen: {server}})", world.ium.url)
    popup = chrome.own("popup.html")
    expect(popup.get_by_role("heading")).to_have_text("Not signed in", timeout=15_000)
    with chrome.context.expect_page() as opened:
        popup.get_by_role("button", name="Sign in").click()
    sign_in_at_ium(opened.value, ann, name)
    expect(popup.get_by_role("heading")).to_have_text("You have no Jira slot", timeout=15_000)
    token = chrome.token()
    assert token["refresh"]
    chrome.sign_in_at_jira(ann)
    page = chrome.open("/browse/DEMO-7")
    page.wait_for_url(re.compile(re.escape(world.ium.url + "/queue/")))
    assert parse_qs(urlsplit(page.url).query) == {
        "pool": ["jira"],
        "return_url": [f"{SITE}/browse/DEMO-7"],
    }
    page.get_by_role("button", name="Reconnect").click()
    page.wait_for_url(f"{SITE}/browse/DEMO-7", timeout=20_000)
    expect(page.get_by_role("heading", name="DEMO-7")).to_be_visible()
    popup.bring_to_front()
    popup.get_by_role("button", name="Sign out").click()
    expect(popup.get_by_role("heading")).to_have_text("Not signed in")
    wait_for(lambda: world.status_of(token["access"]) == 401, 10, "the server knows it")
    popup.get_by_role("button", name="Sign in").click()  # without any window: the session goes on
    expect(popup.get_by_role("heading")).to_have_text("You have a Jira slot", timeout=15_000)
    chrome.forget_tokens_at(world)
    chrome.poke()
    wait_for(lambda: chrome.token() is None, 10, "a device that was signed out from afar knows it")


def test_the_popup_shows_what_one_can_do(
    chrome: Chromium, world: World, ann: Person, ben: Person
) -> None:
    world.has_slot(ben)
    chrome.sign_in(ann)
    popup = chrome.own("popup.html")
    heading = popup.get_by_role("heading")
    expect(heading).to_have_text("You have no Jira slot")
    popup.get_by_role("button", name="Reconnect").click()
    expect(heading).to_have_text("You are in the queue")
    expect(popup.get_by_role("status")).to_have_text("You are in the queue")
    expect(popup.locator("#position")).to_have_text("1 of 1")
    assert violations(popup) == []
    assert violations(chrome.home) == []
    popup.get_by_role("button", name="Leave the queue").click()
    expect(heading).to_have_text("You have no Jira slot")


def test_a_policy_sets_the_server_and_an_allowed_page_of_ium_sees_the_mark(
    dist: Path, world: World, chromium: Browser, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("policies of a browser are put in place by root only")
    with policed(chromium.browser_type, dist / "chrome", world, tmp_path) as chrome:
        options = chrome.own("options.html")
        server = options.get_by_label("Address of the IUM server")
        expect(server).to_have_value(world.ium.url, timeout=15_000)
        expect(server).to_be_disabled()
        expect(options.get_by_text("Set by your organisation.").first).to_be_visible()
        wait_for(lambda: chrome.tell({"type": "snapshot"})["config"]["sign_in"], 10, "the server")
        page = chrome.open(f"{world.ium.url}/sign-in/")
        expect(page.locator("html")).to_have_attribute("data-ium-extension", "1.0.0")
        expect(page.locator("html")).to_have_attribute("data-ium-extension-signed-in", "no")
        page.goto(f"{world.ium.url}/extension/")
        found = page.locator("[data-check=found]")
        expect(found.get_by_text("This browser has it.")).to_be_visible()


def test_pictures_of_popup_warning_and_overlay_are_as_people_see_them(
    chrome: Chromium, world: World, ann: Person, ben: Person, tmp_path: Path
) -> None:
    folder = Path(os.environ.get("IUM_PICTURES", tmp_path))
    world.has_slot(ben)
    chrome.sign_in(ann)
    page = chrome.open(FREE)
    _move_on(page, BOARD)
    page.locator(QUEUE).get_by_role("button", name="Reconnect").click()
    expect(page.locator(QUEUE).get_by_role("heading")).to_have_text("You are in the queue")
    page.screenshot(path=folder / "extension-queue.png", animations="disabled")
    popup = chrome.own("popup.html")
    popup.set_viewport_size({"width": 360, "height": 350})
    expect(popup.locator("#position")).to_have_text("1 of 1")
    popup.screenshot(path=folder / "extension-popup.png")
    popup.close()
    ben.hands_back()
    expect(page.locator(QUEUE)).not_to_be_visible(timeout=20_000)
    page.goto(f"{SITE}/browse/DEMO-1")
    chrome.quiet()
    world.warn(ann, 47)
    chrome.poke()
    expect(page.locator(WARNING)).to_be_visible()
    page.screenshot(path=folder / "extension-warning.png", animations="disabled")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    dark = page.locator(WARNING).evaluate("(box) => getComputedStyle(box).backgroundColor")
    assert dark == "rgb(26, 32, 40)"
    page.screenshot(path=folder / "extension-warning-dark.png", animations="disabled")
    assert all(_has_colours(path) for path in folder.glob("extension-*.png"))


def _has_colours(picture: Path) -> bool:
    """Whether a picture is more than one empty ground: those are small files."""
    return picture.stat().st_size > 5000


AWAY = "\N{MULTIPLICATION SIGN}"
FREE = "/servicedesk/customer/portal/1"
BOARD = "/jira/software/projects/DEMO/boards/1"


def _move_on(page: Page, path: str) -> None:
    """Change the address as Jira does, without loading a page."""
    page.evaluate("(path) => history.pushState({}, '', path)", path)


def _click_where_it_is(page: Page, button: Locator) -> None:
    """Click at the place on the screen, whatever lies there."""
    expect(button).to_be_visible()
    box = button.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
