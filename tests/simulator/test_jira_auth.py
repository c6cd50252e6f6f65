"""Jira REST v3: who is let in, and the answers to those who are not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import stable_uuid
from tests.simulator.browser import Browser
from tests.simulator.described import Bearer, JiraClient
from tests.simulator.process import SimulatorProcess

SCOPED = f"/ex/jira/{credentials.CLOUD_ID}"


@pytest.fixture
def scoped(simulator: SimulatorProcess) -> Iterator[JiraClient]:
    client = JiraClient(simulator.url, credentials.SCOPED_TOKEN, prefix=SCOPED)
    yield client
    client.session.close()


@pytest.mark.parametrize(
    "auth",
    [
        (credentials.ADMIN_EMAIL, "wrong"),
        ("somebody@example.com", credentials.ADMIN_TOKEN),
        (credentials.ADMIN_EMAIL, credentials.EXPIRED_TOKEN),
        (credentials.ADMIN_EMAIL, credentials.SCOPED_TOKEN),
        Bearer(credentials.ORG_KEY),
    ],
    ids=[
        "wrong token",
        "another address",
        "expired token",
        "scoped token at the site",
        "organization key",
    ],
)
def test_wrong_credentials_answer_401(jira: JiraClient, auth: object) -> None:
    for path in ("myself", "serverInfo", "applicationrole"):
        answer = jira.get(path, auth=auth, wrong=True)
        assert answer.status_code == 401
        assert answer.headers["X-Seraph-LoginReason"] == "AUTHENTICATED_FAILED"


def test_without_credentials_reading_answers_401(
    simulator: SimulatorProcess, jira: JiraClient
) -> None:
    answer = jira.session.get(f"{simulator.url}/rest/api/3/myself", timeout=5)
    assert answer.status_code == 401


def test_a_suspended_administrator_loses_the_token(
    simulator: SimulatorProcess, jira: JiraClient
) -> None:
    simulator.order("user", accountId=credentials.ADMIN, suspended=True)
    assert jira.get("myself").status_code == 401


def test_an_ordinary_member_may_read_groups_but_not_write_them(
    jira: JiraClient, access_group: str, people: list[str]
) -> None:
    member = (credentials.MEMBER_EMAIL, credentials.MEMBER_TOKEN)
    assert (
        jira.get("group/member", params={"groupId": access_group}, auth=member).status_code == 200
    )
    answer = jira.add(access_group, people[0], auth=member)
    assert answer.status_code == 403
    assert "user does not have the relevant permissions" in answer.text
    assert (
        jira.call("POST", "/rest/api/3/group", json={"name": "x"}, auth=member).status_code == 403
    )
    parameters = {"groupId": access_group}
    assert (
        jira.call("DELETE", "/rest/api/3/group", params=parameters, auth=member).status_code == 403
    )


def test_a_member_without_jira_may_not_even_browse(
    simulator: SimulatorProcess, jira: JiraClient
) -> None:
    member = (credentials.MEMBER_EMAIL, credentials.MEMBER_TOKEN)
    simulator.order("options", delay=0)
    for name in ("jira-fixed", "jira-servicedesk-agents"):
        simulator.order("members", name=name, remove=[credentials.MEMBER])
    answer = jira.get("group/bulk", auth=member)
    assert answer.status_code == 403
    assert answer.json()["errorMessages"] == [
        "Browse users and groups permission is required to view groups."
    ]
    assert jira.get("users/search", auth=member).status_code == 403
    assert jira.get("myself", auth=member).status_code == 401


def test_an_app_identity_gets_403_for_group_writes(
    jira: JiraClient, access_group: str, people: list[str]
) -> None:
    app = (credentials.APP_EMAIL, credentials.APP_TOKEN)
    answer = jira.add(access_group, people[0], auth=app)
    assert (answer.status_code, "AuthorizationException" in answer.text) == (403, True)
    empty = jira.add(stable_uuid("group-site-admins"), people[0], auth=app)
    assert (empty.status_code, empty.content) == (403, b"")


def test_a_scoped_token_works_below_the_cloud_id(
    scoped: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    assert scoped.add(access_group, people[0]).status_code == 201
    page = scoped.get("group/member", params={"groupname": "ium-users"}).json()
    assert page["nextPage"].startswith(f"{simulator.url}{SCOPED}/rest/api/3/group/member?")
    assert scoped.remove(access_group, people[0]).status_code == 200


def test_a_token_with_reading_scopes_cannot_write(
    scoped: JiraClient, access_group: str, people: list[str]
) -> None:
    reading = (credentials.ADMIN_EMAIL, credentials.READ_ONLY_TOKEN)
    assert scoped.get("applicationrole", auth=reading).status_code == 200
    answer = scoped.add(access_group, people[0], auth=reading)
    assert answer.json() == {"code": 401, "message": "Unauthorized; scope does not match"}


def test_another_cloud_id_answers_404(simulator: SimulatorProcess, jira: JiraClient) -> None:
    path = f"{simulator.url}/ex/jira/{stable_uuid('elsewhere')}/rest/api/3/serverInfo"
    assert jira.session.get(path, timeout=5).status_code == 404


def test_the_session_of_a_page_may_call_the_api(
    simulator: SimulatorProcess, browser: Browser
) -> None:
    browser.sign_in(credentials.MEMBER)
    assert browser.get("/rest/api/3/myself").json()["accountId"] == credentials.MEMBER
    assert browser.get("/rest/api/3/project/SUP").json()["projectTypeKey"] == "service_desk"
