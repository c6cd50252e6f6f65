"""Keys appear in the Authorization header and nowhere else."""

from __future__ import annotations

import base64
import logging
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
import requests
import responses
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError

from jira_sync.client import Connection, JiraDirectory, JiraError, build
from jira_sync.client.credentials import Key, KeyRing, api_token, organisation_key

from . import data

BASIC = base64.b64encode(f"{data.EMAIL}:{data.TOKEN}".encode()).decode()
POOL = HTTPSConnectionPool("api.atlassian.com")
SECRETS = (data.KEY, data.NEXT_KEY, data.TOKEN, BASIC)


def assert_clean(text: str) -> None:
    """Not even a part that could be left when a text is shortened."""
    assert not [secret for secret in SECRETS if secret[:12] in text]


def test_text_forms_hide_keys(combined: JiraDirectory) -> None:
    keys = (organisation_key(data.KEY), api_token(data.EMAIL, data.TOKEN))
    for thing in (*keys, KeyRing(keys), data.ORGANISATION, data.JIRA, combined, vars(combined)):
        assert_clean(repr(thing))
        assert_clean(str(thing))


@pytest.mark.parametrize("echo", [data.KEY, data.NEXT_KEY])
def test_answer_that_repeats_the_key_is_cleaned(
    http: responses.RequestsMock, organisation: JiraDirectory, echo: str
) -> None:
    http.post(data.MEMBERSHIPS_URL, status=401, body=f"Bearer {echo} is not valid")
    assert_clean(everything_about(organisation))


def test_jira_answer_that_repeats_the_key_is_cleaned(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    http.post(f"{data.REST}/group/user", status=401, body=f"Basic {BASIC} of {data.TOKEN}: no")
    text = everything_about(jira)
    assert_clean(text)
    assert "[hidden]" in text


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectionError(f"Authorization: Bearer {data.KEY}"),
        requests.ReadTimeout(f"{data.KEY}"),
        OSError(f"{data.KEY}"),
        OSError("x" * 370 + data.KEY),
    ],
)
def test_failure_that_repeats_the_key_is_cleaned(
    http: responses.RequestsMock, organisation: JiraDirectory, failure: Exception
) -> None:
    http.post(data.MEMBERSHIPS_URL, body=failure)
    assert_clean(everything_about(organisation))


def everything_about(directory: JiraDirectory) -> str:
    """All text that a log, an error tracker or a page could show of a failed change."""
    with pytest.raises(JiraError) as caught:
        directory.add_member(data.GROUP, data.ANN)
    error = caught.value
    chain = [error, error.__cause__, error.__context__]
    assert not [one for one in chain if getattr(one, "request", None) is not None]
    trace = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format()
    )
    return f"{error} {error!r} {error.args} {vars(error)} {trace}"


def test_log_has_no_keys_and_no_people(
    http: responses.RequestsMock, organisation: JiraDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    http.post(data.MEMBERSHIPS_URL, status=204)
    refused = MaxRetryError(POOL, f"/memberships/{data.ANN}", OSError(f"no route {data.KEY}"))
    http.post(data.USERS_SEARCH_URL, body=requests.ConnectionError(refused))
    with caplog.at_level(logging.DEBUG, "jira_sync"):
        organisation.add_member(data.GROUP, data.ANN)
        with pytest.raises(JiraError):
            organisation.is_member(data.GROUP, data.ANN)
    assert_clean(caplog.text)
    assert "204" in caplog.text
    assert "ConnectionError: no route [hidden]" in caplog.text
    assert data.ANN not in caplog.text


@pytest.mark.parametrize("key", ["", "  ", "two\nlines", "tab\there", "schlüssel"])
def test_key_that_cannot_be_one_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="no Atlassian key has") as caught:
        Key("Bearer", key.strip())
    assert not key.strip() or key not in str(caught.value)


def test_pasted_blanks_around_a_key_do_no_harm(http: responses.RequestsMock) -> None:
    directory = build(replace(data.ORGANISATION, org_keys=("  ", f" {data.KEY}\n")))
    http.post(data.MEMBERSHIPS_URL, status=204)
    directory.add_member(data.GROUP, data.ANN)
    assert http.calls[0].request.headers["Authorization"] == f"Bearer {data.KEY}"


def test_second_key_takes_over_and_is_remembered(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        good = request.headers["Authorization"] == f"Bearer {data.NEXT_KEY}"
        return (204 if good else 401), {}, ""

    http.add_callback("POST", data.MEMBERSHIPS_URL, answer)
    organisation.add_member(data.GROUP, data.ANN)
    assert len(http.calls) == 2
    organisation.add_member(data.GROUP, data.BEN)
    assert len(http.calls) == 3


@pytest.fixture
def netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A .netrc file from which requests would take a password for the site."""
    file = tmp_path / "netrc"
    file.write_text("machine acme.atlassian.net login mallory password secret\n")
    file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))


@pytest.mark.usefixtures("netrc")
def test_netrc_and_cookies_do_not_speak_for_ium(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    http.get(f"{data.REST}/serverInfo", json={}, headers={"Set-Cookie": "session=1", "Date": "x"})
    for _ in range(2):
        with pytest.raises(JiraError):
            jira.server_clock()
    for call in http.calls:
        assert call.request.headers["Authorization"] == f"Basic {BASIC}"
        assert "Cookie" not in call.request.headers


@pytest.mark.usefixtures("netrc")
def test_cloud_id_is_asked_without_a_key(http: responses.RequestsMock) -> None:
    directory = build(replace(data.JIRA, scoped=True))
    http.get(f"{data.SITE}/_edge/tenant_info", json={"cloudId": data.CLOUD})
    http.get(f"{data.API}/ex/jira/{data.CLOUD}/rest/api/3/applicationrole", json=[])
    assert directory.products() == []
    assert directory.products() == []
    assert len(http.calls) == 3
    assert "Authorization" not in http.calls[0].request.headers
    assert http.calls[1].request.headers["Authorization"] == f"Basic {BASIC}"


def test_connection_shows_what_is_no_secret() -> None:
    shown = repr(Connection(site_url=data.SITE, org_keys=(data.KEY,)))
    assert data.SITE in shown
    assert "org_keys" not in shown
