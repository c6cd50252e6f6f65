"""Other origins may call the API with a token, nothing else, and never with somebody's session."""

from typing import Any

import pytest
from django.test import Client

from ium.directory.models import User
from slots.models import LicencePool, SlotState
from tests.api.conftest import problem_of, with_session, with_token
from tests.factories import slot_of

pytestmark = pytest.mark.django_db
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"
CALLS = [
    ("/api/v1/slot", "GET"),
    ("/api/v1/slot", "POST"),
    ("/api/v1/slot", "DELETE"),
    ("/api/v1/activity", "POST"),
    ("/api/v1/config", "GET"),
]
ELSEWHERE = ["/queue/", "/sign-in/", "/admin/", "/api/schema/", "/livez", "/readyz", "/metrics"]


def preflight(path: str, method: str, origin: str = EXTENSION) -> Any:
    """Ask as a browser does before a call of another origin: without any sign of who it is."""
    return Client().options(
        path,
        headers={
            "origin": origin,
            "access-control-request-method": method,
            "access-control-request-headers": "authorization,content-type",
        },
    )


@pytest.mark.parametrize(
    "origin", [EXTENSION, "moz-extension://1", "https://acme.atlassian.net", "null"]
)
@pytest.mark.parametrize(("path", "method"), CALLS)
def test_a_preflight_needs_no_sign_in(db: None, path: str, method: str, origin: str) -> None:
    answer = preflight(path, method, origin)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Allow-Headers"] == (
        "authorization, content-type, if-none-match, x-ium-extension"
    )
    assert method in answer["Access-Control-Allow-Methods"].split(", ")
    assert answer["Access-Control-Max-Age"] == "7200"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_preflight_asks_the_database_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        preflight("/api/v1/slot", "POST")


def test_an_answer_may_be_read_by_other_origins_and_so_may_its_waiting_time(
    ben: User,
) -> None:
    answer = with_token(ben).get("/api/v1/slot", headers={"origin": EXTENSION})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Access-Control-Expose-Headers"] == "ETag, Retry-After"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1/slot", "/api/v1/nowhere", "/api/v1/slot?pool=%00"])
def test_errors_may_be_read_by_other_origins(pool: LicencePool, path: str) -> None:
    answer = Client().get(path, headers={"origin": EXTENSION})
    assert answer.status_code >= 400
    assert answer["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ELSEWHERE)
def test_nothing_else_may_be_read_by_other_origins(pool: LicencePool, ben: User, path: str) -> None:
    for answer in (
        preflight(path, "GET"),
        with_session(ben).get(path, headers={"origin": EXTENSION}),
    ):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("origin", ["https://evil.example", EXTENSION, "null"])
@pytest.mark.parametrize("method", ["post", "delete"])
def test_a_session_changes_nothing_from_another_origin(ann: User, method: str, origin: str) -> None:
    """The worst case: a browser that sends the cookie, and a page that knows the CSRF token."""
    client = with_session(ann, csrf=True)
    answer = getattr(client, method)("/api/v1/slot", {}, format="json", headers={"origin": origin})
    problem_of(answer, 403, "permission_denied")
    assert slot_of(ann).state == SlotState.ACTIVE


def test_a_session_from_another_origin_gets_nothing_that_a_browser_hands_out(ann: User) -> None:
    """A browser gives an answer to a call with cookies only if it names the origin and allows credentials."""
    answer = with_session(ann).get("/api/v1/slot", headers={"origin": "https://evil.example"})
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_plain_options_call_is_no_way_around_the_sign_in(pool: LicencePool, ben: User) -> None:
    problem_of(Client().options("/api/v1/slot"), 401, "not_authenticated")
    problem_of(with_token(ben).options("/api/v1/slot"), 405, "method_not_allowed")
