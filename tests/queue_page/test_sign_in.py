"""The sign-in page: local accounts always, and what is configured (the flows are in tests/sign_in)."""

from typing import Any

import pytest
from django.test import Client

from ium.demo.sign_in import demo_providers
from ium.directory.models import User
from slots.models import LicencePool
from tests.queue_page.conftest import text_of

pytestmark = pytest.mark.django_db
NEXT = "/queue/?pool=jira"


@pytest.fixture
def local(db: None) -> User:
    """A local account with a password."""
    return User.objects.create_user("admin", "correct horse")


def test_a_local_account_comes_back_to_where_it_was_going(local: User, pool: LicencePool) -> None:
    page = Client().get("/sign-in/", {"next": NEXT})
    assert f'name="next" value="{NEXT}"' in page.content.decode()

    answer = Client().post(
        "/sign-in/", {"username": "admin", "password": "correct horse", "next": NEXT}
    )

    assert answer["Location"] == NEXT


def test_a_wrong_password_is_said_so(local: User) -> None:
    page = Client().post("/sign-in/", {"username": "admin", "password": "wrong"})

    assert page.status_code == 200
    assert "Please enter a correct" in text_of(page)


def test_nobody_is_sent_to_another_site(local: User) -> None:
    answer = Client().post(
        "/sign-in/",
        {"username": "admin", "password": "correct horse", "next": "https://evil.example/"},
    )

    assert answer["Location"] == "/queue/"


def test_the_configured_sign_ins_are_offered_and_come_back(db: None, settings: Any) -> None:
    settings.IUM_SIGN_IN = demo_providers("http://127.0.0.1:8090")

    page = Client().get("/sign-in/", {"next": NEXT})

    assert "Sign in with Acme (simulated)" in text_of(page)
    assert "Sign in with Atlassian (simulated)" in text_of(page)
    assert "/sign-in/with/company/?next=%2Fqueue%2F%3Fpool%3Djira" in page.content.decode()


def test_a_local_account_remains_without_any_other_sign_in(db: None, settings: Any) -> None:
    settings.IUM_SIGN_IN = ()

    page = Client().get("/sign-in/")

    assert "<details" not in page.content.decode()
    assert "Sign in with" not in text_of(page)


def test_the_way_to_the_extension_is_open_to_the_form(db: None, settings: Any) -> None:
    """Chromium holds the redirects after a form against the page's policy."""
    settings.IUM_EXTENSION_REDIRECTS = ["https://abc.chromiumapp.org/cb"]

    there = Client().get("/sign-in/", {"next": "/oauth/authorize?client_id=ium-extension"})
    elsewhere = Client().get("/sign-in/", {"next": "/queue/"})

    assert "form-action 'self' https://abc.chromiumapp.org/cb;" in there["Content-Security-Policy"]
    assert "form-action 'self';" in elsewhere["Content-Security-Policy"]


def test_the_sign_in_page_is_as_strict_as_the_queue_page(db: None) -> None:
    page = Client().get("/sign-in/")

    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]
