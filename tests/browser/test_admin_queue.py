"""The administrator's queue keeps itself fresh, and leaves alone who is about to act."""

import pytest
from playwright.sync_api import Page, expect

from ium.directory.models import User
from ium.lib import clock
from slots.models import LicencePool, QueueEntry
from tests import factories
from tests.browser.conftest import Visit

EVERY = 10_000


@pytest.fixture
def boss(transactional_db: None) -> User:
    """An administrator."""
    return User.objects.create_superuser("ada", "a long pass phrase", display_name="Ada Admin")


@pytest.fixture
def queue(visit: Visit, pool: LicencePool, holder: User, boss: User) -> Page:
    """The open list, with one person waiting, and a clock that the test moves."""
    factories.waiting(pool, clock.now(), display_name="Ben")
    page = visit.tab(visit.context(boss))
    page.clock.install()
    page.goto("/admin/slots/queueentry/")
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#result_list")).to_contain_text("Ben")
    return page


def read_again(page: Page) -> None:
    """Let the time of one reading pass."""
    with page.expect_response("**/admin/slots/queueentry/**"):
        page.clock.fast_forward(EVERY)


def test_the_list_shows_who_came_without_a_reload(queue: Page, pool: LicencePool) -> None:
    factories.waiting(pool, clock.now(), display_name="Cleo")
    read_again(queue)
    expect(queue.locator("#result_list")).to_contain_text("Cleo")
    assert queue.evaluate("window.sameDocument") is True
    boxes = queue.locator("#result_list input.action-select")
    boxes.nth(1).check()
    expect(queue.locator(".action-counter").first).to_contain_text("1")
    factories.waiting(pool, clock.now(), display_name="Dan")
    queue.clock.fast_forward(3 * EVERY)
    expect(queue.locator("#result_list")).not_to_contain_text("Dan")


def test_a_person_who_goes_silent_is_shown_in_place(queue: Page) -> None:
    expect(queue.locator("#result_list")).not_to_contain_text("silent, skipped")
    QueueEntry.objects.update(alive_until=clock.now() - factories.seconds(1))
    read_again(queue)
    expect(queue.locator("#result_list")).to_contain_text("silent, skipped")
    assert queue.evaluate("window.sameDocument") is True


def test_the_second_device_of_somebody_who_left_the_queue_does_not_join_again(
    visit: Visit, pool: LicencePool, holder: User, person: User
) -> None:
    first, second = visit.open(person), visit.open(person)
    for page in (first, second):
        page.get_by_role("button", name="Reconnect").click()
        expect(page.locator("#queue")).to_have_attribute("data-view", "queued")
    first.get_by_role("button", name="Leave the queue").click()
    expect(first.locator("#queue")).to_have_attribute("data-view", "none")
    expect(second.locator("#queue")).to_have_attribute("data-view", "none")
    expect(second.locator("[data-part=message]")).to_contain_text("You left the queue")
    second.wait_for_timeout(4000)  # more than one poll
    assert not QueueEntry.objects.waiting().filter(user=person).exists()
