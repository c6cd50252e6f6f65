"""Calls of the user sync side by side: bounded, each once, and no further ones when Jira asks for patience."""

import threading
import time
from functools import partial

import pytest

from jira_sync.client.errors import JiraError, RateLimited, UserNotFound
from jira_sync.models import RunState
from jira_sync.sync.calls import CALLS_AT_ONCE, side_by_side
from tests.jira_sync.sync.world import World, accounts


@pytest.fixture
def threads(one_call_at_a_time: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production."""
    monkeypatch.setattr("jira_sync.sync.calls.CALLS_AT_ONCE", CALLS_AT_ONCE)


def is_personal(error: JiraError) -> bool:
    """Whether the others go on."""
    return isinstance(error, UserNotFound)


@pytest.mark.usefixtures("threads")
def test_at_most_so_many_are_under_way_and_answers_are_in_order() -> None:
    under_way, most = set[int](), []
    lock = threading.Lock()

    def call(number: int) -> None:
        with lock:
            under_way.add(number)
            most.append(len(under_way))
        time.sleep(0.01)
        with lock:
            under_way.remove(number)
        if number % 10 == 3:
            raise UserNotFound(str(number))

    with side_by_side() as calls:
        found = calls.make([partial(call, number) for number in range(80)], goes_on=is_personal)
    assert 1 < max(most) <= CALLS_AT_ONCE
    told = [(error.detail if error else None) for error in found]
    assert told == [str(number) if number % 10 == 3 else None for number in range(80)]


@pytest.mark.parametrize("number", [1, CALLS_AT_ONCE])
def test_after_an_error_that_concerns_all_nobody_else_is_called_for(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jira_sync.sync.calls.CALLS_AT_ONCE", number)

    def call(turn: int) -> None:
        if turn == 2:
            raise RateLimited(retry_after=7)
        time.sleep(0.002)

    with side_by_side() as calls:
        found = calls.make([partial(call, turn) for turn in range(500)], goes_on=is_personal)
    assert len(found) <= 3 + 2 * number
    assert [type(error) for error in found if error] == [RateLimited]


@pytest.mark.usefixtures("threads")
def test_a_fault_of_the_program_is_raised_once_all_have_come_back() -> None:
    began, came = list[int](), list[int]()

    def call(turn: int) -> None:
        began.append(turn)
        if turn == 2:
            raise KeyError("mine")
        time.sleep(0.02)
        came.append(turn)

    with side_by_side() as calls, pytest.raises(KeyError, match="mine"):
        calls.make([partial(call, turn) for turn in range(9)], goes_on=is_personal)
    assert sorted(came) == sorted(set(began) - {2})
    assert len(came) > 1


@pytest.mark.usefixtures("threads")
def test_a_run_with_many_calls_under_way_changes_everybody_once(committed: World) -> None:
    people = accounts(*range(40))
    committed.source("staff", people)
    committed.users(accounts(*range(40, 60)))
    committed.sim.fault(
        "memberships", "status", "POST", status=404, code="ADMIN-UAM-404-1", times=1
    )
    before = committed.calls()
    run = committed.sync(loss_allowed=True)
    assert run.state == RunState.DONE
    assert len(committed.members() & people) == 39
    assert committed.members() == committed.mirror_members()
    calls = committed.calls_since(before)
    assert calls["POST", "/groups/{groupId}/memberships"] == 40
    assert calls["DELETE", "/groups/{groupId}/memberships/{accountId}"] == 20


@pytest.mark.usefixtures("threads")
def test_a_storm_of_refusals_to_hurry_with_many_under_way_loses_nothing(committed: World) -> None:
    people = accounts(*range(30))
    committed.source("staff", people)
    headers = {"Retry-After": "7"}
    committed.sim.fault("memberships", "status", status=429, rate=0.3, headers=headers)
    run = committed.sync()
    assert run.state == RunState.DONE
    assert committed.members() == committed.mirror_members() == people
