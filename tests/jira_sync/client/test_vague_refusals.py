"""Where Jira's answer says too little, the client looks around before it reports."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from jira_sync.client import JiraDirectory, errors

from . import data
from .data import GROUP, REST, cursor_page, jira_error, org_error, page

ROW = {"groupId": GROUP, "name": "ium-access"}


def count(http: responses.RequestsMock, method: str) -> int:
    return sum(call.request.method == method for call in http.calls)


# --- Organizations API ----------------------------------------------------------------------------


def test_adding_costs_one_call(http: responses.RequestsMock, organisation: JiraDirectory) -> None:
    http.post(data.MEMBERSHIPS_URL, status=204)
    organisation.add_member(GROUP, data.ANN)
    assert len(http.calls) == 1
    assert http.calls[0].request.body == f'{{"accountId": "{data.ANN}"}}'.encode()


def test_removing_costs_one_call(http: responses.RequestsMock, organisation: JiraDirectory) -> None:
    http.delete(data.MEMBERSHIP_URL, status=204)
    organisation.remove_member(GROUP, data.ANN)
    assert len(http.calls) == 1


@pytest.mark.parametrize("status", [200, 201, 204])
def test_any_2xx_is_success(
    http: responses.RequestsMock, organisation: JiraDirectory, status: int
) -> None:
    http.post(data.MEMBERSHIPS_URL, status=status)
    organisation.add_member(GROUP, data.ANN)


def test_already_a_member_is_success(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.post(data.MEMBERSHIPS_URL, status=409, json=org_error("ADMIN-UAM-409-2"))
    organisation.add_member(GROUP, data.ANN)
    assert len(http.calls) == 1


@pytest.mark.parametrize("group", [{"externalSynced": True}, {"managedBy": "external"},
                                   {"managementAccess": {"modifiable": False}}])  # fmt: skip
def test_bare_refusal_of_a_synced_group_is_recognised(
    http: responses.RequestsMock, organisation: JiraDirectory, group: dict[str, Any]
) -> None:
    http.post(data.MEMBERSHIPS_URL, status=403, json=org_error("ADMIN-UAM-403-1"))
    http.get(data.GROUP_URL, json=data.org_group(**group))
    with pytest.raises(errors.GroupReadOnly):
        organisation.add_member(GROUP, data.ANN)


def test_bare_refusal_of_an_ordinary_group_stays_about_the_key(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.post(data.MEMBERSHIPS_URL, status=403, json=org_error("ADMIN-UAM-403-1"))
    http.get(data.GROUP_URL, json={"data": data.org_group()})
    with pytest.raises(errors.NotAllowed):
        organisation.add_member(GROUP, data.ANN)


def test_404_without_a_code_on_adding_finds_out_what_is_missing(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.post(data.MEMBERSHIPS_URL, status=404)
    http.get(data.GROUP_URL, json=data.org_group())
    with pytest.raises(errors.UserNotFound):
        organisation.add_member(GROUP, data.ANN)
    http.replace("GET", data.GROUP_URL, status=404)
    with pytest.raises(errors.GroupNotFound):
        organisation.add_member(GROUP, data.ANN)


@pytest.mark.parametrize("body", [None, org_error("ADMIN-UAM-404-1")])
def test_404_on_removing_is_success_when_the_person_is_surely_absent(
    http: responses.RequestsMock, organisation: JiraDirectory, body: Any
) -> None:
    http.delete(data.MEMBERSHIP_URL, status=404, json=body)
    http.post(data.USERS_SEARCH_URL, json=cursor_page())
    http.get(data.GROUP_URL, json=data.org_group())
    organisation.remove_member(GROUP, data.ANN)


def test_404_on_removing_from_a_group_that_is_gone_is_no_success(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.delete(data.MEMBERSHIP_URL, status=404)
    http.post(data.USERS_SEARCH_URL, json=cursor_page())
    http.get(data.GROUP_URL, status=404)
    with pytest.raises(errors.GroupNotFound):
        organisation.remove_member(GROUP, data.ANN)


def test_404_on_removing_somebody_who_is_still_there_is_unknown(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.delete(data.MEMBERSHIP_URL, status=404, json=org_error("ADMIN-UAM-404-1"))
    http.post(data.USERS_SEARCH_URL, json=cursor_page({"accountId": data.ANN}))
    with pytest.raises(errors.OutcomeUnknown):
        organisation.remove_member(GROUP, data.ANN)


def test_a_search_that_ignores_the_account_is_no_membership(
    http: responses.RequestsMock, organisation: JiraDirectory
) -> None:
    http.post(data.USERS_SEARCH_URL, json=cursor_page({"accountId": data.BEN}))
    http.get(data.GROUP_URL, json=data.org_group())
    assert organisation.is_member(GROUP, data.ANN) is False


# --- Jira REST ------------------------------------------------------------------------------------


def test_jira_adding_and_removing_cost_one_call_each(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    http.post(f"{REST}/group/user", status=201, json={"name": "ium-access", "groupId": GROUP})
    http.delete(f"{REST}/group/user", status=200)
    jira.add_member(GROUP, data.ANN)
    jira.remove_member(GROUP, data.ANN)
    assert len(http.calls) == 2


def already_member(http: responses.RequestsMock) -> None:
    text = "Cannot add user. User is already a member of '{1}'"
    http.post(f"{REST}/group/user", status=400, json=jira_error(text))


def test_jira_already_a_member_is_believed_after_a_look(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    already_member(http)
    http.get(f"{REST}/user/groups", json=[ROW])
    jira.add_member(GROUP, data.ANN)


def test_jira_already_a_member_that_is_not_true_is_refused(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    already_member(http)
    http.get(f"{REST}/user/groups", json=[])
    http.get(f"{REST}/group/bulk", json=page(ROW))
    http.get(f"{REST}/groups/picker", json={"groups": []})
    http.get(f"{REST}/applicationrole", json=[data.role()])
    with pytest.raises(errors.RequestRefused):
        jira.add_member(GROUP, data.ANN)


@pytest.mark.parametrize(
    ("managed_by", "status", "left", "error"),
    [
        ("EXTERNAL", 403, 3, errors.GroupReadOnly),
        ("ADMINS", 403, 0, errors.NotAllowed),
        ("ADMINS", 404, 3, errors.UserNotFound),
        ("ADMINS", 400, 0, errors.LicenceLimitReached),
        ("ADMINS", 400, 3, errors.RequestRefused),
    ],
)
def test_jira_vague_refusal_is_explained_by_group_and_licences(
    http: responses.RequestsMock,
    jira: JiraDirectory,
    managed_by: str,
    status: int,
    left: int,
    error: type[errors.JiraError],
) -> None:
    http.post(f"{REST}/group/user", status=status)
    http.get(f"{REST}/group/bulk", json=page(ROW))
    http.get(f"{REST}/groups/picker", json={"groups": [{**ROW, "managedBy": managed_by}]})
    http.get(f"{REST}/applicationrole", json=[data.role(left=left)])
    with pytest.raises(errors.JiraError) as caught:
        jira.add_member(GROUP, data.ANN)
    assert type(caught.value) is error


HYSTRIX = "HystrixRuntimeException: AddUserToGroupsIdentityPlatformCommand failed"


@pytest.mark.parametrize(
    ("groups", "left", "error"),
    [
        ([ROW], 0, None),
        ([], 0, errors.LicenceLimitReached),
        ([], 3, errors.OutcomeUnknown),
    ],
)
def test_jira_500_of_the_identity_service_is_checked(
    http: responses.RequestsMock,
    jira: JiraDirectory,
    groups: list[dict[str, str]],
    left: int,
    error: type[errors.JiraError] | None,
) -> None:
    http.post(f"{REST}/group/user", status=500, json=jira_error(HYSTRIX))
    http.get(f"{REST}/user/groups", json=groups)
    http.get(f"{REST}/group/bulk", json=page(ROW))
    http.get(f"{REST}/applicationrole", json=[data.role(left=left)])
    if error is None:
        jira.add_member(GROUP, data.ANN)
        return
    with pytest.raises(error):
        jira.add_member(GROUP, data.ANN)


def test_jira_500_of_the_identity_service_that_cannot_be_checked_is_unknown(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    http.post(f"{REST}/group/user", status=500, json=jira_error(HYSTRIX))
    http.get(f"{REST}/user/groups", status=500)
    with pytest.raises(errors.OutcomeUnknown):
        jira.add_member(GROUP, data.ANN)


@pytest.mark.parametrize("status", [400, 404])
def test_jira_refusal_to_remove_is_success_when_the_person_is_absent(
    http: responses.RequestsMock, jira: JiraDirectory, status: int
) -> None:
    http.delete(f"{REST}/group/user", status=status)
    http.get(f"{REST}/group/member", json=page({"accountId": data.BEN}))
    jira.remove_member(GROUP, data.ANN)


@pytest.mark.parametrize("status", [400, 404])
def test_jira_refusal_to_remove_somebody_who_is_there_stays_a_refusal(
    http: responses.RequestsMock, jira: JiraDirectory, status: int
) -> None:
    http.delete(f"{REST}/group/user", status=status)
    http.get(f"{REST}/group/member", json=page({"accountId": data.ANN}))
    with pytest.raises((errors.RequestRefused, errors.NotFound)):
        jira.remove_member(GROUP, data.ANN)


def test_jira_membership_without_group_ids_is_read_from_the_group(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    http.get(f"{REST}/user/groups", json=[{"groupId": None, "name": "ium-access"}])
    http.get(f"{REST}/group/member", json=page({"accountId": data.ANN}))
    assert jira.is_member(GROUP, data.ANN)


def test_jira_no_membership_in_a_group_that_is_gone(
    http: responses.RequestsMock, jira: JiraDirectory
) -> None:
    http.get(f"{REST}/user/groups", json=[])
    http.get(f"{REST}/group/bulk", json=page())
    with pytest.raises(errors.GroupNotFound):
        jira.is_member(GROUP, data.ANN)
