"""Sizes, encodings and forms that are refused before a view sees them: always a problem document of the 4xx."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError
from rest_framework.test import APIClient

from ium.directory.models import User
from slots.api.parsers import StrictJSONParser
from slots.models import LicencePool, SlotState
from tests.api.conftest import problem_of, state_of, with_session, with_token
from tests.factories import slot_of
from tests.security.conftest import administrator

pytestmark = pytest.mark.django_db
BODIES = ["/api/v1/slot", "/api/v1/activity"]
KIB = 1024


@pytest.fixture
def client(ben: User) -> APIClient:
    """Ben's extension; faults of the server are answers, as outside of tests."""
    client = with_token(ben)
    client.raise_request_exception = False
    return client


def send(client: Any, path: str, body: bytes, **more: Any) -> Any:
    """Send a body as it is."""
    return client.generic("POST", path, body, content_type="application/json", **more)


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("body", [b" " * (64 * KIB + 1), b"[" * 200_000, b"\x00" * 10_000_000])
def test_a_large_body_is_refused_unread(client: APIClient, path: str, body: bytes) -> None:
    problem_of(send(client, path, body), 413, "too_large")


def test_a_large_body_is_refused_without_sign_in_too(pool: LicencePool) -> None:
    problem_of(send(APIClient(), "/api/v1/slot", b" " * 65 * KIB), 413, "too_large")


def test_a_body_of_64_kib_is_read(client: APIClient) -> None:
    body = b'{"other": "' + b"x" * (64 * KIB - 13) + b'"}'
    assert len(body) == 64 * KIB
    state_of(send(client, "/api/v1/slot", body))


@pytest.mark.parametrize("length", ["", "-1", "x", "1e9", "²", "0x10", "9" * 100])
def test_a_length_that_cannot_be_is_no_fault(client: APIClient, length: str) -> None:
    answer = send(client, "/api/v1/slot", b"{}", CONTENT_LENGTH=length)
    assert answer.status_code in {200, 400, 413}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b'{"idle_seconds": 1, "idle_seconds": 2}',
        b'{"pool": "jira", "pool": "jira", "idle_seconds": 1}',
        b'{"a": {"b": 1, "b": 1}, "idle_seconds": 1}',
        b'{"idle_seconds": NaN}',
        b'{"other": -Infinity, "idle_seconds": 1}',
        b'{"other": ' + b"9" * 5000 + b', "idle_seconds": 1}',
        '{"idle_seconds": 1}'.encode("utf-16"),
        '{"idle_seconds": 1}'.encode("utf-32-be"),
        b'\xef\xbb\xbf{"idle_seconds": 1}',
        '{"page": "é", "idle_seconds": 1}'.encode("latin-1"),
        b'{"page": "\xed\xa0\x80", "idle_seconds": 1}',
        b'{"page": "\x00", "idle_seconds": 1}',
        b'{"idle_seconds": 1} x',
        b"{'idle_seconds': 1}",
        b'{"idle_seconds": 1,}',
        b'{"idle_seconds": 01}',
    ],
)
def test_what_is_no_plain_json_is_refused(client: APIClient, path: str, body: bytes) -> None:
    problem_of(send(client, path, body), 400, "parse_error")


@pytest.mark.parametrize("charset", ["utf-16", "bz2_codec", "zlib", "nonsense", '"', ""])
def test_a_charset_changes_nothing(client: APIClient, charset: str) -> None:
    answer = client.generic(
        "POST", "/api/v1/slot", "{}", content_type=f"application/json; charset={charset}"
    )
    assert answer.status_code in {200, 400, 415}


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800", "\udfff\ud800"])
@pytest.mark.parametrize(
    ("path", "name"), [("slot", "return_url"), ("slot", "pool"), ("activity", "page")]
)
def test_characters_that_postgresql_cannot_store_are_refused(
    client: APIClient, path: str, name: str, text: str
) -> None:
    body = json.dumps({name: text, "idle_seconds": 1}).encode()
    problem_of(send(client, f"/api/v1/{path}", body), 400)


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize(
    "query", ["pool=%00", "pool=a%00b", "x=%00", "%00", "pool=%ED%A0%80", "pool=%FF"]
)
def test_no_address_is_a_fault(client: APIClient, method: str, query: str) -> None:
    answer = getattr(client, method)(f"/api/v1/slot?{query}")
    problem_of(answer, 400)


