"""The walk through the queue page: ask, wait, arrive, keep, hand back; other tabs, no script."""

import re

from playwright.sync_api import expect

from ium.directory.models import User
from ium.lib import clock
from slots.models import LicencePool, LossReason, QueueEntry
from slots.services.losses import revoke
from tests import factories
from tests.browser.conftest import Visit, settle
from tests.browser.steps import free_the_slot, heading, held, titled, warned

WANTED = "/browse/KEY-1?focus=2"
API = "**/api/v1/slot*"


def test_reconnect_with_a_free_slot_leads_to_the_wanted_page(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    wanted = pool.site.url + WANTED
    page = visit.open(person, f"/queue/?pool=jira&return_url={wanted}")
    heading(page, "You are not connected")

    page.get_by_role("button", name="Reconnect").click()
    heading(page, "It is your turn")
    settle()

    page.wait_for_url(wanted)


def test_a_full_pool_counts_down_and_tries_again_until_it_is_their_turn(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    page = visit.open(person)
    page.get_by_role("button", name="Reconnect").click()

    heading(page, "You are in the queue")
    titled(page, "(1) Waiting")
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"0:0[123]"))
    expect(page.get_by_role("status")).to_contain_text("You are in the queue at position 1")
    with page.expect_request(API) as attempt:
        pass
    assert attempt.value.method == "POST"
    free_the_slot(holder, pool)

    page.wait_for_url(pool.site.url + "/")


def test_reconnect_tries_at_once(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    LicencePool.objects.update(queue_timer_seconds=600)
    for _ in range(3):
        factories.waiting(pool, clock.now())
    page = visit.open(person)
    page.get_by_role("button", name="Reconnect").click()
    titled(page, "(4) Waiting")
    QueueEntry.objects.exclude(user=person).update(alive_until=clock.now())

    page.get_by_role("button", name="Reconnect").click()

    titled(page, "(1) Waiting")


def test_without_the_automatic_way_back_there_is_a_link(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    page = visit.open(person)
    page.get_by_label("take me there automatically").uncheck()
    page.reload()
    expect(page.get_by_label("take me there automatically")).not_to_be_checked()

    page.get_by_role("button", name="Reconnect").click()
    heading(page, "It is your turn")
    settle()

    heading(page, "You are connected")
    titled(page, "Your turn")
    expect(page.get_by_role("alert")).to_contain_text("It is your turn.")
    assert factories.slot_of(person).was_claimed
    page.get_by_role("link", name="Open Jira").click()
    page.wait_for_url(pool.site.url + "/")


def test_opening_the_page_with_a_slot_leads_nowhere(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    held(person, pool)

    page = visit.open(person)

    heading(page, "You are connected")
    expect(page.get_by_role("link", name="Open Jira")).to_have_attribute(
        "href", pool.site.url + "/"
    )
    page.wait_for_timeout(1_000)
    heading(page, "You are connected")


def test_a_warned_holder_keeps_the_slot(visit: Visit, person: User, pool: LicencePool) -> None:
    warned(person, pool)
    page = visit.open(person)
    heading(page, "You are about to lose your slot")
    expect(page).to_have_title(re.compile(r"You lose your slot in 0:[34]\d "))
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"0:[34]\d"))

    page.get_by_role("button", name="Keep my slot").click()

    heading(page, "You are connected")
    expect(page.get_by_role("status")).to_have_text("You keep your slot.")
    assert factories.slot_of(person).revoke_at is None


def test_the_countdown_follows_the_clock_of_the_server(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    warned(person, pool)
    context = visit.context(person)
    context.add_init_script("const now = Date.now; Date.now = () => now() + 7200000;")
    page = visit.tab(context)
    page.goto("/queue/")

    expect(page.get_by_role("timer")).to_have_text(re.compile(r"0:[34]\d"))


def test_handing_the_slot_back(visit: Visit, person: User, pool: LicencePool) -> None:
    held(person, pool)
    page = visit.open(person)

    page.get_by_role("button", name="Hand my slot back").click()
    heading(page, "Your slot is going back")
    settle()

    heading(page, "You are not connected")
    expect(page.get_by_text("You handed your slot back. Thank you.", exact=True)).to_be_visible()


def test_automatic_first_attempt_starts_by_itself_but_not_after_leaving(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    LicencePool.objects.update(first_attempt="automatic")
    page = visit.open(person)
    heading(page, "You are in the queue")

    page.get_by_role("button", name="Leave the queue").click()
    heading(page, "You are not connected")
    page.reload()
    page.wait_for_timeout(1_000)
    heading(page, "You are not connected")

    page.get_by_role("button", name="Reconnect").click()
    heading(page, "You are in the queue")


def test_a_swept_slot_is_asked_for_again_where_that_is_wanted(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    LicencePool.objects.update(automatic_login=True)
    warned(person, pool, seconds=1)
    page = visit.open(person)
    heading(page, "You are about to lose your slot")

    assert revoke(factories.slot_of(person), reason=LossReason.SWEEP, at=clock.now())

    heading(page, "You are in the queue")


def test_another_tab_does_not_join_again_after_leaving(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    context = visit.context(person)
    first, second = visit.tab(context), visit.tab(context)
    for page in (first, second):
        page.goto("/queue/")
    first.get_by_role("button", name="Reconnect").click()
    heading(second, "You are in the queue")

    first.get_by_role("button", name="Leave the queue").click()

    heading(second, "You are not connected")
    second.wait_for_timeout(4_000)
    assert not QueueEntry.objects.waiting().filter(user=person).exists()


def test_without_a_script_plain_forms_do_the_same(
    visit: Visit, person: User, pool: LicencePool, holder: User
) -> None:
    page = visit.open(person, "/queue/?pool=jira", java_script_enabled=False)
    expect(page.get_by_role("timer")).to_be_hidden()
    page.get_by_role("button", name="Reconnect").click()
    heading(page, "You are in the queue")
    free_the_slot(holder, pool)

    page.get_by_role("button", name="Check my place").click()
    heading(page, "You are connected")
    page.get_by_role("link", name="Open Jira").click()

    page.wait_for_url(pool.site.url + "/")


def test_the_notice_about_the_extension_can_be_closed(
    visit: Visit, person: User, pool: LicencePool
) -> None:
    page = visit.open(person)
    page.get_by_role("button", name="Do not show again").click()
    expect(page.get_by_text("Install the IUM browser extension")).to_be_hidden()

    page.reload()

    heading(page, "You are not connected")
    expect(page.get_by_text("Install the IUM browser extension")).to_be_hidden()
