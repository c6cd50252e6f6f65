"""Lists over several pages: cursors, offsets, and lists that change while they are read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses

from jira_sync.client import BadAnswer, JiraDirectory, ListChanged
from jira_sync.client.paging import next_cursor

from . import data
from .data import cursor_page, page

BASE = f"{data.API}/admin"


@pytest.mark.parametrize(
    ("link", "cursor"),
    [
        (None, None),
        ("", None),
        ("abc", "abc"),
        ("a/b+c==", "a/b+c=="),
        (f"{BASE}/v1/orgs?cursor=abc", "abc"),
        (f"{BASE}/v1/orgs?limit=1&cursor=a%2Bb%3D", "a+b="),
        ("/admin/v1/orgs?cursor=abc", "abc"),
        ("?cursor=abc", "abc"),
    ],
)
def test_both_cursor_forms(link: str | None, cursor: str | None) -> None:
    assert next_cursor(link, BASE) == cursor


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/?cursor=abc",
        "//evil.example/?cursor=abc",
        "http://api.atlassian.com/?cursor=abc",
        "https://api.atlassian.com:8443/?cursor=abc",
        "https://api.atlassian.com@evil.example/?cursor=abc",
        f"{BASE}/v1/orgs",
        7,
    ],
)
def test_cursor_from_elsewhere_is_refused(link: object) -> None:
    with pytest.raises(BadAnswer):
        next_cursor(link, BASE)


Answered = tuple[int, dict[str, str], str]


def by_cursor(pages: dict[str | None, Any]) -> Callable[[requests.PreparedRequest], Answered]:
    def answer(request: requests.PreparedRequest) -> Answered:
        return 200, {}, json.dumps(pages[json.loads(request.body or b"{}").get("cursor")])

    return answer


def test_cursor_pages_are_joined_and_repeat_the_filter(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    url = f"{data.USERS_SEARCH_URL}?cursor=three"
    pages = {
        None: cursor_page({"accountId": "a"}, {"accountId": "b"}, after="two"),
        "two": cursor_page({"accountId": "b"}, after=url),
        "three": cursor_page({"accountId": "c"}),
    }
    http.get(data.GROUP_URL, json=data.org_group())
    http.add_callback("POST", data.USERS_SEARCH_URL, by_cursor(pages))
    people = [one.account_id for one in organisation.iter_members(data.GROUP)]
    assert people == ["a", "b", "c"]
    for call in list(http.calls)[1:]:
        assert json.loads(call.request.body or b"")["groupIds"] == [data.GROUP]


def test_cursor_that_leads_back_does_not_run_for_ever(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.post(data.GROUPS_SEARCH_URL, json=cursor_page(data.org_group(), after="again"))
    with pytest.raises(BadAnswer):
        list(organisation.iter_groups())
    assert len(http.calls) == 2


def by_start(*readings: list[Any]) -> Callable[[requests.PreparedRequest], Answered]:
    """Answer startAt=0, 50, … from one reading after the other."""
    left = [list(reading) for reading in readings]

    def answer(request: requests.PreparedRequest) -> Answered:
        if not left[0]:
            left.pop(0)
        return 200, {}, json.dumps(left[0].pop(0))

    return answer


def users(first: int, last: int, total: int, *, is_last: bool) -> dict[str, Any]:
    rows = [{"accountId": str(number), "active": True} for number in range(first, last)]
    return page(*rows, total=total, isLast=is_last, startAt=first)


def members(http: responses.RequestsMock, jira: JiraDirectory, *readings: list[Any]) -> list[str]:
    http.add_callback("GET", f"{data.REST}/group/member", by_start(*readings))
    return [one.account_id for one in jira.iter_members(data.GROUP)]


def test_group_members_always_send_both_paging_parameters(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    found = members(http, jira, [users(0, 50, 60, is_last=False), users(50, 60, 60, is_last=True)])
    assert len(found) == 60
    asked = [call.request.params for call in http.calls]  # type: ignore[attr-defined]
    assert [one["startAt"] for one in asked] == ["0", "50"]
    assert {one["maxResults"] for one in asked} == {"50"}
    assert {one["includeInactiveUsers"] for one in asked} == {"true"}


def test_group_that_changed_between_pages_is_read_again(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    torn = [users(0, 50, 60, is_last=False), users(51, 60, 59, is_last=True)]
    whole = [users(0, 50, 59, is_last=False), users(50, 59, 59, is_last=True)]
    assert len(members(http, jira, torn, whole)) == 59
    assert len(http.calls) == 4


def test_exchange_that_leaves_the_total_alone_is_noticed(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    torn = [users(0, 50, 60, is_last=False), users(49, 59, 60, is_last=True)]
    whole = [users(0, 50, 60, is_last=False), users(50, 60, 60, is_last=True)]
    assert len(members(http, jira, torn, whole)) == 60


def test_total_that_counts_somebody_hidden_is_accepted_when_confirmed(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    short = [users(0, 9, 10, is_last=True)]
    assert len(members(http, jira, short, short)) == 9


def test_group_that_never_holds_still_is_reported(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    readings = [[users(0, 50, 60, is_last=False), users(50, 61, 61, is_last=True)]] * 5
    with pytest.raises(ListChanged):
        members(http, jira, *readings)


def test_users_search_ends_at_an_empty_page_not_at_a_short_one(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    rows = [[{"accountId": "a"}], [{"accountId": "b"}, {"accountId": "a"}], []]
    http.add_callback("GET", f"{data.REST}/users/search", by_start(rows))
    assert [one.account_id for one in jira.iter_people()] == ["a", "b"]
    assert [call.request.params["startAt"] for call in http.calls] == ["0", "1", "3"]  # type: ignore[attr-defined]
