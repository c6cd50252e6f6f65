"""Nothing that comes from outside makes a parser of ours fail in another way than it promises."""

import csv
import io
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from ium.directory.authentication import DeviceTokenAuthentication
from ium.directory.models import Device
from ium.lib.fields import WrongKeyError, decrypt, encrypt
from ium.lib.hosts import is_on_site, origin
from jira_sync.client import jira_rest_rows, organization_rows
from jira_sync.client.addresses import is_loopback, safe_base
from jira_sync.client.answers import Answer, near_limit, parse_http_date, refusal_of, retry_after
from jira_sync.client.credentials import api_token, keys_of
from jira_sync.client.errors import BadAnswer, JiraError
from jira_sync.client.paging import next_cursor
from slots.admin.export import harmless

CALLS: Any = APIRequestFactory()
DRF_REQUEST: Any = Request
HOST = "https://api.atlassian.com/admin"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
# The names that Jira's answers use, with anything as their value.
NAMES = st.sampled_from(
    [
        "accountId",
        "accountType",
        "accountStatus",
        "active",
        "code",
        "data",
        "detail",
        "displayName",
        "email",
        "emailAddress",
        "error",
        "errorMessages",
        "errors",
        "externalSynced",
        "groupDetails",
        "groupId",
        "groups",
        "id",
        "isLast",
        "links",
        "managedBy",
        "managementAccess",
        "membershipStatus",
        "message",
        "modifiable",
        "name",
        "next",
        "numberOfSeats",
        "remainingSeats",
        "resourceId",
        "resourceOwner",
        "roles",
        "status",
        "title",
        "total",
        "userCount",
        "values",
        "hasUnlimitedSeats",
        "defaultGroupsDetails",
        "key",
    ]
)
ROWS = st.dictionaries(
    NAMES, JSON | st.lists(st.dictionaries(NAMES, JSON, max_size=3), max_size=3), max_size=8
)
LATIN = st.text(alphabet=st.characters(max_codepoint=255), max_size=60)
DATES = st.datetimes().map(
    lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT")
) | st.datetimes().map(str)
URLISH = st.text(alphabet="htps:/@.?#&=[]%cursor0 \\\x00aé", max_size=40)


def headers(**found: str) -> CaseInsensitiveDict[str]:
    """Return headers as requests gives them."""
    return CaseInsensitiveDict({name.replace("_", "-"): value for name, value in found.items()})


@given(
    wait=LATIN | DATES | st.integers().map(str) | st.floats().map(str),
    reset=LATIN | st.datetimes().map(lambda at: at.isoformat()),
    date=LATIN | DATES,
)
def test_a_waiting_time_is_a_sane_number_or_none(wait: str, reset: str, date: str) -> None:
    found = retry_after(headers(Retry_After=wait, X_RateLimit_Reset=reset, Date=date))
    assert found is None or (math.isfinite(found) and found >= 0)


@pytest.mark.parametrize("number", ["¹", "9" * 5000, "१", "1e5", "-1", "9" * 400 + ".5"])
def test_a_number_that_is_none_to_jira_is_none_to_us(number: str) -> None:
    told = headers(X_RateLimit_Remaining=number, X_RateLimit_Limit="100", Retry_After=number)
    assert not near_limit(told)
    assert retry_after(told) is None


@given(near=LATIN, left=LATIN | st.integers().map(str), limit=LATIN | st.integers().map(str))
def test_a_limit_that_is_near_is_yes_or_no(near: str, left: str, limit: str) -> None:
    told = headers(X_RateLimit_NearLimit=near, X_RateLimit_Remaining=left, X_RateLimit_Limit=limit)
    assert near_limit(told) in {True, False}


@given(LATIN | DATES)
def test_a_date_is_aware_or_none(text: str) -> None:
    found = parse_http_date(text)
    assert found is None or found.astimezone(UTC).tzinfo is UTC or found.year in {1, 9999}


