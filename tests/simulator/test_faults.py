"""Ordered faults: what the caller sees, and what happened behind it."""

from __future__ import annotations

import time

import pytest
import requests

from tests.simulator.described import JiraClient, OrganisationClient, code
from tests.simulator.process import SimulatorProcess


def _members(simulator: SimulatorProcess) -> list[str]:
    found: list[str] = simulator.group("ium-access")["members"]
    return found


def test_a_status_fault_answers_instead_and_wears_out(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.fault("/group/user", "status", method="POST", status=503, times=2)
    statuses = [jira.add(access_group, people[0]).status_code for _ in range(3)]
    assert statuses == [503, 503, 201]
    assert simulator.calls("/group/user") == {503: 2, 201: 1}


def test_a_429_fault_carries_retry_after(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.fault("/group/user", "status", status=429, seconds=7, times=1)
    assert jira.add(access_group, people[0]).headers["Retry-After"] == "7"


def test_a_status_fault_can_have_any_body_and_headers(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.fault("/group/user", "status", status=403, body={"a": 1}, headers={"X-Odd": "yes"})
    answer = jira.add(access_group, people[0])
    assert (answer.status_code, answer.json(), answer.headers["X-Odd"]) == (403, {"a": 1}, "yes")


def test_a_status_fault_of_the_organization_api_has_its_envelope(
    organisation: OrganisationClient,
    simulator: SimulatorProcess,
    access_group: str,
    people: list[str],
) -> None:
    simulator.fault("/memberships", "status", status=500)
    assert code(organisation.add(access_group, people[0])) == "ADMIN-UAM-500-1"
    simulator.fault("/memberships", "none")
    simulator.fault("/memberships", "status", status=502)
    assert organisation.add(access_group, people[0]).json()["code"] == 502


def test_a_dropped_answer_leaves_the_change_made(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.fault("/group/user", "drop_after_apply", times=1)
    with pytest.raises(requests.ConnectionError):
        jira.add(access_group, people[0])
    assert _members(simulator) == [people[0]]
    assert simulator.calls("/group/user") == {0: 1}
    assert jira.add(access_group, people[0]).status_code == 400


def test_a_dropped_answer_of_the_organization_api_too(
    organisation: OrganisationClient,
    simulator: SimulatorProcess,
    access_group: str,
    people: list[str],
) -> None:
    organisation.add(access_group, people[0])
    simulator.fault("/memberships/", "drop_after_apply", method="DELETE", times=1)
    with pytest.raises(requests.ConnectionError):
        organisation.remove(access_group, people[0])
    assert _members(simulator) == []


def test_a_timeout_changes_nothing_and_ends_without_an_answer(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.fault("/group/user", "timeout", seconds=0.2, times=1)
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        jira.add(access_group, people[0])
    assert time.monotonic() - began >= 0.2
    assert (_members(simulator), simulator.calls("/group/user")) == ([], {0: 1})


def test_a_slow_answer_is_right_but_late(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.fault("/group/user", "slow", seconds=0.2, times=1)
    began = time.monotonic()
    assert jira.add(access_group, people[0]).status_code == 201
    assert time.monotonic() - began >= 0.2


def test_faults_strike_only_what_they_match(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.fault(
        f"groupId={access_group}.*{people[0]}", "status", method="delete|put", status=500
    )
    assert jira.add(access_group, people[0]).status_code == 201
    assert jira.remove(access_group, people[1]).status_code == 400
    assert jira.remove(access_group, people[0]).status_code == 500


def test_none_takes_the_matching_faults_away(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.fault("/group/user", "status", status=500)
    simulator.fault("serverInfo", "status", status=500)
    simulator.fault("/group/user", "none")
    assert jira.add(access_group, people[0]).status_code == 201
    assert jira.get("serverInfo").status_code == 500
    assert simulator.order("faults", kind="none") == {"active": 0}
    assert jira.get("serverInfo").status_code == 200


def test_a_rate_strikes_some_and_is_repeatable(
    jira: JiraClient, simulator: SimulatorProcess
) -> None:
    def run() -> list[int]:
        simulator.order("reset")
        simulator.fault("serverInfo", "status", status=500, rate=0.5)
        return [jira.get("serverInfo").status_code for _ in range(20)]

    first = run()
    assert {200, 500} == set(first)
    assert run() == first


def test_faults_strike_pages_but_never_the_control_calls(simulator: SimulatorProcess) -> None:
    simulator.fault(".*", "status", status=500)
    assert simulator.session.get(f"{simulator.url}/login", timeout=5).status_code == 500
    assert simulator.session.get(f"{simulator.url}/_sim/health", timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"kind": "explode"}, '"kind" must be one of'),
        ({"kind": "status", "status": 200}, '"status"'),
        ({"kind": "slow", "seconds": -1}, '"seconds"'),
        ({"kind": "slow", "times": 0}, '"times"'),
        ({"kind": "slow", "rate": 2}, '"rate"'),
        ({"kind": "slow", "times": 1, "rate": 0.5}, "not both"),
        ({"kind": "slow", "match": {"path": "("}}, "regular expression"),
        ({"kind": "slow", "match": {"path": 7}}, "regular expression"),
        ({"kind": "slow", "match": "everything"}, '"match"'),
        ({"kind": "status", "headers": {"Retry-After": 3}}, '"headers"'),
    ],
)
def test_a_wrong_order_answers_400_and_says_why(
    simulator: SimulatorProcess, order: dict[str, object], reason: str
) -> None:
    answer = simulator.session.post(f"{simulator.url}/_sim/faults", json=order, timeout=5)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
