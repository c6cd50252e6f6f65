"""What draws attention from the background: title, icon, sound, notification; nothing without a click on its box."""

from time import monotonic
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ium.directory.models import User
from slots.models import LicencePool
from tests.browser.conftest import Visit, settle
from tests.browser.stage import STATES
from tests.browser.steps import free_the_slot, heading

# What browsers offer, replaced by something that counts. `answer` is what people answer when they are asked.
STUBS = """
window.heard = [];
window.shown = [];
window.asked = 0;
class Tone {
  constructor() { this.frequency = { value: 0 }; }
  connect(next) { return next; }
  start() { heard.push(this.frequency.value); window.ring?.(this.frequency.value); }
  stop() {}
}
const ramp = { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} };
window.AudioContext = class {
  constructor() { this.state = "running"; this.currentTime = 0; this.destination = {}; }
  createOscillator() { return new Tone(); }
  createGain() { return { gain: ramp, connect: (next) => next }; }
  resume() { return Promise.resolve(); }
};
window.Notification = class extends EventTarget {
  constructor(title, options) { super(); shown.push({ title, ...options }); }
  static get permission() { return sessionStorage.permission ?? "default"; }
  static requestPermission() {
    asked += 1;
    sessionStorage.permission = "ANSWER";
    return Promise.resolve("ANSWER");
  }
  close() {}
};
"""


def context_of(visit: Visit, person: User, answer: str = "granted") -> BrowserContext:
    """Open a browser with the stubs, in which pages are not left."""
    context = visit.context(person)
    context.add_init_script(STUBS.replace("ANSWER", answer))
    return context


def opened(visit: Visit, person: User, answer: str = "granted") -> Page:
    """Open the page there, without the automatic way back."""
    page = visit.tab(context_of(visit, person, answer))
    page.goto("/queue/")
    page.get_by_label("take me there automatically").uncheck()
    return page


def collected(page: Page, name: str) -> Any:
    """Return what a stub noted."""
    return page.evaluate(name)


def come_to_turn(page: Page, holder: User, pool: LicencePool) -> None:
    """Wait in the queue until it is this person's turn."""
    page.get_by_role("button", name="Reconnect").click()
    heading(page, "You are in the queue")
    free_the_slot(holder, pool)
    heading(page, "You are connected")


