"""Limits of rates: per person, per address for wrong tokens, per address and name for passwords."""

from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings as configured
from django.core.cache import caches
from django.test import Client
from rest_framework.test import APIClient

from ium import settings as real
from ium.directory.models import User
from slots.models import LicencePool
from tests.api.conftest import problem_of, with_session, with_token
from tests.factories import token_for
from tests.security.conftest import PASSWORD, Limit, administrator

pytestmark = pytest.mark.django_db


def sign_in(
    path: str = "/sign-in/", name: str = "admin", password: str = "wrong", **more: Any
) -> Any:
    """Send the form of a sign-in."""
    return Client().post(path, {"username": name, "password": password}, **more)


def test_the_usual_limits_let_ten_tabs_and_devices_poll_as_fast_as_they_are_told() -> None:
    fastest = 3.0  # slots.document never asks anybody to come back sooner
    assert real.IUM_THROTTLES["person"] >= 3 * 10 * 60 / fastest
    assert configured.IUM_THROTTLES["person"] == 0, "tests set their own"


@pytest.mark.parametrize("path", ["/api/v1/slot", "/api/v1/config"])
def test_a_person_who_calls_too_often_is_told_when_to_come_back(
    ben: User, limit: Limit, path: str
) -> None:
    limit(person=3)
    client = with_token(ben)
    assert [client.get(path).status_code for _ in range(3)] == [200] * 3
    answer = client.get(path)
    problem_of(answer, 429, "throttled")
    assert 1 <= int(answer["Retry-After"]) <= 61


def test_all_tokens_and_sessions_of_a_person_count_together_and_others_do_not(
    ann: User, ben: User, limit: Limit
) -> None:
    limit(person=2)
    assert with_token(ben).get("/api/v1/slot").status_code == 200
    assert with_session(ben).get("/api/v1/slot").status_code == 200
    assert with_token(ben).get("/api/v1/slot").status_code == 429
    assert with_token(ann).get("/api/v1/slot").status_code == 200


def test_polling_too_often_does_not_stop_activity(ben: User, limit: Limit) -> None:
    limit(person=1)
    client = with_token(ben)
    assert [client.get("/api/v1/slot").status_code for _ in range(2)] == [200, 429]
    answer = client.post("/api/v1/activity", {"idle_seconds": 0}, format="json")
    assert answer.status_code == 200


def test_the_next_window_starts_anew(
    ben: User, limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(person=1)
    client = with_token(ben)
    assert [client.get("/api/v1/slot").status_code for _ in range(2)] == [200, 429]
    monkeypatch.setattr("slots.api.throttles.time.time", lambda: 1_800_000_060.0)
    assert client.get("/api/v1/slot").status_code == 200


def test_no_limit_is_no_limit(ben: User, limit: Limit) -> None:
    limit(person=0)
    client = with_token(ben)
    assert {client.get("/api/v1/slot").status_code for _ in range(20)} == {200}


def test_one_call_costs_one_count(ben: User, limit: Limit, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(person=5, wrong_tokens=5)
    cache: Any = caches["counters"]
    counted = Mock(side_effect=cache.count)
    monkeypatch.setattr(cache, "count", counted)
    with_token(ben).get("/api/v1/slot")
    assert counted.call_count == 1
    wrong_token()
    assert counted.call_count == 2


def wrong_token(address: str = "192.0.2.1") -> Any:
    """Call with a token that nobody has."""
    client = APIClient(REMOTE_ADDR=address)
    client.credentials(HTTP_AUTHORIZATION="Bearer ium_wrong")
    return client.get("/api/v1/slot")


def test_wrong_tokens_are_slowed_down_by_address(pool: LicencePool, limit: Limit) -> None:
    limit(wrong_tokens=2)
    assert [wrong_token().status_code for _ in range(2)] == [401, 401]
    problem_of(wrong_token(), 429, "throttled")
    assert wrong_token("192.0.2.2").status_code == 401


def test_a_right_token_works_beside_any_number_of_wrong_ones(ben: User, limit: Limit) -> None:
    limit(wrong_tokens=1)
    assert [wrong_token().status_code for _ in range(2)] == [401, 429]
    client = APIClient(REMOTE_ADDR="192.0.2.1")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(ben)}")
    assert client.get("/api/v1/slot").status_code == 200


@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_guessing_passwords_is_slowed_down(db: None, limit: Limit, path: str) -> None:
    limit(passwords=2)
    administrator()
    assert [sign_in(path).status_code for _ in range(2)] == [200, 200]
    answer = sign_in(path, password=PASSWORD)
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    assert 1 <= int(answer["Retry-After"]) <= 301
    assert sign_in(path, password=PASSWORD, REMOTE_ADDR="192.0.2.9").status_code == 302


def test_both_sign_ins_count_together(db: None, limit: Limit) -> None:
    limit(passwords=1)
    administrator()
    assert sign_in("/sign-in/").status_code == 200
    assert sign_in("/admin/login/").status_code == 429


def test_a_name_is_protected_from_many_addresses(db: None, limit: Limit) -> None:
    limit(passwords_of_name=2)
    administrator()
    for number, name in enumerate(["admin", " Admin "]):
        assert sign_in(name=name, REMOTE_ADDR=f"192.0.2.{number}").status_code == 200
    assert sign_in(password=PASSWORD, REMOTE_ADDR="192.0.2.9").status_code == 429
    assert sign_in(name="other", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_right_passwords_are_not_counted_and_take_nothing_off(db: None, limit: Limit) -> None:
    limit(passwords=2)
    administrator()
    assert {sign_in(password=PASSWORD).status_code for _ in range(5)} == {302}
    assert sign_in().status_code == 200
    assert {sign_in(password=PASSWORD).status_code for _ in range(5)} == {302}
    assert sign_in().status_code == 200
    assert sign_in(password=PASSWORD).status_code == 429


def test_who_is_signed_in_goes_on(db: None, limit: Limit) -> None:
    limit(passwords=1)
    client = Client()
    client.force_login(administrator())
    assert [sign_in().status_code for _ in range(2)] == [200, 429]
    assert client.get("/admin/").status_code == 200


def test_every_page_that_takes_a_password_is_limited(db: None, limit: Limit) -> None:
    from django.urls import get_resolver

    from ium.sign_in.pages import SignInView
    from tests.security.walking import endpoints

    asking = {
        point.path
        for point in endpoints(get_resolver())
        if getattr(point.view, "view_class", None) is SignInView or point.name == "admin:login"
    }
    assert asking == {"/sign-in/", "/admin/login/"}
