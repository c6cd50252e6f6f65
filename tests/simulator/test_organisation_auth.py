"""Organizations API: keys, organisations and directories."""

from __future__ import annotations

import pytest

from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import stable_uuid
from tests.simulator.described import Bearer, OrganisationClient, code

MEMBERSHIPS = f"/groups/{stable_uuid('group-ium-access')}/memberships"


def test_both_keys_work_at_the_same_time(organisation: OrganisationClient) -> None:
    for key in (credentials.ORG_KEY, credentials.SECOND_ORG_KEY):
        answer = organisation.get("/v1/orgs", auth=Bearer(key))
        assert [found["id"] for found in answer.json()["data"]] == [credentials.ORG_ID]
    one = organisation.get(f"/v1/orgs/{credentials.ORG_ID}").json()["data"]
    assert one["attributes"]["name"] == "Acme"


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (Bearer("nonsense"), "ADMIN-UAM-401-1"),
        (Bearer(credentials.REVOKED_ORG_KEY), "ADMIN-UAM-401-1"),
        (Bearer(credentials.EXPIRED_ORG_KEY), "ADMIN-UAM-401-1"),
        (Bearer(credentials.ADMIN_TOKEN), "ADMIN-UAM-401-1"),
        ((credentials.ADMIN_EMAIL, credentials.ADMIN_TOKEN), "ADMIN-UAM-401-2"),
    ],
    ids=["nonsense", "revoked", "expired", "api token as bearer", "basic authentication"],
)
def test_what_is_no_living_key_answers_401(
    organisation: OrganisationClient, auth: object, expected: str
) -> None:
    for path in ("/v1/orgs", f"{organisation.org}/directories"):
        answer = organisation.get(path, auth=auth, wrong=True)
        assert (answer.status_code, code(answer)) == (401, expected)


def test_a_key_of_another_organisation_answers_403(organisation: OrganisationClient) -> None:
    foreign = Bearer(credentials.FOREIGN_ORG_KEY)
    assert organisation.get("/v1/orgs", auth=foreign).json()["data"] == []
    assert (
        code(organisation.get(f"{organisation.org}/directories", auth=foreign)) == "ADMIN-UAM-403-2"
    )
    assert code(organisation.get(f"/v1/orgs/{credentials.ORG_ID}", auth=foreign)) == "ADMIN-403-3"


def test_a_scoped_key_reads(organisation: OrganisationClient) -> None:
    scoped = Bearer(credentials.SCOPED_ORG_KEY)
    assert organisation.get(f"{organisation.org}/directories", auth=scoped).status_code == 200
    body = {"groupNames": ["ium-access"]}
    assert (
        organisation.post(f"{organisation.directory}/groups/search", body, auth=scoped).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", MEMBERSHIPS),
        ("DELETE", f"{MEMBERSHIPS}/{credentials.MEMBER}"),
        ("POST", "/groups"),
        ("POST", f"/users/{credentials.MEMBER}/suspend"),
        ("POST", f"/groups/{stable_uuid('group-ium-access')}/role-assignments/assign"),
    ],
)
def test_a_scoped_key_is_refused_for_writes(
    organisation: OrganisationClient, method: str, path: str
) -> None:
    body = {"accountId": credentials.MEMBER} if method == "POST" else None
    scoped = Bearer(credentials.SCOPED_ORG_KEY)
    answer = organisation.call(method, organisation.directory + path, json=body, auth=scoped)
    assert (answer.status_code, code(answer)) == (403, "ADMIN-UAM-403-1")


def test_a_scoped_key_without_the_events_scope_gets_insufficient_scope(
    organisation: OrganisationClient,
) -> None:
    path = f"/v1/orgs/{credentials.ORG_ID}/events-stream"
    answer = organisation.get(path, auth=Bearer(credentials.SCOPED_ORG_KEY))
    assert (answer.status_code, code(answer)) == (401, "ADMIN-401-2")
    assert answer.json()["errors"][0]["title"] == "INSUFFICIENT_SCOPE"


def test_an_unknown_organisation_answers_404_2(organisation: OrganisationClient) -> None:
    path = f"/v2/orgs/{stable_uuid('another')}/directories"
    assert code(organisation.get(path)) == "ADMIN-UAM-404-2"


def test_an_unknown_directory_answers_404_1(organisation: OrganisationClient) -> None:
    path = f"{organisation.org}/directories/{stable_uuid('another')}{MEMBERSHIPS}"
    answer = organisation.post(path, {"accountId": credentials.MEMBER})
    assert code(answer) == "ADMIN-UAM-404-1"


def test_a_dash_stands_for_all_directories_when_reading_only(
    organisation: OrganisationClient,
) -> None:
    everywhere = f"{organisation.org}/directories/-"
    assert organisation.post(f"{everywhere}/groups/search", {}).status_code == 200
    answer = organisation.post(f"{everywhere}{MEMBERSHIPS}", {"accountId": credentials.MEMBER})
    assert (answer.status_code, code(answer)) == (400, "ADMIN-UAM-400-1")


def test_there_is_exactly_one_directory(organisation: OrganisationClient) -> None:
    found = organisation.get(f"{organisation.org}/directories").json()["data"]
    assert [directory["directoryId"] for directory in found] == [credentials.DIRECTORY_ID]
