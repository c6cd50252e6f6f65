"""429 in all its forms, and what the client does before it comes to that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import responses
from requests.structures import CaseInsensitiveDict

from jira_sync.client import JiraDirectory, Pace, RateLimited, Tuning, build
from jira_sync.client.answers import near_limit, retry_after

from . import data

DATE = "Mon, 23 Nov 2026 10:00:00 GMT"


def headers(**values: str) -> CaseInsensitiveDict[str]:
    return CaseInsensitiveDict({name.replace("_", "-"): text for name, text in values.items()})


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (headers(Retry_After="7"), 7.0),
        (headers(retry_after=" 1.5 "), 1.5),
        (headers(Retry_After="Mon, 23 Nov 2026 10:00:30 GMT", date=DATE), 30.0),
        (headers(X_RateLimit_Reset="2026-11-23T10:00:05Z", Date=DATE), 5.0),
        (headers(x_ratelimit_reset="2026-11-23T10:01Z", Date=DATE), 60.0),
        (headers(X_Ratelimit_Reset="2026-11-23T11:00:10+01:00", Date=DATE), 10.0),
        (headers(X_Ratelimit_Reset="2026-11-23T10:00:10", Date=DATE), 10.0),
        (headers(X_RateLimit_Reset="2026-11-23T09:00:00Z", Date=DATE), 0.0),
        (headers(Retry_After="9", X_RateLimit_Reset="2026-11-23T10:01Z", Date=DATE), 9.0),
        (headers(Retry_After="soon"), None),
        (headers(X_RateLimit_Reset="1790000000000000"), None),
        (headers(), None),
    ],
)
def test_waiting_time(given: CaseInsensitiveDict[str], seconds: float | None) -> None:
    assert retry_after(given) == seconds


def test_waiting_time_without_a_date_uses_our_clock() -> None:
    reset = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
    wait = retry_after(headers(X_RateLimit_Reset=reset))
    assert wait is not None
    assert 25 < wait <= 30


@pytest.mark.parametrize(
    ("given", "near"),
    [
        (headers(X_RateLimit_NearLimit="true"), True),
        (headers(x_ratelimit_nearlimit="True"), True),
        (headers(X_RateLimit_NearLimit="false"), False),
        (headers(X_RateLimit_Limit="350", X_RateLimit_Remaining="69"), True),
        (headers(X_RateLimit_Limit="350", X_RateLimit_Remaining="70"), False),
        (headers(X_RateLimit_Limit="many"), False),
        (headers(), False),
    ],
)
def test_near_the_limit(given: CaseInsensitiveDict[str], near: bool) -> None:
    assert near_limit(given) is near


@pytest.mark.parametrize(("given", "wait"), [({"Retry-After": "4"}, 4.0), ({}, None)])
def test_refused_change_is_not_repeated_but_pauses_its_endpoint(
    http: responses.RequestsMock, given: dict[str, str], wait: float | None
) -> None:
    slept: list[float] = []
    directory = build(data.ORGANISATION, pace=Pace(clock=lambda: 0.0, sleep=slept.append))
    http.post(data.MEMBERSHIPS_URL, status=429, headers=given)
    with pytest.raises(RateLimited) as caught:
        directory.add_member(data.GROUP, data.ANN)
    assert caught.value.retry_after == wait
    assert len(http.calls) == 1
    http.replace("POST", data.MEMBERSHIPS_URL, status=204)
    directory.add_member(data.GROUP, data.ANN)
    assert slept == [pytest.approx(wait or 1.0)]


def test_while_jira_wants_a_long_pause_nothing_is_sent(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.post(data.MEMBERSHIPS_URL, status=429, headers={"Retry-After": "900"})
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            organisation.add_member(data.GROUP, data.ANN)
        assert caught.value.retry_after == pytest.approx(900, abs=5)
    assert len(http.calls) == 1


def test_near_limit_slows_the_endpoint(http: responses.RequestsMock) -> None:
    slept: list[float] = []
    directory = build(data.ORGANISATION, pace=Pace(clock=lambda: 0.0, sleep=slept.append))
    http.post(data.MEMBERSHIPS_URL, status=204, headers={"X-RateLimit-NearLimit": "true"})
    for _ in range(50):
        directory.add_member(data.GROUP, data.ANN)
    assert max(slept) == pytest.approx((1 + 48 * 2 - 6) / 93)


def test_read_is_repeated_after_a_short_wait(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.get(data.GROUP_URL, status=429, headers={"Retry-After": "0"})
    http.get(data.GROUP_URL, status=503)
    http.get(data.GROUP_URL, json=data.org_group())
    http.post(data.USERS_SEARCH_URL, status=502)
    http.post(data.USERS_SEARCH_URL, json=data.cursor_page())
    assert list(organisation.iter_members(data.GROUP)) == []
    assert len(http.calls) == 5


@pytest.mark.parametrize("wait", ["11", "3600"])
def test_read_is_not_repeated_before_jira_allows_it(
    http: responses.RequestsMock, wait: str
) -> None:
    directory = build(data.ORGANISATION, pace=Pace(), tuning=Tuning(backoff=0.0))
    http.get(data.GROUP_URL, status=429, headers={"Retry-After": wait})
    with pytest.raises(RateLimited) as caught:
        next(directory.iter_members(data.GROUP))
    assert caught.value.retry_after == float(wait)
    assert len(http.calls) == 1
