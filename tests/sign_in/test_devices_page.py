"""My devices: what is signed in, and ending it; never anybody else's."""

from datetime import timedelta

import pytest
from django.test import Client

from ium.directory.models import Device, User
from slots.models import LicencePool
from tests import factories
from tests.conftest import Now
from tests.factories import AT, DeviceFactory
from tests.queue_page.conftest import text_of
from tests.sign_in.conftest import opens

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(utc_now: Now) -> Now:
    """The server's clock."""
    return utc_now


@pytest.fixture
def browser(ada: User) -> Client:
    """A browser in which Ada is signed in."""
    client = Client()
    client.force_login(ada)
    return client


def test_the_devices_are_listed_with_what_people_want_to_know(browser: Client, ada: User) -> None:
    DeviceFactory.create(
        user=ada,
        label="Firefox, Windows",
        created_at=AT - timedelta(days=3),
        last_used_at=AT - timedelta(minutes=7),
        expires_at=AT + timedelta(days=89),
        extension_version="1.2.3",
    )
    DeviceFactory.create(user=ada, label="")

    text = text_of(browser.get("/devices/"))

    assert "Firefox, Windows Signed in 3 days ago Last used 7 min ago Ends in 89 days" in text
    assert "Extension 1.2.3" in text
    assert "Device without a name" in text


def test_what_is_signed_out_or_over_is_not_listed(browser: Client, ada: User) -> None:
    DeviceFactory.create(user=ada, label="Out", signed_out_at=AT)
    DeviceFactory.create(user=ada, label="Over", expires_at=AT)

    text = text_of(browser.get("/devices/"))

    assert "No browser is signed in by the extension." in text
    assert "Out" not in text


def test_a_device_is_signed_out(browser: Client, ada: User) -> None:
    token = factories.token_for(ada)
    other = factories.token_for(ada)
    assert opens(token)

    answer = browser.post("/devices/", {"device": Device.objects.order_by("pk")[0].pk})
    page = browser.get(answer["Location"])

    assert "Firefox was signed out." in text_of(page)
    assert not opens(token)
    assert opens(other)


def test_devices_of_others_are_neither_seen_nor_ended(
    browser: Client, ada: User, pool: LicencePool
) -> None:
    token = factories.token_for(factories.member(pool), label="Theirs")

    assert "Theirs" not in text_of(browser.get("/devices/"))
    assert browser.post("/devices/", {"device": Device.objects.get().pk}).status_code == 404
    assert opens(token)


@pytest.mark.parametrize("device", ["", "x", "-1", "0", "9" * 30, "\N{SUPERSCRIPT TWO}", "1;"])
def test_what_is_no_device_does_not_exist(browser: Client, device: str) -> None:
    assert browser.post("/devices/", {"device": device}).status_code == 404


def test_another_site_cannot_sign_a_device_out(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    token = factories.token_for(ada)

    assert client.post("/devices/", {"device": Device.objects.get().pk}).status_code == 403
    assert opens(token)


def test_only_who_is_signed_in_sees_devices(db: None) -> None:
    assert Client().get("/devices/")["Location"] == "/sign-in/?next=/devices/"