@given(URLISH | st.text(max_size=40) | JSON)
def test_a_cursor_is_text_from_the_same_host_or_refused(link: Any) -> None:
    try:
        found = next_cursor(link, HOST)
    except BadAnswer:
        return
    assert found is None or isinstance(found, str)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x?cursor=a",
        "//evil.example/x?cursor=a",
        "http://api.atlassian.com/x?cursor=a",
        "https://api.atlassian.com@evil.example/?cursor=a",
        "https://api.atlassian.com:444/?cursor=a",
        "https://api.atlassian.com/x?other=a",
        "https://[/?cursor=a",
        "https://[x]/?cursor=a",
    ],
)
def test_a_next_page_elsewhere_is_refused(link: str) -> None:
    with pytest.raises(BadAnswer):
        next_cursor(link, HOST)


@given(
    status=st.integers(300, 599), body=JSON | ROWS, write=st.booleans(), text=st.text(max_size=50)
)
def test_every_refusal_has_a_message(status: int, body: Any, write: bool, text: str) -> None:
    shown = text if body is None else json.dumps(body)
    error = refusal_of(Answer(status, headers(), "GET /x", shown, body), write=write)
    assert isinstance(error, JiraError)
    assert str(error)
    assert len(error.detail) < 1000


@given(ROWS)
def test_a_row_of_jira_is_understood_or_refused(row: dict[str, Any]) -> None:
    for read in (
        jira_rest_rows.person,
        jira_rest_rows.group_info,
        jira_rest_rows.role_groups,
        jira_rest_rows.product_seats,
        organization_rows.person,
        organization_rows.group_info,
        organization_rows.grant,
    ):
        try:
            read(row)
        except BadAnswer:
            continue


@given(st.text(max_size=60) | URLISH)
def test_an_address_for_keys_is_https_or_here(url: str) -> None:
    try:
        base = safe_base(url)
    except ValueError:
        return
    assert base.lower().startswith("https:") or is_loopback(base)


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_key_is_printable_or_refused_without_being_told(text: str, other: str) -> None:
    key = text.strip()
    makers: list[Callable[[], list[Any]]] = [
        lambda: keys_of([text]),
        lambda: [api_token(other, text)],
    ]
    for make in makers:
        told, made = "", list[Any]()
        try:
            made = make()
        except ValueError as error:
            told = str(error)
        assert len(key) < 3 or key not in told
        assert not key or all(each.hide(key) != key for each in made)


@given(
    st.text(max_size=80) | URLISH,
    st.sampled_from(["https://acme.atlassian.net", "http://127.0.0.1:8090"]),
)
def test_an_address_on_a_site_begins_with_the_site(url: str, site: str) -> None:
    for candidate in (url, site + url, f"{site}/{url}"):
        if is_on_site(candidate, site):
            assert origin(candidate) == origin(site)
            assert not set(candidate) & {"\\", "\x00", "\n", "\r", "\t", " "}


@given(st.binary(max_size=60) | LATIN.map(lambda text: text.encode("latin-1")))
@pytest.mark.django_db
def test_no_header_signs_anybody_in_by_accident(header: bytes) -> None:
    for scheme in (b"", b"Bearer ", b"bearer"):
        request = DRF_REQUEST(
            CALLS.get("/", HTTP_AUTHORIZATION=(scheme + header).decode("latin-1"))
        )
        try:
            found = DeviceTokenAuthentication().authenticate(request)
        except AuthenticationFailed:
            continue
        assert found is None
    assert not Device.objects.exists()


@given(st.text())
def test_what_is_encrypted_is_the_same_again(text: str) -> None:
    try:
        stored = encrypt(text)
    except UnicodeEncodeError:  # half a character: forms refuse it
        return
    assert decrypt(stored) == text
    assert len(text) < 4 or text not in stored


@given(st.text(), st.binary())
def test_what_was_not_encrypted_here_is_refused(text: str, data: bytes) -> None:
    for form in (text, f"fernet1:{text}", f"fernet1:{data.hex()}"):
        with pytest.raises(WrongKeyError):
            decrypt(form)


@given(st.text(max_size=30) | st.text(alphabet="=+-@\t\r\n '\"|;,\u200b\ufeff", max_size=8))
def test_no_cell_of_the_export_is_a_formula(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow([harmless(text)])
    (cell,) = next(csv.reader(io.StringIO(written.getvalue(), newline=""))) or [""]
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert cell.endswith(text)


def test_times_without_a_zone_are_read_as_utc() -> None:
    assert parse_http_date("Mon, 02 Mar 2026 09:00:00 GMT") == datetime(2026, 3, 2, 9, tzinfo=UTC)
