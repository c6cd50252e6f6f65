"""Seats: enforced, counted once a person, and remembered at their highest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import requests

from jira_sync.simulator import credentials
from tests.simulator.described import JiraClient
from tests.simulator.process import SimulatorProcess


def _software(simulator: SimulatorProcess) -> tuple[int, int]:
    product = simulator.state()["products"]["jira-software"]
    return product["used"], product["highest_used"]


def test_without_a_seat_left_jira_answers_500_with_the_hystrix_text(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.order("reset", seats={"jira-software": 11})
    assert jira.add(access_group, people[0]).status_code == 201
    answer = jira.add(access_group, people[1])
    assert answer.status_code == 500
    assert "HystrixRuntimeException: AddUserToGroupsIdentityPlatformCommand failed" in answer.text
    assert jira.get("applicationrole/jira-software").json()["remainingSeats"] == 0
    assert simulator.group("ium-access")["members"] == [people[0]]


def test_a_person_in_two_groups_uses_one_seat_until_both_are_left(
    simulator: SimulatorProcess,
) -> None:
    member = credentials.MEMBER
    simulator.order("members", name="ium-access", add=[member])
    assert _software(simulator) == (10, 10)
    simulator.order("members", name="jira-fixed", remove=[member])
    assert _software(simulator) == (10, 10)
    simulator.order("members", name="ium-access", remove=[member])
    assert _software(simulator) == (9, 10)


def test_a_direct_role_is_another_path_to_the_same_seat(
    simulator: SimulatorProcess, people: list[str]
) -> None:
    simulator.order("user", accountId=people[0], direct=["jira-software"])
    assert _software(simulator) == (11, 11)
    simulator.order("members", name="ium-access", add=[people[0]])
    assert _software(simulator) == (11, 11)
    simulator.order("user", accountId=people[0], direct=[])
    assert _software(simulator) == (11, 11)


def test_the_highest_counts_stay_when_members_leave(
    simulator: SimulatorProcess, people: list[str]
) -> None:
    simulator.order("members", name="ium-access", add=people[:5])
    simulator.order("members", name="ium-access", remove=people[:4], add=[])
    group = simulator.group("ium-access")
    assert (len(group["members"]), group["highest_members"]) == (1, 5)
    assert _software(simulator) == (11, 15)


def test_many_adds_at_once_never_exceed_the_seats(
    simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.order("reset", seats={"jira-software": 17})

    def add(account: str) -> int:
        return requests.post(
            f"{simulator.url}/rest/api/3/group/user",
            params={"groupId": access_group},
            json={"accountId": account},
            auth=(credentials.ADMIN_EMAIL, credentials.ADMIN_TOKEN),
            timeout=10,
        ).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(add, people[:40]))
    assert (statuses.count(201), statuses.count(500)) == (7, 33)
    assert _software(simulator) == (17, 17)
    assert simulator.group("ium-access")["highest_members"] == 7


def test_apps_use_no_seat(simulator: SimulatorProcess) -> None:
    simulator.order("members", name="ium-access", add=[credentials.APP_ACCOUNT])
    assert _software(simulator) == (10, 10)
