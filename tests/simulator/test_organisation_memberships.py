"""Organizations API, the calls that give and take licences, with every documented code."""

from __future__ import annotations

import pytest

from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import stable_uuid
from tests.simulator.described import OrganisationClient, code
from tests.simulator.process import SimulatorProcess

MISSING = stable_uuid("no such group")
PROVIDER = stable_uuid("group-idp-staff")
SUSPENDED = credentials.account_id(293)
SOFTWARE = f"ari:cloud:jira-software::site/{credentials.CLOUD_ID}"


def test_adding_and_removing_answer_204(
    organisation: OrganisationClient,
    simulator: SimulatorProcess,
    access_group: str,
    people: list[str],
) -> None:
    assert organisation.add(access_group, people[0]).status_code == 204
    assert simulator.group("ium-access")["members"] == [people[0]]
    assert organisation.remove(access_group, people[0]).status_code == 204
    assert simulator.group("ium-access")["members"] == []


def test_adding_a_member_again_is_a_benign_conflict(
    organisation: OrganisationClient, access_group: str, people: list[str]
) -> None:
    organisation.add(access_group, people[0])
    answer = organisation.add(access_group, people[0])
    assert (answer.status_code, code(answer)) == (409, "ADMIN-UAM-409-2")


def test_adding_a_member_again_may_also_answer_204(
    organisation: OrganisationClient,
    simulator: SimulatorProcess,
    access_group: str,
    people: list[str],
) -> None:
    simulator.order("options", already_member="no_content")
    assert [organisation.add(access_group, people[0]).status_code for _ in range(2)] == [204, 204]


def test_without_a_seat_left_adding_answers_409_3(
    organisation: OrganisationClient,
    simulator: SimulatorProcess,
    access_group: str,
    people: list[str],
) -> None:
    simulator.order("reset", seats={"jira-software": 11})
    assert organisation.add(access_group, people[0]).status_code == 204
    answer = organisation.add(access_group, people[1])
    assert (answer.status_code, code(answer)) == (409, "ADMIN-UAM-409-3")
    assert answer.json()["errors"][0]["title"] == "Product License Limit Exceeded"
    assert simulator.group("ium-access")["members"] == [people[0]]


def test_somebody_outside_the_directory_answers_404_1(
    organisation: OrganisationClient, access_group: str
) -> None:
    for account in ("712020:nobody", credentials.CUSTOMER_ACCOUNT):
        answer = organisation.add(access_group, account)
        assert (answer.status_code, code(answer)) == (404, "ADMIN-UAM-404-1")


def test_an_unknown_group_answers_404_3(
    organisation: OrganisationClient, people: list[str]
) -> None:
    assert code(organisation.add(MISSING, people[0])) == "ADMIN-UAM-404-3"
    assert code(organisation.remove(MISSING, people[0])) == "ADMIN-UAM-404-3"
    assert code(organisation.get(f"{organisation.directory}/groups/{MISSING}")) == "ADMIN-UAM-404-3"


def test_removing_somebody_who_is_no_member_answers_404_1(
    organisation: OrganisationClient, access_group: str, people: list[str]
) -> None:
    assert code(organisation.remove(access_group, people[0])) == "ADMIN-UAM-404-1"


def test_an_inactive_user_answers_400_2(
    organisation: OrganisationClient, access_group: str
) -> None:
    answer = organisation.add(access_group, SUSPENDED)
    assert (answer.status_code, code(answer)) == (400, "ADMIN-UAM-400-2")


def test_a_group_of_the_identity_provider_answers_403_1(
    organisation: OrganisationClient, people: list[str]
) -> None:
    assert code(organisation.add(PROVIDER, people[1])) == "ADMIN-UAM-403-1"
    assert code(organisation.remove(PROVIDER, people[0])) == "ADMIN-UAM-403-1"


def test_bodies_that_are_wrong_answer_400_1_and_415_1(
    organisation: OrganisationClient, access_group: str
) -> None:
    path = f"{organisation.directory}/groups/{access_group}/memberships"
    assert code(organisation.post(path, {"account_id": "v1 name"}, wrong=True)) == "ADMIN-UAM-400-1"
    assert code(organisation.post(path, ["list"], wrong=True)) == "ADMIN-UAM-400-1"
    text = {"Content-Type": "text/plain"}
    answer = organisation.call("POST", path, data="accountId", headers=text, wrong=True)
    assert (answer.status_code, code(answer)) == (415, "ADMIN-UAM-415-1")
    broken = {"Content-Type": "application/json"}
    assert (
        code(organisation.call("POST", path, data="{", headers=broken, wrong=True))
        == "ADMIN-UAM-400-1"
    )


