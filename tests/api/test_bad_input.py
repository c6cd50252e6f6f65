"""Whatever is sent: a problem document, never a fault of the server (section 6 of the design)."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from activity.models import LastActivity
from ium.directory.models import User
from ium.directory.services import device_sign_out
from slots.models import LicencePool
from tests.api.conftest import problem_of, with_token
from tests.factories import AT, DeviceFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("both_ways")]
CALLS = [
    ("get", "/api/v1/slot"),
    ("post", "/api/v1/slot"),
    ("delete", "/api/v1/slot"),
    ("post", "/api/v1/activity"),
]


@pytest.fixture
def client(ben: User) -> APIClient:
    """Ben's extension; faults of the server are answers, as outside of tests."""
    client = with_token(ben)
    client.raise_request_exception = False
    return client


def send(client: APIClient, path: str, body: Any, kind: str = "application/json") -> Any:
    """Send a body as it is."""
    return client.generic("POST", path, body, content_type=kind)


@pytest.mark.parametrize(
    ("method", "path"), [call for call in CALLS if call[1] != "/api/v1/config"]
)
def test_nobody_calls_without_signing_in(pool: LicencePool, method: str, path: str) -> None:
    answer = getattr(APIClient(), method)(path)
    problem_of(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer a b",
        "bearer \xff\xfe",
        "Bearer " + "x" * 9000,
    ],
)
def test_a_token_nobody_has_is_refused(pool: LicencePool, header: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    problem_of(client.get("/api/v1/slot"), 401, "signed_out")


@pytest.mark.parametrize("header", ["Basic YTpi", "Token abc", "Digest x"])
def test_another_scheme_is_no_sign_in(pool: LicencePool, header: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    problem_of(client.get("/api/v1/slot"), 401, "not_authenticated")


def test_an_expired_token_is_refused(pool: LicencePool, ben: User) -> None:
    problem_of(with_token(ben, expires_at=AT).get("/api/v1/slot"), 401, "signed_out")
    assert (
        with_token(ben, expires_at=AT + timedelta(seconds=1)).get("/api/v1/slot").status_code == 200
    )


def test_a_device_that_was_signed_out_is_refused(pool: LicencePool, ben: User) -> None:
    device = DeviceFactory.create(user=ben, token="ium_known")
    device_sign_out(device=device, at=AT)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer ium_known")
    problem_of(client.get("/api/v1/slot"), 401, "signed_out")


def test_the_hash_of_a_token_opens_nothing(pool: LicencePool, ben: User) -> None:
    device = DeviceFactory.create(user=ben)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {device.token_hash}")
    problem_of(client.get("/api/v1/slot"), 401, "signed_out")


def test_a_person_who_may_not_sign_in_is_refused(pool: LicencePool) -> None:
    client = with_token(UserFactory.create(is_active=False))
    problem_of(client.get("/api/v1/slot"), 401, "signed_out")


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/browse/KEY-1",
        "https://acme.atlassian.net.evil.example/",
        "//evil.example/",
        "/browse/KEY-1",
        "javascript:alert(1)",
        "https://acme.atlassian.net@evil.example/",
    ],
)
def test_a_foreign_page_to_return_to_is_refused(client: APIClient, page: str) -> None:
    answer = client.post("/api/v1/slot", {"return_url": page}, format="json")
    problem_of(answer, 400, "foreign_return_url")


def test_an_unknown_pool_is_not_found(client: APIClient) -> None:
    problem_of(client.get("/api/v1/slot?pool=nothing"), 404, "unknown_pool")
    problem_of(client.delete("/api/v1/slot?pool=nothing"), 404, "unknown_pool")
    body = {"pool": "nothing", "idle_seconds": 1}
    for path in ("/api/v1/slot", "/api/v1/activity"):
        problem_of(client.post(path, body, format="json"), 404, "unknown_pool")


def test_before_a_pool_is_set_up_people_are_told_so() -> None:
    client = with_token(UserFactory.create())
    assert "administrator" in problem_of(client.get("/api/v1/slot"), 404, "unknown_pool")["detail"]
    assert client.get("/api/v1/config").json()["pools"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"return_url": }',
        b'{"idle_seconds": NaN}',
        b'{"idle_seconds": Infinity}',
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b'{"idle_seconds": 1' + b"0" * 5000 + b"}",
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/slot", "/api/v1/activity"])
def test_what_is_no_json_is_refused(client: APIClient, path: str, body: bytes) -> None:
    problem_of(send(client, path, body), 400)


