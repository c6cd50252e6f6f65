"""Organizations API: searches, cursors, people, the audit log."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import account_id, stable_uuid
from tests.simulator.browser import Browser
from tests.simulator.described import OrganisationClient, code
from tests.simulator.process import SimulatorProcess

USERS = stable_uuid("group-ium-users")
FIXED = stable_uuid("group-jira-fixed")
STREAM = f"/v1/orgs/{credentials.ORG_ID}/events-stream"
SOFTWARE = f"ari:cloud:jira-software::site/{credentials.CLOUD_ID}"


def _cursor(text: str) -> str:
    """The cursor in either of its forms."""
    return parse_qs(urlsplit(text).query)["cursor"][0] if "://" in text else text


def _everybody(client: OrganisationClient, **body: Any) -> list[dict[str, Any]]:
    page = client.search("users", **body)
    found: list[dict[str, Any]] = page["data"]
    while page["links"]["next"]:
        page = client.search("users", **body, cursor=_cursor(page["links"]["next"]))
        found = found + page["data"]
    return found


def test_groups_are_found_by_name_id_term_member_and_product(
    organisation: OrganisationClient,
) -> None:
    def names(**body: Any) -> list[str]:
        return [group["name"] for group in organisation.search("groups", **body)["data"]]

    assert names(groupNames=["IUM-Access"]) == ["ium-access"]
    assert names(groupIds=[USERS, FIXED]) == ["ium-users", "jira-fixed"]
    assert names(searchTerm="ium") == ["ium-access", "ium-users"]
    assert names(accountIds=[account_id(0)], searchTerm="admins") == ["org-admins", "site-admins"]
    assert names(resourceIds=[SOFTWARE]) == ["ium-access", "jira-fixed", "jira-software-default"]
    assert names(resourceOwners=["confluence"]) == ["confluence-users"]
    assert names(roleIds=["atlassian/contributor"]) == ["ium-users"]


def test_a_group_tells_who_manages_it_and_its_counts(organisation: OrganisationClient) -> None:
    wanted = ["idp-staff", "ium-users"]
    staff, users = organisation.search("groups", groupNames=wanted, expand=["counts.users"])["data"]
    assert (staff["managementAccess"], staff["managedBy"]) == ({"modifiable": False}, "external")
    assert staff["externalSynced"] is True
    assert (users["managementAccess"], users["managedBy"]) == ({"modifiable": True}, "admins")
    assert users["counts"] == {"users": 240}


def test_searches_that_contradict_themselves_answer_400_1(organisation: OrganisationClient) -> None:
    groups, users = (
        f"{organisation.directory}/groups/search",
        f"{organisation.directory}/users/search",
    )
    assert (
        code(organisation.post(groups, {"groupNames": ["x"], "searchTerm": "y"}))
        == "ADMIN-UAM-400-1"
    )
    assert (
        code(organisation.post(groups, {"groupNames": ["x"], "groupIds": ["y"]}))
        == "ADMIN-UAM-400-1"
    )
    assert code(organisation.post(users, {"emails": ["x"], "searchTerm": "y"})) == "ADMIN-UAM-400-1"
    assert code(organisation.post(users, {"expand": ["all"]}, wrong=True)) == "ADMIN-UAM-400-1"
    assert code(organisation.post(users, {"emails": "x"}, wrong=True)) == "ADMIN-UAM-400-1"
    assert code(organisation.post(users, {"cursor": "nonsense"})) == "ADMIN-UAM-400-1"
    assert code(organisation.post(users, {"limit": "many"}, wrong=True)) == "ADMIN-UAM-400-1"


def test_people_of_a_group_come_in_pages_of_fifty(organisation: OrganisationClient) -> None:
    assert len(organisation.search("users", groupIds=[USERS])["data"]) == 50
    found = _everybody(organisation, groupIds=[USERS])
    assert len({person["accountId"] for person in found}) == len(found) == 240


@pytest.mark.parametrize(("form", "is_url"), [("token", False), ("url", True)])
def test_the_form_of_the_cursor_can_be_chosen(
    organisation: OrganisationClient, simulator: SimulatorProcess, form: str, is_url: bool
) -> None:
    simulator.order("options", cursor=form)
    for what in ("groups", "users"):
        assert ("://" in organisation.search(what, limit=5)["links"]["next"]) is is_url
    assert len(_everybody(organisation, groupIds=[FIXED], limit=3)) == 10


def test_both_forms_of_cursor_occur_by_default(organisation: OrganisationClient) -> None:
    forms = {
        "://" in organisation.search(what, limit=5)["links"]["next"] for what in ("groups", "users")
    }
    assert forms == {True, False}


def test_last_activity_and_groups_come_in_bulk_on_request(organisation: OrganisationClient) -> None:
    (plain,) = organisation.search("users", accountIds=[account_id(1)])["data"]
    assert not {"productAccess", "groups", "platformRoles"} & set(plain)
    expand = ["productAccess", "groups", "platformRoles", "counts.resources"]
    (found,) = organisation.search("users", accountIds=[account_id(1)], expand=expand)["data"]
    access = {entry["key"]: entry for entry in found["productAccess"]}
    assert access["jira-software"]["id"] == SOFTWARE
    assert "lastActiveTimestamp" in access["jira-software"]
    assert "lastActiveTimestamp" not in access["confluence"]
    assert "jira-fixed" in [group["name"] for group in found["groups"]]
    assert found["platformRoles"] == ["atlassian/org-admin", "atlassian/site-admin"]


def test_people_are_found_by_address_state_role_and_text(organisation: OrganisationClient) -> None:
    by_address = organisation.search("users", emails=[credentials.ADMIN_EMAIL])["data"]
    assert [person["accountId"] for person in by_address] == [credentials.ADMIN]
    assert len(organisation.search("users", status=["suspended"])["data"]) == 5
    assert len(organisation.search("users", accountStatus=["closed"])["data"]) == 1
    assert len(organisation.search("users", membershipStatus=["no_membership"])["data"]) == 2
    assert len(organisation.search("users", roleIds=["atlassian/org-admin"])["data"]) == 3
    assert organisation.search("users", emailDomains=["nowhere.example"])["data"] == []
    assert organisation.search("users", searchTerm="haddad")["data"]


def test_one_person_is_told_and_an_unknown_one_answers_404_1(
    organisation: OrganisationClient,
) -> None:
    path = f"{organisation.directory}/users"
    assert (
        organisation.get(f"{path}/{account_id(293)}").json()["data"]["membershipStatus"]
        == "suspended"
    )
    assert code(organisation.get(f"{path}/712020:nobody")) == "ADMIN-UAM-404-1"


def test_role_assignments_show_every_path_to_a_product(
    organisation: OrganisationClient, simulator: SimulatorProcess
) -> None:
    simulator.order("user", accountId=credentials.MEMBER, direct=["jira-software"])
    path = f"{organisation.directory}/users/{credentials.MEMBER}/role-assignments"
    found = {entry["resourceOwner"]: entry for entry in organisation.get(path).json()["data"]}
    (software,) = found["jira-software"]["roleAssignments"]
    assert software == {
        "role": "atlassian/user",
        "roleAssignmentMethods": ["direct", "group_direct"],
    }
    assert found["confluence"]["roleAssignments"][0]["roleAssignmentMethods"] == ["group_direct"]
    group = organisation.get(f"{organisation.directory}/groups/{FIXED}/role-assignments").json()[
        "data"
    ]
    assert group == [
        {"resourceOwner": "jira-software", "resourceId": SOFTWARE, "roles": ["atlassian/user"]}
    ]


def test_suspending_frees_the_seats_and_restoring_needs_them_again(
    organisation: OrganisationClient,
    simulator: SimulatorProcess,
    access_group: str,
    people: list[str],
) -> None:
    simulator.order("reset", seats={"jira-software": 10})
    path = f"{organisation.directory}/users/{credentials.MEMBER}"
    assert organisation.post(f"{path}/suspend").status_code == 204
    assert simulator.state()["products"]["jira-software"]["used"] == 9
    organisation.add(access_group, people[0])
    assert code(organisation.post(f"{path}/restore")) == "ADMIN-UAM-409-3"
    organisation.remove(access_group, people[0])
    assert organisation.post(f"{path}/restore").status_code == 204
    closed = f"{organisation.directory}/users/{account_id(299)}"
    for verb in ("suspend", "restore"):
        assert code(organisation.post(f"{closed}/{verb}")) == "ADMIN-UAM-400-2"


def test_last_active_dates_come_hours_late_and_are_empty_when_never_used(
    organisation: OrganisationClient, simulator: SimulatorProcess, browser: Browser
) -> None:
    def products(account: str) -> list[str]:
        path = f"/v1/orgs/{credentials.ORG_ID}/directory/users/{account}/last-active-dates"
        return [entry["key"] for entry in organisation.get(path).json()["data"]["product_access"]]

    never = account_id(0)
    browser.sign_in(never)
    assert browser.opens("/jira/your-work")
    assert products(never) == []
    simulator.order("options", last_active_lag=0)
    assert products(never) == ["jira-software"]
    path = f"/v1/orgs/{credentials.ORG_ID}/directory/users/712020:nobody/last-active-dates"
    assert code(organisation.get(path)) == "ADMIN-404-8"


def test_the_events_stream_tells_membership_changes_and_can_be_polled_on(
    organisation: OrganisationClient,
    simulator: SimulatorProcess,
    access_group: str,
    people: list[str],
) -> None:
    organisation.add(access_group, people[0])
    first = organisation.get(STREAM).json()
    assert [event["attributes"]["action"] for event in first["data"]] == ["user_added_to_group"]
    cursor = _cursor(first["links"]["next"])
    again = organisation.get(STREAM, params={"cursor": cursor}).json()
    assert again["data"] == []
    simulator.order("members", name="ium-access", remove=[people[0]])
    (event,) = organisation.get(STREAM, params={"cursor": _cursor(again["links"]["next"])}).json()[
        "data"
    ]
    assert event["attributes"]["action"] == "user_removed_from_group"
    assert event["attributes"]["actor"]["id"] == "control"
    assert [entry["id"] for entry in event["attributes"]["context"]] == [people[0], access_group]


def test_wrong_times_and_cursors_of_the_stream_answer_the_codes_of_v1(
    organisation: OrganisationClient,
) -> None:
    assert code(organisation.get(STREAM, params={"from": "x"}, wrong=True)) == "ADMIN-400-4"
    assert code(organisation.get(STREAM, params={"cursor": "?"})) == "ADMIN-400-24"
    assert organisation.get(STREAM, params={"to": 1}).json()["data"] == []