def test_another_method_answers_405_1(organisation: OrganisationClient, access_group: str) -> None:
    path = f"{organisation.directory}/groups/{access_group}/memberships"
    assert code(organisation.call("PUT", path, wrong=True)) == "ADMIN-UAM-405-1"


def test_an_unknown_path_gets_the_routers_variant(organisation: OrganisationClient) -> None:
    document = organisation.get("/v1/orgs/x/directory/groups").json()
    assert set(document) == {"timestamp", "path", "status", "error", "requestId", "message"}
    assert (document["status"], document["path"]) == (404, "/v1/orgs/x/directory/groups")


@pytest.mark.parametrize(
    "unusual",
    ["ADMIN-UAM-402-1", "ADMIN-UAM-409-1", "ADMIN-UAM-500-1", "ADMIN-UAM-403-2", "ADMIN-UAM-404-2"],
)
def test_any_code_can_be_ordered_as_a_fault(
    organisation: OrganisationClient, simulator: SimulatorProcess, access_group: str, unusual: str
) -> None:
    status = int(unusual.split("-")[2])
    simulator.fault("/memberships", "status", status=status, code=unusual, times=1)
    answer = organisation.add(access_group, credentials.MEMBER)
    assert (answer.status_code, code(answer)) == (status, unusual)


def test_a_whole_group_gets_a_product_and_loses_it(
    organisation: OrganisationClient, simulator: SimulatorProcess
) -> None:
    path = f"{organisation.directory}/groups/{stable_uuid('group-idp-staff')}/role-assignments"
    body = {"resourceId": SOFTWARE, "roleId": "atlassian/user"}
    before = simulator.state()["products"]["jira-software"]["used"]
    refused = organisation.post(f"{path}/assign", body)
    assert code(refused) == "ADMIN-UAM-409-3"
    simulator.order("reset", seats={"jira-software": 60})
    assert organisation.post(f"{path}/assign", body).status_code == 204
    assert simulator.state()["products"]["jira-software"]["used"] > before
    assert organisation.get(path).json()["data"][0]["roles"] == ["atlassian/user"]
    assert organisation.post(f"{path}/revoke", body).status_code == 204
    assert simulator.state()["products"]["jira-software"]["used"] == before


def test_a_wrong_role_answers_400_3_and_a_wrong_product_400_4(
    organisation: OrganisationClient,
) -> None:
    path = f"{organisation.directory}/groups/{stable_uuid('group-design')}/role-assignments/assign"
    wrong_role = {"resourceId": SOFTWARE, "roleId": "atlassian/guest"}
    assert code(organisation.post(path, wrong_role)) == "ADMIN-UAM-400-3"
    unlicensed = {"resourceId": "ari:cloud:opsgenie::site/x", "roleId": "atlassian/user"}
    assert code(organisation.post(path, unlicensed)) == "ADMIN-UAM-400-4"
    assert code(organisation.post(path, {"roleId": "atlassian/user"})) == "ADMIN-UAM-400-1"


def test_a_workspace_id_is_as_good_as_the_site_ari(organisation: OrganisationClient) -> None:
    found = organisation.post(f"{organisation.org}/workspaces", {}).json()["data"]
    software = next(w for w in found if w["attributes"]["typeKey"] == "jira-software")
    assert software["id"] == SOFTWARE
    path = (
        f"{organisation.directory}/groups/{stable_uuid('group-ium-access')}/role-assignments/assign"
    )
    body = {"resourceId": software["attributes"]["workspaceId"], "roleId": "atlassian/user"}
    assert organisation.post(path, body).status_code == 204


def test_a_created_group_has_no_id_in_the_answer_and_is_found_a_little_later(
    organisation: OrganisationClient, simulator: SimulatorProcess
) -> None:
    simulator.order("options", delay=60)
    created = organisation.post(
        f"{organisation.directory}/groups", {"name": "late", "description": "x"}
    )
    assert (created.status_code, "id" in created.json()) == (201, False)
    assert organisation.search("groups", groupNames=["late"])["data"] == []
    simulator.order("options", delay=0)
    organisation.post(f"{organisation.directory}/groups", {"name": "at-once"})
    (found,) = organisation.search("groups", groupNames=["AT-ONCE"])["data"]
    again = organisation.post(f"{organisation.directory}/groups", {"name": "At-Once"})
    assert code(again) == "ADMIN-UAM-409-1"
    assert code(organisation.post(f"{organisation.directory}/groups", {})) == "ADMIN-UAM-400-1"
    path = f"{organisation.directory}/groups/{found['id']}"
    assert organisation.call("DELETE", path).status_code == 204
    assert organisation.get(path).status_code == 404
