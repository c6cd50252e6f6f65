"""Jira REST v3, groups: every documented answer, the poor ones included."""

from __future__ import annotations

import pytest

from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import stable_uuid
from tests.simulator.described import JiraClient
from tests.simulator.process import SimulatorProcess

FIXED = stable_uuid("group-jira-fixed")
PROVIDER = stable_uuid("group-idp-staff")
MISSING = stable_uuid("no such group")
SUSPENDED = credentials.account_id(293)


def test_adding_a_user_answers_201_with_the_group(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    answer = jira.add(access_group, people[0])
    assert answer.status_code == 201
    assert answer.json()["groupId"] == access_group
    assert simulator.group("ium-access")["members"] == [people[0]]


def test_adding_by_group_name_works_too(
    jira: JiraClient, simulator: SimulatorProcess, people: list[str]
) -> None:
    parameters, body = {"groupname": "ium-access"}, {"accountId": people[0]}
    answer = jira.call("POST", "/rest/api/3/group/user", params=parameters, json=body)
    assert answer.status_code == 201
    assert simulator.group("ium-access")["members"] == [people[0]]


def test_adding_a_member_again_answers_400_with_the_unfilled_placeholder(
    jira: JiraClient, access_group: str, people: list[str]
) -> None:
    jira.add(access_group, people[0])
    answer = jira.add(access_group, people[0])
    assert answer.status_code == 400
    assert answer.json()["errorMessages"] == ["Cannot add user. User is already a member of '{1}'"]


def test_removing_a_user_answers_200_without_a_body(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    jira.add(access_group, people[0])
    answer = jira.remove(access_group, people[0])
    assert (answer.status_code, answer.content) == (200, b"")
    group = simulator.group("ium-access")
    assert (group["members"], group["highest_members"]) == ([], 1)


def test_removing_somebody_who_is_no_member_answers_400(
    jira: JiraClient, access_group: str, people: list[str]
) -> None:
    assert jira.remove(access_group, people[0]).status_code == 400


def test_an_unknown_user_answers_404_with_the_vague_text(
    jira: JiraClient, access_group: str
) -> None:
    for answer in (
        jira.add(access_group, "712020:nobody"),
        jira.remove(access_group, "712020:nobody"),
    ):
        assert answer.status_code == 404
        assert answer.json()["errorMessages"] == [
            "Specified user does not exist or you do not have required permissions"
        ]


def test_an_unknown_group_answers_404(jira: JiraClient, people: list[str]) -> None:
    assert jira.add(MISSING, people[0]).status_code == 404
    assert jira.remove(MISSING, people[0]).status_code == 404
    assert jira.get("group/member", params={"groupId": MISSING}).status_code == 404


def test_a_suspended_user_cannot_be_added(jira: JiraClient, access_group: str) -> None:
    assert jira.add(access_group, SUSPENDED).status_code == 404


def test_a_portal_customer_cannot_be_added(jira: JiraClient, access_group: str) -> None:
    assert jira.add(access_group, credentials.CUSTOMER_ACCOUNT).status_code == 404


@pytest.mark.parametrize(
    "parameters",
    [{}, {"groupId": FIXED, "groupname": "jira-fixed"}],
    ids=["neither id nor name", "both id and name"],
)
def test_a_group_must_be_named_once(jira: JiraClient, parameters: dict[str, str]) -> None:
    body = {"accountId": credentials.MEMBER}
    answer = jira.call("POST", "/rest/api/3/group/user", params=parameters, json=body)
    assert answer.status_code == 400
    assert jira.get("group/member", params=parameters).status_code == 400


def test_a_missing_account_id_answers_400(jira: JiraClient, access_group: str) -> None:
    parameters = {"groupId": access_group}
    added = jira.call("POST", "/rest/api/3/group/user", params=parameters, json={"name": "ada"})
    removed = jira.call("DELETE", "/rest/api/3/group/user", params=parameters, wrong=True)
    assert (added.status_code, removed.status_code) == (400, 400)


def test_an_account_id_longer_than_128_characters_answers_400(
    jira: JiraClient, access_group: str
) -> None:
    assert jira.add(access_group, "x" * 129, wrong=True).status_code == 400


def test_a_group_of_the_identity_provider_answers_403_with_an_empty_body(
    jira: JiraClient, people: list[str]
) -> None:
    answer = jira.add(PROVIDER, people[1])
    assert (answer.status_code, answer.content) == (403, b"")


def test_members_come_in_pages_of_at_most_50_with_a_link_to_the_next(jira: JiraClient) -> None:
    parameters = {"groupname": "ium-users", "startAt": 0, "maxResults": 200}
    first = jira.get("group/member", params=parameters).json()
    assert (first["maxResults"], first["total"], first["isLast"], len(first["values"])) == (
        50,
        240,
        False,
        50,
    )
    found, page = list(first["values"]), first
    while not page["isLast"]:
        page = jira.session.get(page["nextPage"], auth=jira.auth, timeout=5).json()
        found += page["values"]
    assert len({member["accountId"] for member in found}) == 240


def test_inactive_members_are_shown_only_on_request(jira: JiraClient) -> None:
    def total(**extra: str) -> int:
        answer = jira.get("group/member", params={"groupname": "engineering"} | extra)
        return int(answer.json()["total"])

    assert total(includeInactiveUsers="true") > total()


def test_groups_are_found_in_bulk_by_id_name_access_type_and_product(jira: JiraClient) -> None:
    def names(**parameters: object) -> list[str]:
        return [
            group["name"] for group in jira.get("group/bulk", params=parameters).json()["values"]
        ]

    assert names(groupId=[FIXED, PROVIDER]) == ["idp-staff", "jira-fixed"]
    assert names(groupName="finance") == ["finance"]
    assert names(accessType="site-admin") == ["site-admins"]
    assert names(applicationKey="jira-software") == [
        "ium-access",
        "jira-fixed",
        "jira-software-default",
    ]
    assert jira.get("group/bulk", params={"accessType": "everyone"}).status_code == 400


def test_the_picker_finds_groups_by_part_of_their_name_and_marks_it(jira: JiraClient) -> None:
    parameters = {"query": "IUM", "excludeId": stable_uuid("group-ium-users")}
    found = jira.get("groups/picker", params=parameters).json()
    assert found["header"] == "Showing 1 of 1 matching groups"
    assert found["groups"][0]["html"] == "<b>ium</b>-access"


def test_the_picker_is_open_to_anonymous_callers_but_empty(jira: JiraClient) -> None:
    answer = jira.session.get(f"{jira.base}/rest/api/3/groups/picker?query=ium", timeout=5)
    assert (answer.status_code, answer.json()["total"]) == (200, 0)


def test_a_group_can_be_created_once_and_deleted(jira: JiraClient) -> None:
    created = jira.call("POST", "/rest/api/3/group", json={"name": "new-group"})
    assert created.status_code == 201
    assert jira.call("POST", "/rest/api/3/group", json={"name": "New-Group"}).status_code == 400
    assert jira.call("POST", "/rest/api/3/group", json={}, wrong=True).status_code == 400
    parameters = {"groupId": created.json()["groupId"]}
    assert jira.call("DELETE", "/rest/api/3/group", params=parameters).status_code == 200
    assert jira.call("DELETE", "/rest/api/3/group", params=parameters).status_code == 404
    assert jira.call("DELETE", "/rest/api/3/group").status_code == 400


def test_deleting_a_group_frees_its_seats(jira: JiraClient, simulator: SimulatorProcess) -> None:
    before = simulator.state()["products"]["jira-software"]["used"]
    jira.call("DELETE", "/rest/api/3/group", params={"groupId": FIXED})
    after = simulator.state()["products"]["jira-software"]
    assert (before, after["used"], after["highest_used"]) == (10, 0, 10)


def test_an_unknown_path_and_a_wrong_method_are_answered_as_jira_does(jira: JiraClient) -> None:
    assert jira.get("nothing").json()["status-code"] == 404
    assert jira.call("PUT", "/rest/api/3/group/user", wrong=True).status_code == 405
