"""Jira REST v3, users and instance."""

from __future__ import annotations

import pytest

from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import account_id
from tests.simulator.described import JiraClient
from tests.simulator.process import SimulatorProcess


def test_a_user_is_told_with_groups_and_roles_on_request(jira: JiraClient) -> None:
    parameters = {"accountId": credentials.MEMBER, "expand": "groups,applicationRoles"}
    found = jira.get("user", params=parameters).json()
    assert found["displayName"] == "Jamal Haddad"
    assert "jira-fixed" in [group["name"] for group in found["groups"]["items"]]
    assert [role["key"] for role in found["applicationRoles"]["items"]] == [
        "jira-software",
        "jira-servicedesk",
    ]


def test_an_unknown_user_answers_404_and_a_missing_id_400(jira: JiraClient) -> None:
    for path in ("user", "user/groups"):
        assert jira.get(path, params={"accountId": "712020:nobody"}).status_code == 404
        assert jira.get(path, wrong=True).status_code == 400
    assert jira.get("user/bulk", wrong=True).status_code == 400


def test_all_users_include_inactive_closed_app_and_customer_accounts(jira: JiraClient) -> None:
    found = jira.get("users/search", params={"maxResults": 1000}).json()
    assert len(found) == 302
    assert {user["accountType"] for user in found} == {"atlassian", "app", "customer"}
    assert sum(not user["active"] for user in found) == 7
    assert jira.get("users/search", params={"startAt": 302}).json() == []


def test_user_search_finds_active_people_only(jira: JiraClient) -> None:
    found = jira.get("user/search", params={"query": "ada"}).json()
    assert credentials.ADMIN in [user["accountId"] for user in found]
    assert jira.get("user/search", params={"accountId": account_id(293)}).json() == []
    assert jira.get("user/search", params={"query": "a", "accountId": "b"}).status_code == 400
    assert jira.get("user/search").status_code == 400
    assert jira.get("user/search", params={"query": "a", "property": "x"}).status_code == 400


def test_groups_of_a_user_and_users_in_bulk(jira: JiraClient) -> None:
    groups = jira.get("user/groups", params={"accountId": account_id(10)}).json()
    assert "ium-users" in [group["name"] for group in groups]
    wanted = [account_id(1), account_id(2), "712020:nobody"]
    page = jira.get("user/bulk", params={"accountId": wanted}).json()
    assert [user["accountId"] for user in page["values"]] == wanted[:2]


def test_application_roles_tell_the_seats_of_this_moment(
    jira: JiraClient, access_group: str, people: list[str]
) -> None:
    jira.add(access_group, people[0])
    roles = {role["key"]: role for role in jira.get("applicationrole").json()}
    assert set(roles) == {"jira-software", "jira-servicedesk", "jira-product-discovery"}
    software = jira.get("applicationrole/jira-software").json()
    assert software == roles["jira-software"]
    assert (software["numberOfSeats"], software["userCount"], software["remainingSeats"]) == (
        40,
        11,
        29,
    )
    assert software["defaultGroups"] == ["jira-software-default"]
    assert jira.get("applicationrole/jira-nothing").status_code == 404


def test_people_in_a_group_with_a_free_role_use_no_seat(jira: JiraClient) -> None:
    discovery = jira.get("applicationrole/jira-product-discovery").json()
    assert (discovery["userCount"], discovery["groups"]) == (0, [])


def test_the_approximate_licence_count_is_a_text_and_stale(
    jira: JiraClient, access_group: str, people: list[str]
) -> None:
    path = "license/approximateLicenseCount/product/jira-software"
    first = jira.get(path).json()
    jira.add(access_group, people[0])
    assert first == {"key": "license.jira-software.approximateUserCount", "value": "10"}
    assert jira.get(path).json() == first
    assert jira.get("license/approximateLicenseCount").json()["value"] == "18"


def test_licence_details_are_for_administrators(jira: JiraClient) -> None:
    member = (credentials.MEMBER_EMAIL, credentials.MEMBER_TOKEN)
    for path in (
        "license/approximateLicenseCount",
        "license/approximateLicenseCount/product/jira-software",
    ):
        answer = jira.get(path, auth=member)
        assert answer.status_code == 403
        assert answer.json()["errorMessages"] == [
            "Only Jira administrators can access license details."
        ]
    assert jira.get("applicationrole", auth=member).status_code == 403
    assert jira.get("instance/license", auth=member).json()["applications"][0]["plan"] == "PAID"


def test_server_information_and_tenant_are_open_to_everybody(
    jira: JiraClient, simulator: SimulatorProcess
) -> None:
    assert jira.get("serverInfo").json()["deploymentType"] == "Cloud"
    assert jira.session.get(f"{simulator.url}/rest/api/3/serverInfo", timeout=5).status_code == 200
    tenant = jira.session.get(f"{simulator.url}/_edge/tenant_info", timeout=5).json()
    assert tenant == {"cloudId": credentials.CLOUD_ID}


def test_permissions_are_told_one_by_one(jira: JiraClient) -> None:
    parameters = {"permissions": "ADMINISTER,USER_PICKER"}
    mine = jira.get("mypermissions", params=parameters).json()["permissions"]
    assert {key: value["havePermission"] for key, value in mine.items()} == {
        "ADMINISTER": True,
        "USER_PICKER": True,
    }
    member = (credentials.MEMBER_EMAIL, credentials.MEMBER_TOKEN)
    theirs = jira.get("mypermissions", params=parameters, auth=member).json()["permissions"]
    assert [value["havePermission"] for value in theirs.values()] == [False, True]
    assert jira.get("mypermissions").status_code == 400
    assert jira.get("mypermissions", params={"permissions": "NOTHING"}).status_code == 400


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("DEMO", "software"),
        ("SUP", "service_desk"),
        ("IDEA", "product_discovery"),
        ("OPS", "business"),
    ],
)
def test_a_project_tells_its_type(jira: JiraClient, key: str, kind: str) -> None:
    assert jira.get(f"project/{key}").json()["projectTypeKey"] == kind


def test_an_unknown_project_answers_404(jira: JiraClient) -> None:
    assert jira.get("project/NONE").status_code == 404


def test_projects_come_page_by_page_with_their_type(jira: JiraClient) -> None:
    first = jira.get("project/search", params={"maxResults": 3}).json()
    assert [project["key"] for project in first["values"]] == ["DEMO", "IDEA", "OPS"]
    assert (first["total"], first["isLast"]) == (4, False)
    rest = jira.get("project/search", params={"startAt": 3, "maxResults": 3}).json()
    assert [(each["key"], each["projectTypeKey"]) for each in rest["values"]] == [
        ("SUP", "service_desk")
    ]
    assert rest["isLast"] is True
