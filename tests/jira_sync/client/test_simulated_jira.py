"""All operations of all families against the simulated Jira, over real HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from jira_sync.client import (
    GroupNotFound,
    GroupReadOnly,
    JiraDirectory,
    JiraError,
    KeyRefused,
    LicenceLimitReached,
    NotAllowed,
    NotFound,
    UserInactive,
    UserNotFound,
)

from .simulated import SimulatedJira

NOBODY = "712020:00000000-0000-4000-8000-000000000000"
NO_GROUP = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def access(simulator: SimulatedJira) -> str:
    """Id of the group that gives product access; empty at first."""
    return simulator.group_id("ium-access")


@pytest.fixture
def users(simulator: SimulatedJira) -> list[str]:
    """Account ids of everybody IUM manages."""
    return simulator.members("ium-users")


# --- memberships ----------------------------------------------------------------------------------


def test_add_and_remove_cost_one_call_each(
    simulator: SimulatedJira, directory: JiraDirectory, access: str, users: list[str]
) -> None:
    directory.add_member(access, users[0])  # looks up missing ids once
    before = simulator.calls()
    directory.add_member(access, users[1])
    assert simulator.calls() == before + 1
    directory.remove_member(access, users[0])
    assert simulator.calls() == before + 2
    assert simulator.members("ium-access") == [users[1]]


def test_both_may_be_repeated(
    simulator: SimulatedJira, directory: JiraDirectory, access: str, users: list[str]
) -> None:
    for _ in range(2):
        directory.add_member(access, users[0])
    assert directory.is_member(access, users[0])
    for _ in range(2):
        directory.remove_member(access, users[0])
    assert not directory.is_member(access, users[0])
    assert simulator.members("ium-access") == []


def test_unknown_person_and_unknown_group(
    directory: JiraDirectory, access: str, users: list[str]
) -> None:
    with pytest.raises(UserNotFound):
        directory.add_member(access, NOBODY)
    for call in (directory.add_member, directory.remove_member, directory.is_member):
        with pytest.raises(GroupNotFound):
            call(NO_GROUP, users[0])
    with pytest.raises(GroupNotFound):
        list(directory.iter_members(NO_GROUP))
    directory.remove_member(access, NOBODY)
    assert not directory.is_member(access, NOBODY)


def test_jira_itself_says_when_it_lets_somebody_in(
    simulator: SimulatedJira, access: str, users: list[str]
) -> None:
    jira = simulator.jira()
    simulator.options(delay=60)
    jira.add_member(access, users[0])
    assert jira.is_member(access, users[0])
    assert jira.lets_in(users[0], "jira-software") is False

    simulator.options(delay=0)
    jira.add_member(access, users[1])
    before = simulator.calls()
    assert jira.lets_in(users[1], "jira-software") is True
    assert simulator.calls() == before + 1
    assert jira.lets_in(users[1], "confluence") is None


def test_an_organisation_key_alone_cannot_tell_who_is_let_in(
    simulator: SimulatedJira, users: list[str]
) -> None:
    before = simulator.calls()
    assert simulator.organisation().lets_in(users[0], "jira-software") is None
    assert simulator.calls() == before


def test_inactive_person(
    simulator: SimulatedJira, directory: JiraDirectory, access: str, users: list[str]
) -> None:
    simulator.set_status(users[0], "suspended")
    with pytest.raises((UserInactive, UserNotFound)) as caught:
        directory.add_member(access, users[0])
    assert caught.value.affects == "user"


def test_group_of_the_identity_provider(
    simulator: SimulatedJira, directory: JiraDirectory, users: list[str]
) -> None:
    staff = simulator.group_id("idp-staff")
    outsider = next(one for one in users if one not in simulator.members("idp-staff"))
    with pytest.raises(GroupReadOnly):
        directory.add_member(staff, outsider)
    with pytest.raises(GroupReadOnly):
        directory.remove_member(staff, simulator.members("idp-staff")[0])


def test_no_licence_left(
    simulator: SimulatedJira, directory: JiraDirectory, users: list[str]
) -> None:
    used = simulator.state()["products"]["jira-software"]["used"]
    simulator.reset(seats={"jira-software": used + 1})
    access = simulator.group_id("ium-access")
    directory.add_member(access, users[0])
    with pytest.raises(LicenceLimitReached):
        directory.add_member(access, users[1])
    assert simulator.members("ium-access") == [users[0]]
    directory.remove_member(access, users[0])
    directory.add_member(access, users[1])


def test_threads_share_one_client(
    simulator: SimulatedJira, directory: JiraDirectory, access: str, users: list[str]
) -> None:
    some = users[:24]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: directory.add_member(access, one), some))
    assert simulator.members("ium-access") == sorted(some)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: directory.remove_member(access, one), some))
    assert simulator.members("ium-access") == []


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("cursor", ["mixed", "token", "url"])
def test_large_group_over_many_pages(
    simulator: SimulatedJira, directory: JiraDirectory, cursor: str
) -> None:
    simulator.reset(people=400)
    simulator.options(cursor=cursor)
    members = simulator.members("ium-users")
    assert len(members) >= 300
    people = list(directory.iter_members(simulator.group_id("ium-users")))
    assert sorted(one.account_id for one in people) == sorted(members)
    assert all(one.name and one.kind == "atlassian" and one.active for one in people)


def test_members_include_apps_and_inactive_people(
    simulator: SimulatedJira, directory: JiraDirectory
) -> None:
    people = list(directory.iter_members(simulator.group_id("engineering")))
    assert sorted(one.account_id for one in people) == simulator.members("engineering")
    assert "app" in {one.kind for one in people}
    assert not all(one.active for one in people)


def test_everybody(simulator: SimulatedJira, directory: JiraDirectory) -> None:
    ids = [one.account_id for one in directory.iter_people()]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 300
    assert set(simulator.members("ium-users")) < set(ids)


def test_some_people(directory: JiraDirectory, users: list[str]) -> None:
    found = directory.people([*users[:60], NOBODY])
    assert sorted(one.account_id for one in found) == users[:60]
    for one in found:
        assert one.groups is None or "ium-users" in {group.name for group in one.groups}


def test_groups_and_what_they_grant(
    simulator: SimulatedJira, directory: JiraDirectory, access: str
) -> None:
    listed = {group.group_id: group.name for group in directory.iter_groups()}
    assert listed == {one["groupId"]: one["name"] for one in simulator.state()["groups"]}
    by_name, by_id = directory.find_group(name="ium-access"), directory.find_group(group_id=access)
    assert by_name is not None
    assert by_name == by_id
    assert by_name.managed_externally is False
    assert [(one.product, one.takes_licence) for one in by_name.grants or ()] == [
        ("jira-software", True)
    ]
    assert directory.find_group(name="ium") is None
    assert directory.find_group(group_id=NO_GROUP) is None
    staff = directory.find_group(name="idp-staff")
    assert staff is not None
    assert staff.managed_externally is True


def test_administrators(simulator: SimulatedJira, directory: JiraDirectory) -> None:
    assert directory.admin_account_ids() == set(simulator.members("site-admins"))


def test_licences(simulator: SimulatedJira, users: list[str], access: str) -> None:
    jira = simulator.jira()
    before = next(one for one in jira.products() if one.product == "jira-software")
    jira.add_member(access, users[0])
    after = next(one for one in jira.products() if one.product == "jira-software")
    assert after.seats == 40
    assert (after.used, after.remaining) == (before.used + 1, (before.remaining or 0) - 1)
    assert after.default_group_ids == (simulator.group_id("jira-software-default"),)


def test_clock(directory: JiraDirectory) -> None:
    assert abs(directory.server_clock().offset_seconds) < 3


def test_check(simulator: SimulatedJira, directory: JiraDirectory, access: str) -> None:
    staff = simulator.group_id("idp-staff")
    results = {line.what: line.ok for line in directory.check([access, staff])}
    assert results.pop("Group idp-staff") is False
    assert all(results.values()), results
    assert len(results) >= 4


# --- keys -----------------------------------------------------------------------------------------


def test_second_key_takes_over_when_the_first_is_revoked(
    simulator: SimulatedJira, access: str, users: list[str]
) -> None:
    directory = simulator.organisation("revoked_org_key", "second_org_key")
    directory.add_member(access, users[0])
    before = simulator.calls()
    directory.remove_member(access, users[0])
    assert simulator.calls() == before + 1


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("revoked_org_key", KeyRefused),
        ("expired_org_key", KeyRefused),
        ("api_token", KeyRefused),
        ("scoped_org_key", NotAllowed),
        ("foreign_org_key", NotAllowed),
    ],
)
def test_organisation_key_that_may_not(
    simulator: SimulatedJira, access: str, users: list[str], key: str, error: type[JiraError]
) -> None:
    directory_id = simulator.credentials["directory_id"]
    directory = simulator.organisation(key, directory_id=directory_id)
    with pytest.raises(error) as caught:
        directory.add_member(access, users[0])
    assert caught.value.affects == "site"
    assert simulator.members("ium-access") == []


def test_api_token_that_may_not(simulator: SimulatedJira, access: str, users: list[str]) -> None:
    cases = (
        (simulator.jira("expired_api_token"), KeyRefused),
        (simulator.jira("member_api_token", "member_email"), NotAllowed),
        (simulator.jira("app_api_token", "app_email"), NotAllowed),
        (simulator.scoped("read_only_api_token"), NotAllowed),
    )
    for directory, error in cases:
        with pytest.raises(error):
            directory.add_member(access, users[0])


def test_wrong_directory_is_no_missing_person(
    simulator: SimulatedJira, access: str, users: list[str]
) -> None:
    directory = simulator.organisation(directory_id="11111111-1111-4111-8111-111111111111")
    for call in (directory.add_member, directory.remove_member, directory.is_member):
        with pytest.raises(NotFound) as caught:
            call(access, users[0])
        assert caught.value.affects in ("site", "group")


# --- projects -------------------------------------------------------------------------------------


def test_projects_are_told_by_key_and_type(simulator: SimulatedJira) -> None:
    found = simulator.jira().projects()
    assert found is not None
    assert {one.key: one.type_key for one in found} == {
        "DEMO": "software",
        "IDEA": "product_discovery",
        "OPS": "business",
        "SUP": "service_desk",
    }


def test_an_organisation_key_alone_cannot_tell_projects(simulator: SimulatedJira) -> None:
    assert simulator.organisation().projects() is None