@pytest.mark.parametrize("body", ["[]", "[1]", '"text"', "1", "true", "null"])
@pytest.mark.parametrize("path", ["/api/v1/slot", "/api/v1/activity"])
def test_what_is_no_object_is_refused(client: APIClient, path: str, body: str) -> None:
    problem_of(send(client, path, body), 400, "bad_input")


@pytest.mark.parametrize(
    "value",
    [None, "", "soon", [], {}, -1, -0.001, 604_801, 1e308, "nan", "inf", "-inf", 10**400, "1e999"],
)
def test_an_age_that_cannot_be_is_refused(client: APIClient, value: Any) -> None:
    answer = client.post("/api/v1/activity", {"idle_seconds": value}, format="json")
    problem_of(answer, 400, "bad_input")
    assert not LastActivity.objects.exists()


def test_an_age_is_required(client: APIClient) -> None:
    document = problem_of(client.post("/api/v1/activity", {}, format="json"), 400, "bad_input")
    assert set(document["errors"]) == {"idle_seconds"}


@pytest.mark.parametrize("value", [0, 0.5, "12", 604_800])
def test_an_age_up_to_a_week_is_taken(client: APIClient, value: Any) -> None:
    answer = client.post("/api/v1/activity", {"idle_seconds": value}, format="json")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"return_url": 5},
        {"return_url": None},
        {"return_url": ["https://acme.atlassian.net"]},
        {"return_url": "https://acme.atlassian.net/" + "x" * 2000},
        {"return_url": "https://acme.atlassian.net/\x00"},
        {"pool": "no slug!"},
        {"pool": None},
        {"pool": {}},
        {"pool": "\x00"},
    ],
)
def test_values_that_cannot_be_are_refused_by_name(client: APIClient, body: dict[str, Any]) -> None:
    document = problem_of(client.post("/api/v1/slot", body, format="json"), 400)
    if document["code"] == "bad_input":
        assert set(document["errors"]) == set(body)


def test_half_a_character_is_refused(client: APIClient) -> None:
    problem_of(send(client, "/api/v1/slot", '{"return_url": "\\ud800"}'), 400)
    problem_of(send(client, "/api/v1/activity", '{"idle_seconds": 1, "page": "\\ud800"}'), 400)


def test_a_page_too_long_is_refused(client: APIClient) -> None:
    body = {"idle_seconds": 1, "page": "x" * 2001}
    problem_of(client.post("/api/v1/activity", body, format="json"), 400, "bad_input")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("put", "/api/v1/slot"),
        ("patch", "/api/v1/slot"),
        ("get", "/api/v1/activity"),
        ("delete", "/api/v1/activity"),
        ("post", "/api/v1/config"),
    ],
)
def test_a_wrong_method_is_refused(client: APIClient, method: str, path: str) -> None:
    answer = getattr(client, method)(path, {}, format="json")
    problem_of(answer, 405, "method_not_allowed")
    assert answer["Allow"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
@pytest.mark.parametrize("path", ["/api/v1/slot", "/api/v1/activity"])
def test_a_wrong_content_type_is_refused(client: APIClient, path: str, kind: str) -> None:
    problem_of(send(client, path, "idle_seconds=1", kind), 415, "unsupported_media_type")


def test_an_answer_in_another_form_than_json_is_refused(client: APIClient) -> None:
    answer = client.get("/api/v1/slot", HTTP_ACCEPT="application/xml")
    problem_of(answer, 406, "not_acceptable")


def test_a_busy_pool_says_when_to_come_back(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: Any, **__: Any) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr("slots.services.pools.LicencePool.objects.select_for_update", locked)
    answer = client.post("/api/v1/slot", {}, format="json")
    problem_of(answer, 503, "busy")
    assert answer["Retry-After"] == "3"


def test_a_database_that_is_away_says_when_to_come_back(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("slots.api.views.pool_by_key", away)
    assert problem_of(client.get("/api/v1/slot"), 503, "busy")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(["pool", "return_url", "idle_seconds", "page", "other"])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(body=st.dictionaries(FIELDS, JSON, max_size=4) | JSON)
def test_no_json_at_all_is_a_fault_of_the_server(client: APIClient, body: Any) -> None:
    import json

    for path in ("/api/v1/slot", "/api/v1/activity"):
        answer = send(client, path, json.dumps(body))
        assert answer.status_code in {200, 400, 404}, answer.content


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(key=st.text())
def test_no_pool_name_at_all_is_a_fault_of_the_server(client: APIClient, key: str) -> None:
    from urllib.parse import quote

    name = (
        quote(key, errors="replace") if key.isprintable() else quote(key.encode("utf-8", "replace"))
    )
    answer = client.get(f"/api/v1/slot?pool={name}")
    assert answer.status_code in {200, 400, 404}
