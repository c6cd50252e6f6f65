"""Signing in: local accounts always, a choice of simulated people only in the demo."""

from typing import Any

import pytest
from django.test import Client

from ium.directory.models import User
from slots.models import LicencePool
from tests import factories
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


def test_the_demo_lets_people_choose_who_they_are(person: User) -> None:
    browser = Client()
    page = browser.get("/sign-in/", {"next": NEXT, "person": "ada"})
    assert "Simulated Jira: choose who you are" in text_of(page)
    assert "Ada Lovelace" in text_of(page)

    answer = browser.post("/sign-in/", {"account_id": person.account_id, "next": NEXT})

    assert answer["Location"] == NEXT
    assert "Signed in as Ada Lovelace" in text_of(browser.get(NEXT))


def test_the_demo_finds_nobody_and_says_so(person: User) -> None:
    assert "Nobody found." in text_of(Client().get("/sign-in/", {"person": "zz"}))


def test_the_demo_shows_a_page_of_people_and_says_that_there_are_more(pool: LicencePool) -> None:
    for number in range(14):
        factories.member(pool, display_name=f"Person {number:02}")

    text = text_of(Client().get("/sign-in/"))

    assert "Person 11" in text
    assert "Person 12" not in text
    assert "There are more people: search by name." in text


def test_a_person_in_two_pools_is_one_person(pool: LicencePool, person: User) -> None:
    second = factories.PoolFactory.create()
    factories.MembershipFactory.create(group=second.user_group, user=person)

    assert text_of(Client().get("/sign-in/")).count("Ada Lovelace") == 1
    assert Client().post("/sign-in/", {"account_id": person.account_id}).status_code == 302


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_nobody_becomes_an_administrator_by_choice(pool: LicencePool, right: str) -> None:
    mighty = factories.member(pool, display_name="Mighty", **{right: True})
    browser = Client()

    assert "Mighty" not in text_of(browser.get("/sign-in/"))
    assert browser.post("/sign-in/", {"account_id": mighty.account_id}).status_code == 404
    assert "_auth_user_id" not in browser.session


def test_without_the_demo_nobody_can_choose(person: User, settings: Any) -> None:
    settings.IUM_DEMO = False
    browser = Client()

    assert "Simulated Jira" not in text_of(browser.get("/sign-in/"))
    answer = browser.post("/sign-in/", {"account_id": person.account_id})

    assert answer.status_code == 403
    assert "You may not do this" in text_of(answer)
    assert "_auth_user_id" not in browser.session


def test_the_sign_in_page_is_as_strict_as_the_queue_page(db: None) -> None:
    page = Client().get("/sign-in/")

    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "no-store" in page["Cache-Control"]