def test_nothing_is_asked_or_heard_unless_it_was_wanted(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    page = opened(visit, person)
    expect(page.get_by_label("play a sound")).not_to_be_checked()
    expect(page.get_by_label("show a notification")).not_to_be_checked()

    come_to_turn(page, holder, pool)

    assert [collected(page, name) for name in ("heard", "shown", "asked")] == [[], [], 0]


def test_sound_and_notification_come_once_when_it_is_their_turn(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    page = opened(visit, person)
    page.get_by_label("play a sound").check()
    expect(page.get_by_text("This is the sound.").first).to_be_visible()
    page.get_by_label("show a notification").check()
    expect(page.get_by_text("You will be notified.").first).to_be_visible()
    assert collected(page, "heard") == [587, 880]
    assert collected(page, "asked") == 1
    page.evaluate("heard = []")

    come_to_turn(page, holder, pool)
    page.wait_for_timeout(500)

    assert collected(page, "heard") == [587, 880]
    assert [each["title"] for each in collected(page, "shown")] == ["It is your turn"]
    assert collected(page, "shown")[0]["tag"] == "ium-turn"


def test_the_boxes_are_remembered_and_nobody_is_asked_again(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    page = opened(visit, person)
    page.get_by_label("play a sound").check()
    page.get_by_label("show a notification").check()

    page.reload()

    expect(page.get_by_label("play a sound")).to_be_checked()
    expect(page.get_by_label("show a notification")).to_be_checked()
    assert collected(page, "asked") == 0


def test_who_refuses_notifications_is_told_how_to_change_that(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    page = opened(visit, person, answer="denied")

    page.get_by_label("show a notification").click()

    expect(page.get_by_text("does not allow notifications").first).to_be_visible()
    expect(page.get_by_label("show a notification")).not_to_be_checked()
    page.reload()
    expect(page.get_by_label("show a notification")).not_to_be_checked()


@pytest.mark.parametrize(
    ("state", "icon", "title"),
    [
        ("none", "/icon.", "Not connected"),
        ("queued", "/waiting.", "(4) Waiting"),
        ("granting", "/turn.", "Your turn"),
        ("slow", "/turn.", "Your turn"),
        ("active", "/connected.", "Connected"),
        ("warned", "/warned.", "You lose your slot in 0:"),
        ("jira-down", "/waiting.", "Paused"),
    ],
)
def test_the_tab_shows_the_state_with_and_without_a_script(
    visit: Visit, person: User, pool: LicencePool, state: str, icon: str, title: str
) -> None:
    STATES[state](person, pool)
    for script in (True, False):
        page = visit.open(person, java_script_enabled=script)
        shown = page.locator("link[rel=icon]").get_attribute("href") or ""
        assert icon in shown
        if script or state != "warned":
            assert page.title().startswith(title)


def test_the_icon_follows_the_state(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    page = opened(visit, person)
    icon = page.locator("link[rel=icon]")

    page.get_by_role("button", name="Reconnect").click()
    heading(page, "You are in the queue")
    assert "/waiting." in (icon.get_attribute("href") or "")
    free_the_slot(holder, pool)
    heading(page, "You are connected")

    assert "/connected." in (icon.get_attribute("href") or "")


def test_your_turn_is_said_at_once_however_recently_something_was_said(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    page = opened(visit, person)
    page.get_by_role("button", name="Reconnect").click()
    expect(page.get_by_role("status")).to_contain_text("You are in the queue at position 1")
    LicencePool.objects.update(access_delay_seconds=5)

    free_the_slot(holder, pool)

    heading(page, "It is your turn")
    expect(page.get_by_role("alert")).to_have_text("It is your turn. Jira opens in a moment.")
    heading(page, "You are connected")
    expect(page.get_by_role("alert")).to_contain_text("Follow the link")


def test_a_slow_jira_is_said_with_a_way_to_try(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    STATES["slow"](person, pool)
    page = visit.open(person)
    heading(page, "Jira takes its time")
    link = page.get_by_role("link", name="Go there now")
    expect(link).to_have_attribute("href", f"{pool.site.url}/")

    pool.slots.update(opening="open")

    page.wait_for_url(f"{pool.site.url}/")


def test_with_a_sound_the_way_back_waits_until_it_was_heard(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    rung: list[tuple[float, str]] = []
    page = visit.tab(context_of(visit, person))
    page.expose_function("ring", lambda _frequency: rung.append((monotonic(), page.url)))
    page.goto("/queue/")
    page.get_by_label("play a sound").check()
    page.get_by_role("button", name="Reconnect").click()
    heading(page, "It is your turn")
    settle()

    page.wait_for_url(f"{pool.site.url}/")

    assert len(rung) == 4  # once when the box was ticked
    assert monotonic() - rung[-1][0] > 0.8


def test_milestones_are_said_at_most_once_a_minute(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    STATES["queued"](person, pool)
    LicencePool.objects.update(queue_timer_seconds=3)
    place = {"position": 4}
    page = visit.tab(visit.context(person))
    page.clock.install()
    page.route("**/api/v1/slot*", lambda route: route.fulfill(json=route.fetch().json() | place))

    def poll() -> None:
        with page.expect_response("**/api/v1/slot*"):
            page.clock.fast_forward(4_000)

    with page.expect_response("**/api/v1/slot*"):
        page.goto("/queue/")
    status = page.get_by_role("status")
    expect(status).to_contain_text("You are at position 4 now.")
    place["position"] = 2
    poll()
    expect(page.locator("[data-part=position]")).to_have_text("2")
    place["position"] = 1
    poll()
    expect(page.locator("[data-part=position]")).to_have_text("1")
    expect(status).to_contain_text("You are at position 4 now.")

    page.clock.fast_forward(60_000)

    expect(status).to_have_text("You are next.")
