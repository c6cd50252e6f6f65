"""What became of a request when no ordinary answer came back."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests
import responses
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError
from urllib3.exceptions import SSLError as TlsError

from jira_sync.client import JiraDirectory, Pace, errors
from jira_sync.client.addresses import safe_base
from jira_sync.client.credentials import KeyRing, organisation_key
from jira_sync.client.transport import Transport, Tuning

from . import data

POOL = HTTPSConnectionPool("api.atlassian.com")


def wrapped(reason: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(MaxRetryError(POOL, "/", reason))


NOT_SENT = {
    "refused": wrapped(NewConnectionError(POOL, "Connection refused")),  # type: ignore[arg-type]
    "connect timeout": requests.ConnectTimeout(wrapped(OSError()).args[0]),
    "certificate": requests.exceptions.SSLError(
        MaxRetryError(POOL, "/", TlsError(ssl.SSLCertVerificationError("self-signed")))
    ),
    "address": requests.exceptions.InvalidURL("no host"),
}
UNKNOWN = {
    "read timeout": requests.ReadTimeout(ReadTimeoutError(POOL, "/", "timed out")),
    "reset": requests.ConnectionError(ProtocolError("aborted", ConnectionResetError(104))),
    "cut in the body": requests.exceptions.ChunkedEncodingError("cut"),
    "tls in the middle": requests.exceptions.SSLError(TlsError(ssl.SSLEOFError("eof"))),
    "system": OSError("strange"),
}


@pytest.mark.parametrize("failure", NOT_SENT)
def test_change_that_was_surely_not_sent(
    http: responses.RequestsMock, organisation: JiraDirectory, failure: str
) -> None:
    http.post(data.MEMBERSHIPS_URL, body=NOT_SENT[failure])
    with pytest.raises(errors.JiraUnreachable):
        organisation.add_member(data.GROUP, data.ANN)


@pytest.mark.parametrize("failure", UNKNOWN)
def test_change_that_may_have_happened(
    http: responses.RequestsMock, organisation: JiraDirectory, failure: str
) -> None:
    http.post(data.MEMBERSHIPS_URL, body=UNKNOWN[failure])
    http.delete(data.MEMBERSHIP_URL, body=UNKNOWN[failure])
    for change in (organisation.add_member, organisation.remove_member):
        with pytest.raises(errors.OutcomeUnknown):
            change(data.GROUP, data.ANN)
    assert len(http.calls) == 2


@pytest.mark.parametrize("failure", [*UNKNOWN.values(), *NOT_SENT.values()])
def test_read_without_an_answer_changed_nothing(
    http: responses.RequestsMock, organisation: JiraDirectory, failure: Exception
) -> None:
    http.post(data.USERS_SEARCH_URL, body=failure)
    with pytest.raises(errors.JiraUnreachable):
        organisation.is_member(data.GROUP, data.ANN)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failed_change_is_sent_once(
    http: responses.RequestsMock, organisation: JiraDirectory, status: int
) -> None:
    http.post(data.MEMBERSHIPS_URL, status=status, headers={"Retry-After": "1"})
    with pytest.raises(errors.OutcomeUnknown) as caught:
        organisation.add_member(data.GROUP, data.ANN)
    assert caught.value.retry_after == 1.0
    assert len(http.calls) == 1


def test_sign_in_page_is_no_answer(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    page = {"body": "<html>Sign in</html>", "content_type": "text/html; charset=utf-8"}
    http.post(data.USERS_SEARCH_URL, **page)
    http.post(data.MEMBERSHIPS_URL, **page)
    with pytest.raises(errors.BadAnswer):
        organisation.is_member(data.GROUP, data.ANN)
    with pytest.raises(errors.OutcomeUnknown):
        organisation.add_member(data.GROUP, data.ANN)


@pytest.mark.parametrize("body", ["", "not json", "[]", '"text"', '{"data": 1}', '{"data": [1]}'])
def test_answer_of_the_wrong_shape(
    http: responses.RequestsMock, organisation: JiraDirectory, body: str
) -> None:
    http.post(data.USERS_SEARCH_URL, body=body)
    with pytest.raises(errors.BadAnswer):
        organisation.is_member(data.GROUP, data.ANN)


@pytest.mark.parametrize("account_id", ["", ".", ".."])
def test_id_that_would_reach_another_path_is_refused(
    organisation: JiraDirectory, account_id: str
) -> None:
    with pytest.raises(ValueError, match="only dots"):
        organisation.remove_member(data.GROUP, account_id)


@pytest.mark.parametrize("account_id", ["../x", "a/b", "a?b", "a#b", "ä"])
def test_other_ids_stay_one_part_of_the_path(
    http: responses.RequestsMock, organisation: JiraDirectory, account_id: str
) -> None:
    quoted = f"{data.MEMBERSHIPS_URL}/{quote(account_id, safe='')}"
    http.delete(quoted, status=204)
    organisation.remove_member(data.GROUP, account_id)
    assert http.calls[0].request.url == quoted


def test_redirects_are_not_followed(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.post(data.USERS_SEARCH_URL, status=302, headers={"Location": "https://evil.example"})
    with pytest.raises(errors.BadAnswer):
        organisation.is_member(data.GROUP, data.ANN)
    assert len(http.calls) == 1


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://acme.atlassian.net", True),
        ("https://acme.atlassian.net/", True),
        ("http://127.0.0.1:8090", True),
        ("http://localhost:8090", True),
        ("http://[::1]:8090", True),
        ("http://acme.atlassian.net", False),
        ("http://127.0.0.1.evil.example", False),
        ("ftp://127.0.0.1", False),
        ("acme.atlassian.net", False),
        ("https://", False),
        ("https://user:pw@acme.atlassian.net", False),
        ("https://acme.atlassian.net/?a=1", False),
    ],
)
def test_keys_go_to_https_or_this_machine_only(url: str, safe: bool) -> None:
    if safe:
        assert not safe_base(url).endswith("/")
        return
    with pytest.raises(ValueError, match="https is required"):
        safe_base(url)


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_timeouts_of_a_real_connection(silent: str) -> None:
    tuning = Tuning(read_timeout=0.1, read_retries=1, backoff=0.0)
    keys = KeyRing([organisation_key(data.KEY)])
    transport = Transport(f"{silent}/admin", keys, pace=Pace(), tuning=tuning)
    with pytest.raises(errors.OutcomeUnknown):
        transport.write("GET", "/v1/orgs")
    with pytest.raises(errors.JiraUnreachable):
        transport.read("GET", "/v1/orgs")


def test_refused_real_connection(sent: list[requests.PreparedRequest]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        base = f"http://127.0.0.1:{server.getsockname()[1]}"
    transport = Transport(base, KeyRing(), tuning=Tuning(backoff=0.0))
    with pytest.raises(errors.JiraUnreachable):
        transport.write("POST", "/x")
    sent.clear()  # an address of no description: only the failure matters here


def test_threads_have_their_own_sessions(http: responses.RequestsMock) -> None:
    transport = Transport(data.API, KeyRing())
    sessions: list[requests.Session] = []

    def note() -> None:
        sessions.extend(transport._session(write=write) for write in (True, False, True))

    for thread in [threading.Thread(target=note) for _ in range(2)]:
        thread.start()
        thread.join()
    first, second = sessions[:3], sessions[3:]
    assert first[0] is first[2]
    assert first[0] is not first[1]
    assert not {id(one) for one in first} & {id(one) for one in second}


def test_a_forked_child_makes_new_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = Transport(data.API, KeyRing())
    parents = transport._session(write=True)
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert transport._session(write=True) is not parents
