"""Control calls: the state everybody relies on, and arranging people, groups and options."""

from __future__ import annotations

import pytest
import requests

from jira_sync.simulator import credentials
from jira_sync.simulator.credentials import account_id
from tests.simulator.browser import Browser
from tests.simulator.described import JiraClient, OrganisationClient
from tests.simulator.process import SimulatorProcess


def _refusal(simulator: SimulatorProcess, call: str, body: object) -> str:
    answer = simulator.session.post(f"{simulator.url}/_sim/{call}", json=body, timeout=5)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["error"])


def test_the_state_has_the_keys_of_the_contract(
    simulator: SimulatorProcess, people: list[str]
) -> None:
    state = simulator.state()
    access = next(group for group in state["groups"] if group["name"] == "ium-access")
    assert set(access) == {"groupId", "name", "grants", "members", "highest_members"}
    assert (access["grants"], access["members"], access["highest_members"]) == (
        ["jira-software"],
        [],
        0,
    )
    assert state["products"]["jira-software"] == {"seats": 40, "used": 10, "highest_used": 10}
    assert set(state["products"]) == {
        "jira-software",
        "jira-servicedesk",
        "jira-product-discovery",
        "confluence",
    }
    assert state["calls"] == []


def test_calls_are_counted_by_method_endpoint_and_status(
    jira: JiraClient,
    organisation: OrganisationClient,
    simulator: SimulatorProcess,
    access_group: str,
    people: list[str],
) -> None:
    jira.add(access_group, people[0])
    jira.add(access_group, people[0])
    organisation.remove(access_group, people[0])
    path = (
        "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}"
    )
    assert simulator.state()["calls"] == [
        {"method": "DELETE", "path": path, "status": 204, "count": 1},
        {"method": "POST", "path": "/rest/api/3/group/user", "status": 201, "count": 1},
        {"method": "POST", "path": "/rest/api/3/group/user", "status": 400, "count": 1},
    ]


def test_calls_below_the_cloud_id_count_as_the_same_endpoint(simulator: SimulatorProcess) -> None:
    scoped = f"{simulator.url}/ex/jira/{credentials.CLOUD_ID}"
    requests.get(f"{scoped}/rest/api/3/serverInfo", timeout=5)
    assert simulator.calls("/rest/api/3/serverInfo") == {200: 1}


def test_the_demo_organisation_is_as_described(simulator: SimulatorProcess) -> None:
    groups = {group["name"]: group for group in simulator.state()["groups"]}
    assert set(groups) >= {
        "engineering",
        "marketing",
        "support-team",
        "finance",
        "design",
        "idp-staff",
    }
    users, fixed = set(groups["ium-users"]["members"]), set(groups["jira-fixed"]["members"])
    assert (len(users), len(fixed), len(groups["site-admins"]["members"])) == (240, 10, 3)
    assert not users & fixed
    assert set(groups["site-admins"]["members"]) <= fixed
    assert groups["jira-software-default"]["members"] == []


def test_the_organisation_is_the_same_in_every_run(simulator: SimulatorProcess) -> None:
    first = simulator.state()
    simulator.order("reset")
    assert simulator.state() == first