@pytest.mark.parametrize(
    "path",
    [
        "/queue/?pool=%00",
        "/sign-in/?person=%00",
        "/admin/?q=%00",
        "/admin/%00/",
        "/sign-in/?next=%00",
        "/x%00",
    ],
)
def test_a_nul_in_an_address_is_a_bad_request_everywhere(pool: LicencePool, path: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(administrator())
    answer = client.get(path)
    assert answer.status_code == 400
    assert "This request makes no sense" in answer.content.decode()


@pytest.mark.parametrize("length", [8 * KIB, 100_000])
def test_an_address_that_is_too_long_is_refused(client: APIClient, length: int) -> None:
    assert length >= settings.IUM_LONGEST_ADDRESS
    problem_of(client.get("/api/v1/slot?x=" + "x" * length), 414, "request_uri_too_long")
    problem_of(client.get("/api/v1/" + "x" * length), 414)
    assert client.get("/queue/?x=" + "x" * length).status_code == 414


def test_too_many_fields_are_refused(client: APIClient) -> None:
    problem_of(client.get("/api/v1/slot?" + "&".join(["a=1"] * 1500)), 400)


@pytest.mark.parametrize("method", ["BREW", "TRACE", "CONNECT", "PROPFIND", "X" * 1000, "SLOT"])
@pytest.mark.parametrize("path", [*BODIES, "/api/v1/config"])
def test_an_unknown_method_is_refused(client: APIClient, method: str, path: str) -> None:
    answer = client.generic(method, path)
    problem_of(answer, 405, "method_not_allowed")


@pytest.mark.parametrize("method", ["BREW", "TRACE", "PROPFIND", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/queue/", "/sign-in/", "/"])
def test_an_unknown_method_is_no_fault_elsewhere(pool: LicencePool, method: str, path: str) -> None:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    assert client.generic(method, path).status_code < 500 or path == "/readyz"


@pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/nothing", "/api/v1/slot/", "/api/v1/slot/1"])
def test_an_unknown_address_of_the_api_is_a_problem_too(client: APIClient, path: str) -> None:
    answer = client.get(path)
    problem_of(answer, 404, "not_found")
    assert int(answer["Content-Length"]) == len(answer.content)


def test_a_fault_of_the_server_is_a_problem_that_tells_nothing(
    client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret-of-the-server")

    monkeypatch.setattr("slots.api.views.pool_by_key", broken)
    answer = client.get("/api/v1/slot")
    problem_of(answer, 500, "internal_server_error")
    assert b"secret" not in answer.content


HEADERS = [
    ("accept", "x" * 20_000),
    ("accept", "*/*;q=x;;=,/"),
    ("accept", "application/json; version=\xff"),
    ("accept-language", "de-" * 3000),
    ("accept-language", "\x00"),
    ("cookie", "sessionid=\x00; csrftoken=" + "x" * 5000),
    ("cookie", ";;;==\xff"),
    ("authorization", "Bearer \x00"),
    ("authorization", "Bearer " + "é" * 100),
    ("authorization", " "),
    ("content-type", "application/json; boundary=\x00"),
    ("x-forwarded-for", "\x00, not an address"),
    ("host", "evil.example"),
    ("host", "\x00"),
    ("origin", "null\x00"),
    ("if-modified-since", "x"),
    ("x-http-method-override", "DELETE"),
]


@pytest.mark.parametrize(("name", "value"), HEADERS)
@pytest.mark.parametrize("path", ["/api/v1/slot", "/queue/", "/sign-in/", "/admin/"])
def test_no_header_is_a_fault(
    pool: LicencePool, ben: User, path: str, name: str, value: str
) -> None:
    client: Any = with_session(ben)
    client.raise_request_exception = False
    answer = client.get(path, headers={name: value})
    assert answer.status_code < 500
    if path.startswith("/api/") and answer.status_code >= 400:
        problem_of(answer, answer.status_code)


def test_a_method_in_a_header_counts_for_nothing(ann: User) -> None:
    client = with_token(ann)
    client.post("/api/v1/slot", {}, format="json", headers={"x-http-method-override": "DELETE"})
    assert slot_of(ann).state == SlotState.ACTIVE


def test_the_way_back_from_a_provider_takes_no_impossible_values(pool: LicencePool) -> None:
    client = Client(raise_request_exception=False)
    for text in (
        "a\x00b",
        "\ud800".encode("utf-8", "surrogatepass"),
        "x" * 7_000,
        "",
        "\U0001f600",
    ):
        for query in ({"state": text, "code": text}, {"state": text, "error": text}):
            answer = client.get("/sign-in/with/company/back/", query)
            assert answer.status_code in {400, 401, 414}
        assert client.get("/sign-in/", {"next": text}).status_code in {200, 400, 414}


@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
@pytest.mark.parametrize("text", ["\x00", "\x00" * 100, "x" * 100_000, "\U0001f600"])
def test_the_sign_in_takes_no_impossible_name(pool: LicencePool, path: str, text: str) -> None:
    client = Client(raise_request_exception=False)
    for form in ({"username": text, "password": "x"}, {"username": "x", "password": text}):
        assert client.post(path, form).status_code in {200, 400}
    assert client.post(path, {"username": "x", "next": text}).status_code in {200, 400}


@pytest.mark.parametrize("form", [{"action": "\x00"}, {"action": "x" * 5000}, {}, {"x": "1"}])
def test_the_queue_page_takes_no_impossible_action(ben: User, form: dict[str, str]) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(ben)
    assert client.post("/queue/", form).status_code == 400


BYTES = st.binary(max_size=200) | st.text(max_size=100).map(str.encode)
JSONISH = st.text(alphabet='{}[]":,0123456789.eE+-truefalsn\\u \x00', max_size=60).map(str.encode)


@hypothesis_settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=BYTES | JSONISH)
def test_no_body_at_all_is_a_fault(client: APIClient, body: bytes) -> None:
    for path in BODIES:
        assert send(client, path, body).status_code in {200, 400, 404}, body


@given(body=BYTES | JSONISH)
def test_the_parser_knows_json_or_refuses_it(body: bytes) -> None:
    from io import BytesIO

    try:
        value = StrictJSONParser().parse(BytesIO(body))
    except ParseError:
        return
    assert json.loads(body.decode()) == value
