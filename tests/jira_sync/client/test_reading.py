"""What the answers mean: people, groups, grants, licences, administrators, the clock, the check."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import responses

from jira_sync.client import (
    BadAnswer,
    ConnectionIncomplete,
    Grant,
    GroupInfo,
    GroupRef,
    JiraDirectory,
    Person,
    build,
    errors,
)
from jira_sync.client.organization_rows import person as org_person

from . import data
from .data import DIRECTORY_URL, GROUP, GROUPS_SEARCH_URL, REST, USERS_SEARCH_URL, cursor_page, page


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"status": "active"}, "active"),
        ({"status": "suspended"}, "suspended"),
        ({"status": "for_deletion"}, "for_deletion"),
        ({"status": "active", "accountStatus": "closed"}, "closed"),
        ({"accountStatus": "inactive", "membershipStatus": "active"}, "deactivated"),
        ({"accountStatus": "active", "membershipStatus": "active"}, "active"),
        ({"membershipStatus": "no_membership"}, "not_invited"),
        ({"status": "something new"}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_status_of_an_organisations_person(row: dict[str, str], status: str) -> None:
    person = org_person({"accountId": "a", **row})
    assert person.status == status
    assert person.active is (status == "active")


def test_people_of_the_organisation_come_ten_at_a_time_with_groups(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    row = {"accountId": data.ANN, "name": "Ann", "email": "ann@example.com",
           "accountType": "atlassian", "status": "active",
           "groups": [{"id": GROUP, "name": "ium-access"}]}  # fmt: skip
    http.post(USERS_SEARCH_URL, json=cursor_page(row))
    asked = [data.ANN, data.ANN, *(f"id-{number}" for number in range(10))]
    ann = Person(data.ANN, "Ann", "ann@example.com", "atlassian", True, "active",
                 (GroupRef(GROUP, "ium-access"),))  # fmt: skip
    assert organisation.people(asked) == [ann]
    assert len(http.calls) == 2
    assert "ann@example.com" not in repr(ann)


def test_people_of_jira(http: responses.RequestsMock, jira: JiraDirectory) -> None:
    rows = ({"accountId": "a", "displayName": "Ann", "active": True, "accountType": "atlassian"},
            {"accountId": "b", "displayName": "Ben", "active": False, "emailAddress": ""})  # fmt: skip
    http.get(f"{REST}/user/bulk", json=page(*rows))
    ann, ben = jira.people(["a", "b"])
    assert ann == Person("a", "Ann", None, "atlassian", True, "active")
    assert ben == Person("b", "Ben", None, "unknown", False, "deactivated")


@pytest.mark.parametrize(
    ("roles", "takes"),
    [
        (("atlassian/user",), True),
        (("atlassian/guest", "atlassian/admin"), True),
        (("atlassian/guest",), False),
        (("atlassian/user-access-admin", "atlassian/customer"), False),
        (("contributor",), False),
        (("atlassian/new-role",), True),
        ((), True),
    ],
)
def test_which_grants_take_a_licence(roles: tuple[str, ...], takes: bool) -> None:
    assert Grant("jira-software", None, roles).takes_licence is takes


def test_group_of_the_organisation_with_its_grants(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    other = data.org_group(id="x", name="ium-access-2")
    http.post(GROUPS_SEARCH_URL, json=cursor_page(other, data.org_group()))
    site = "ari:cloud:jira::site/1"
    row = {"resourceOwner": "jira-software", "resourceId": site, "roles": ["atlassian/user"]}
    http.get(f"{data.GROUP_URL}/role-assignments", json=cursor_page(row))
    grants = (Grant("jira-software", site, ("atlassian/user",)),)
    wanted = GroupInfo(GROUP, "ium-access", True, False, grants)
    assert organisation.find_group(name="IUM-access") == wanted
    assert organisation.find_group(group_id=GROUP) == wanted
    assert organisation.find_group(name="ium") is None


def test_group_of_jira_with_its_grants(http: responses.RequestsMock, jira: JiraDirectory) -> None:
    row = {"groupId": GROUP, "name": "ium-access"}
    http.get(f"{REST}/group/bulk", json=page({"groupId": "x", "name": "ium"}, row))
    http.get(f"{REST}/groups/picker", json={"groups": [{**row, "managedBy": "EXTERNAL"}]})
    http.get(f"{REST}/applicationrole", json=[data.role(), data.role(key="b", groupDetails=[])])
    wanted = GroupInfo(GROUP, "ium-access", None, True, (Grant("jira-software"),))
    assert jira.find_group(name="ium-access") == wanted
    assert jira.find_group(group_id=GROUP) == wanted
    assert jira.find_group(name="other") is None


def test_find_group_wants_one_of_name_and_id(
    organisation: JiraDirectory, jira: JiraDirectory
) -> None:
    for directory in (organisation, jira):
        with pytest.raises(ValueError, match="either name or group_id"):
            directory.find_group()
        with pytest.raises(ValueError, match="either name or group_id"):
            directory.find_group(name="a", group_id="b")


def test_grants_of_a_group_that_is_gone(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.get(f"{data.GROUP_URL}/role-assignments", status=404)
    with pytest.raises(errors.GroupNotFound):
        organisation.group_grants(GROUP)


def test_licences(http: responses.RequestsMock, combined: JiraDirectory) -> None:
    limited = data.role(defaultGroupsDetails=[{"groupId": "d", "name": "default"}])
    free = data.role(key="jira-servicedesk", hasUnlimitedSeats=True)
    http.get(f"{REST}/applicationrole", json=[limited, free])
    jira, desk = combined.products()
    assert (jira.product, jira.seats, jira.used, jira.remaining) == ("jira-software", 10, 7, 3)
    assert jira.default_group_ids == ("d",)
    assert (desk.seats, desk.used, desk.remaining) == (None, 7, None)


def test_licences_without_numbers_are_no_answer(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    http.get(f"{REST}/applicationrole", json=[{"key": "jira-software"}])
    with pytest.raises(BadAnswer):
        jira.products()


def test_organisation_key_alone_cannot_count_licences(organisation: JiraDirectory) -> None:
    assert organisation.products() == []


def test_administrators_of_the_organisation(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    rows: list[dict[str, Any]] = [
        {"accountId": "org", "platformRoles": ["atlassian/org-admin"]},
        {"accountId": "plain", "platformRoles": []},
        {"accountId": "untold"},
    ]
    http.post(USERS_SEARCH_URL, json=cursor_page(*rows))
    assert organisation.admin_account_ids() == {"org", "untold"}


def test_administrators_of_jira(http: responses.RequestsMock, jira: JiraDirectory) -> None:
    http.get(f"{REST}/group/bulk", json=page({"groupId": "g", "name": "site-admins"}))
    http.get(f"{REST}/group/member", json=page({"accountId": "a"}, {"accountId": "b"}))
    assert jira.admin_account_ids() == {"a", "b"}
    assert "accessType=site-admin" in str(http.calls[0].request.url)


def test_missing_ids_are_looked_up_once(http: responses.RequestsMock) -> None:
    directory = build(replace(data.ORGANISATION, org_id=None, directory_id=None))
    http.get(f"{data.API}/admin/v1/orgs", json=cursor_page({"id": data.ORG}))
    directories = f"{data.API}/admin/v2/orgs/{data.ORG}/directories"
    http.get(directories, json=cursor_page({"directoryId": data.DIRECTORY}))
    http.post(data.MEMBERSHIPS_URL, status=204)
    directory.add_member(GROUP, data.ANN)
    directory.add_member(GROUP, data.BEN)
    assert len(http.calls) == 4


@pytest.mark.parametrize("rows", [[], [{"directoryId": "a"}, {"directoryId": "b"}]])
def test_directory_that_is_not_clear_must_be_configured(
    http: responses.RequestsMock, rows: list[dict[str, str]]
) -> None:
    directory = build(replace(data.ORGANISATION, directory_id=None))
    url = f"{data.API}/admin/v2/orgs/{data.ORG}/directories"
    http.get(url, json=cursor_page(*rows))
    with pytest.raises(ConnectionIncomplete, match="Enter the id of the right directory"):
        directory.add_member(GROUP, data.ANN)


def test_connection_without_keys_cannot_be_built() -> None:
    with pytest.raises(ConnectionIncomplete):
        build(replace(data.JIRA, api_token=" "))


def test_clock_offset(http: responses.RequestsMock, jira: JiraDirectory) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=90)
    http.get(f"{REST}/serverInfo", json={}, headers={"date": format_datetime(ahead, usegmt=True)})
    clock = jira.server_clock()
    assert clock.offset_seconds == pytest.approx(90, abs=2)
    assert abs(clock.server_time - ahead) < timedelta(seconds=1)


# --- the connection test --------------------------------------------------------------------------


def lines(directory: JiraDirectory, *groups: str) -> dict[str, tuple[bool, str]]:
    return {line.what: (line.ok, line.message) for line in directory.check(groups)}


def test_check_of_an_organisation_in_words(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    late = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    http.get(f"{data.API}/admin/v1/orgs", json=cursor_page(), headers={"Date": late})
    http.post(GROUPS_SEARCH_URL, json=cursor_page(data.org_group(externalSynced=True)))
    http.get(f"{data.GROUP_URL}/role-assignments", json=cursor_page())
    http.post(USERS_SEARCH_URL, json=cursor_page({"accountId": "a"}))
    found = lines(organisation, GROUP, "gone")
    assert found["Organisation key"][0]
    assert found["Administrators"] == (True, "1 administrators found; IUM never touches them.")
    assert not found["Group ium-access"][0]
    assert "identity provider" in found["Group ium-access"][1]
    assert found["Group gone"] == (False, "Jira has no such group. Choose an existing one.")
    assert "300 s behind" in found["Clock"][1] or "299 s behind" in found["Clock"][1]


def test_check_with_a_bad_key_says_so_and_stops(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.post(GROUPS_SEARCH_URL, status=401)
    (line,) = organisation.check([GROUP])
    assert not line.ok
    assert "Create a new key" in line.message


def permissions(**rights: bool) -> dict[str, Any]:
    return {"permissions": {key: {"havePermission": have} for key, have in rights.items()}}


def test_check_of_jira_in_words(http: responses.RequestsMock, jira: JiraDirectory) -> None:
    now = format_datetime(datetime.now(UTC), usegmt=True)
    http.get(f"{REST}/myself", json={"displayName": "Ada"})
    http.get(f"{REST}/mypermissions", json=permissions(ADMINISTER=False, USER_PICKER=True))
    http.get(f"{REST}/applicationrole", json=[data.role()])
    http.get(f"{REST}/serverInfo", json={}, headers={"Date": now})
    http.get(f"{REST}/group/bulk", json=page({"groupId": GROUP, "name": "ium-access"}))
    http.get(f"{REST}/groups/picker", json={"groups": []})
    found = lines(jira, GROUP)
    assert found["API token"] == (True, "Accepted. IUM works as Ada.")
    assert found["Rights of the account"][0] is False
    assert "ADMINISTER" in found["Rights of the account"][1]
    assert found["Licences"] == (True, "Jira: 7 of 10 used")
    assert found["Group ium-access"] == (True, "Found. It gives access to jira-software.")
    assert found["Clock"] == (True, "This server's clock agrees with Jira's.")


def test_check_never_raises(http: responses.RequestsMock, combined: JiraDirectory) -> None:
    http.post(GROUPS_SEARCH_URL, body=OSError("down"))
    http.get(f"{REST}/myself", json={"displayName": "Ada"})
    for path in ("mypermissions", "applicationrole", "serverInfo"):
        http.get(f"{REST}/{path}", status=403)
    results = combined.check()
    assert [line.ok for line in results] == [False, True, False, False, False]
    assert DIRECTORY_URL not in " ".join(line.message for line in results)
