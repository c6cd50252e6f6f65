"""Every state is complete without a script: what is, what one can do, what happens next."""

import pytest
from django.test import Client

from ium.directory.models import User
from ium.lib import clock
from slots import services
from slots.models import LicencePool, Slot, SlotLock
from tests import factories
from tests.queue_page.conftest import browser_of, shown, text_of, title_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("intake")]


@pytest.fixture
def browser(person: User) -> Client:
    """The person's browser."""
    return browser_of(person)


def wait_behind(pool: LicencePool, others: int = 0) -> None:
    """Fill the pool and put so many people into its queue."""
    now = clock.now()
    factories.holder(pool, now)
    for _ in range(others):
        factories.waiting(pool, now)


def hold(person: User, pool: LicencePool, **fields: object) -> Slot:
    """Give the person a slot that Jira has let in by now."""
    earlier = clock.now() - factories.minutes(10)
    services.slot_request(user=person, pool=pool, return_url=None, at=earlier)
    factories.confirmed(person, earlier)
    Slot.objects.filter(holder=person).update(**fields)
    return factories.slot_of(person)


def test_no_slot_shows_reconnect_and_asks_for_nothing(browser: Client, pool: LicencePool) -> None:
    page = browser.get("/queue/")

    assert title_of(page) == "Not connected"
    assert "You have no Jira slot." in text_of(page)
    assert shown(page) == {"reconnect"}
    assert "Signed in as Ada Lovelace" in text_of(page)
    assert not Slot.objects.used().exists()


def test_queued_shows_the_place_and_the_way_out(browser: Client, pool: LicencePool) -> None:
    wait_behind(pool, others=2)

    page = browser.post("/queue/", {"action": "reconnect"}, follow=True)

    assert page.redirect_chain == [("/queue/", 302)]
    assert title_of(page) == "(3) Waiting"
    text = text_of(page)
    assert "Your position 3" in text
    assert "People waiting 3" in text
    assert "Expected wait not known yet" in text
    assert "Leave the queue" in text
    assert "Check my place" in text
    assert shown(page) == {"reconnect", "release"}


def test_leaving_the_queue(browser: Client, person: User, pool: LicencePool) -> None:
    wait_behind(pool)
    browser.post("/queue/", {"action": "reconnect"})

    page = browser.post("/queue/", {"action": "release"}, follow=True)

    assert factories.entry_of(person).close_reason == "left"
    assert shown(page) == {"reconnect"}


def test_granting_says_that_it_is_their_turn(browser: Client, pool: LicencePool) -> None:
    page = browser.post("/queue/", {"action": "reconnect"}, follow=True)

    assert title_of(page) == "Your turn"
    assert "Check my place" in text_of(page)
    assert shown(page) == {"release"}


def test_active_links_to_the_wanted_page(browser: Client, person: User, pool: LicencePool) -> None:
    wanted = f"{pool.site.url}/browse/KEY-1"
    hold(person, pool, return_url=wanted)

    page = browser.get("/queue/")

    assert title_of(page) == "Connected"
    assert shown(page) == {"open", "release"}
    assert f'href="{wanted}"' in page.content.decode()
    assert "After 60 minutes without activity" in text_of(page)


def test_handing_back(browser: Client, person: User, pool: LicencePool) -> None:
    hold(person, pool)

    page = browser.post("/queue/", {"action": "release"}, follow=True)

    assert factories.slot_of(person).state == "revoking"
    assert "You handed your slot back. Thank you." in text_of(page)
    assert shown(page) == {"reconnect"}


def test_warned_offers_to_keep_the_slot(browser: Client, person: User, pool: LicencePool) -> None:
    now = clock.now()
    hold(person, pool, warned_at=now, revoke_at=now + factories.seconds(60))

    page = browser.get("/queue/")

    assert title_of(page) == "You lose your slot in …"
    assert "You lose your slot at" in text_of(page)
    assert shown(page) == {"keep", "open", "release"}

    kept = browser.post("/queue/", {"action": "keep"}, follow=True)

    assert shown(kept) == {"open", "release"}
    assert factories.slot_of(person).warned_at is None


def test_locked_says_until_when(browser: Client, person: User, pool: LicencePool) -> None:
    until = clock.now() + factories.minutes(10)
    SlotLock.objects.create(pool=pool, user=person, until=until)

    page = browser.post("/queue/", {"action": "reconnect"}, follow=True)

    assert "You can get one again in 1" in text_of(page)
    assert shown(page) == set()


def test_a_local_administrator_is_told_that_no_slot_is_needed(pool: LicencePool) -> None:
    admin = factories.UserFactory.create(
        account_id=None, username="admin", is_staff=True, is_superuser=True
    )

    page = browser_of(admin).get("/queue/")

    assert "You do not share licences of Jira" in text_of(page)
    assert "Administration" in text_of(page)
    assert shown(page) == {"open"}
    assert f'href="{pool.site.url}"' in page.content.decode()


def test_a_pool_that_is_off_offers_nothing(browser: Client, pool: LicencePool) -> None:
    LicencePool.objects.update(enabled=False)

    page = browser.get("/queue/")

    assert "Sharing is switched off for Jira." in text_of(page)
    assert shown(page) == set()


def test_trouble_with_jira_is_explained(browser: Client, pool: LicencePool) -> None:
    wait_behind(pool)
    browser.post("/queue/", {"action": "reconnect"})
    type(pool.site).objects.update(connection_state="unreachable")

    assert "Jira cannot be reached. You keep your place" in text_of(browser.get("/queue/"))