def test_reset_forgets_everything_and_can_change_the_size(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    jira.add(access_group, people[0])
    simulator.fault(".*", "status")
    simulator.order("reset", people=1000, seats={"jira-software": 500}, delay=0, bucket=9)
    state = simulator.state()
    assert (state["people"], state["products"]["jira-software"]["seats"]) == (1002, 500)
    assert (state["delay"], state["bucket"], state["faults"], state["calls"]) == (0, 9, [], [])
    assert len(simulator.group("ium-users")["members"]) == 800
    simulator.order("reset", people=20)
    assert len(simulator.group("ium-users")["members"]) == 3


def test_seats_can_be_bought_and_given_back_while_people_are_in(
    simulator: SimulatorProcess, people: list[str]
) -> None:
    simulator.order("options", seats={"jira-software": 9})
    software = simulator.state()["products"]["jira-software"]
    assert software == {"seats": 9, "used": 10, "highest_used": 10}
    refused = _refusal(simulator, "members", {"name": "ium-access", "add": people[:1]})
    assert refused == "NoSeatLeft: jira-software"
    simulator.order("options", seats={"jira-software": 11})
    simulator.order("members", name="ium-access", add=people[:1])


def test_people_groups_and_members_can_be_arranged(simulator: SimulatorProcess) -> None:
    (newcomer,) = simulator.order("people", count=1)["accountIds"]
    assert newcomer == account_id(300)
    made = simulator.order("groups", name="contractors", grants=["jira-software"])
    simulator.order("members", groupId=made["groupId"], add=[newcomer, account_id(11)])
    simulator.order(
        "members", name="contractors", add=[newcomer], remove=[account_id(11), account_id(12)]
    )
    assert simulator.group("contractors")["members"] == [newcomer]
    assert simulator.state()["products"]["jira-software"]["highest_used"] == 12


def test_the_identity_provider_may_change_its_own_group(
    simulator: SimulatorProcess, people: list[str]
) -> None:
    before = len(simulator.group("idp-staff")["members"])
    simulator.order("members", name="idp-staff", remove=[people[0]])
    assert len(simulator.group("idp-staff")["members"]) == before - 1


@pytest.mark.parametrize("status", ["suspended", "closed", "deactivated"])
def test_people_can_leave_and_come_back(
    simulator: SimulatorProcess, browser: Browser, status: str
) -> None:
    browser.sign_in(credentials.MEMBER)
    simulator.order("user", accountId=credentials.MEMBER, **{status: True})
    assert browser.get("/gateway/api/me").status_code == 401
    assert simulator.state()["products"]["jira-software"]["used"] == 9
    simulator.order("user", accountId=credentials.MEMBER, active=True)
    assert browser.get("/gateway/api/me").status_code == 200
    assert simulator.state()["products"]["jira-software"]["used"] == 10


@pytest.mark.parametrize(
    ("call", "body", "reason"),
    [
        ("reset", {"people": 5}, '"people"'),
        ("reset", {"people": 10**9}, '"people"'),
        ("reset", {"persons": 300}, "unknown: persons"),
        ("reset", {"seats": {"trello": 1}}, "no such product"),
        ("reset", {"seats": 40}, '"seats"'),
        ("reset", {"delay": "soon"}, '"delay"'),
        ("options", {"cursor": "both"}, '"cursor"'),
        ("options", {"retry_after": 1}, '"retry_after"'),
        ("people", {"count": 0}, '"count"'),
        ("people", {"count": 10**9}, "at most"),
        ("groups", {}, '"name"'),
        ("groups", {"name": "x", "grants": [7]}, "a grant is"),
        ("groups", {"name": "x", "grants": ["trello"]}, "UnlicensedProduct"),
        ("groups", {"name": "ium-access"}, "NameTaken"),
        ("members", {"name": "nowhere"}, "UnknownGroup"),
        ("members", {}, '"groupId"'),
        ("members", {"name": "ium-access", "add": "x"}, '"add"'),
        ("members", {"name": "ium-access", "add": ["x"]}, "UnknownPerson"),
        ("user", {"accountId": "x"}, "UnknownPerson"),
        ("user", {"accountId": credentials.MEMBER, "active": "no"}, "give one of"),
        ("user", {"accountId": credentials.MEMBER, "active": True, "closed": True}, "give one of"),
        ("webhooks", {"url": "ftp://x"}, '"url"'),
        ("edit", {"accountId": credentials.MEMBER, "issue": "NONE-1"}, "no project"),
        ("edit", {"accountId": "x", "issue": "DEMO-1"}, "UnknownPerson"),
        ("reset", [1], "JSON object"),
    ],
)
def test_wrong_control_input_answers_400_and_says_why(
    simulator: SimulatorProcess, call: str, body: object, reason: str
) -> None:
    before = simulator.state()
    assert reason in _refusal(simulator, call, body)
    assert simulator.state() == before
