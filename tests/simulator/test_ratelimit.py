"""Burst limits: per endpoint and method, with Atlassian's headers."""

from __future__ import annotations

from jira_sync.simulator.credentials import ORG_ID, account_id
from jira_sync.simulator.ratelimit import RateLimiter
from tests.simulator.described import JiraClient, OrganisationClient, code
from tests.simulator.process import SimulatorProcess

LAST_ACTIVE = f"/v1/orgs/{ORG_ID}/directory/users/{account_id(1)}/last-active-dates"


def test_a_full_burst_answers_429_with_all_headers(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.order("options", bucket=1, refill=0.001)
    assert jira.remove(access_group, people[0]).status_code == 400
    refused = jira.remove(access_group, people[0])
    assert refused.status_code == 429
    assert 15 <= int(refused.headers["Retry-After"]) <= 20  # one token at a thousandth of 50/s
    assert refused.headers["RateLimit-Reason"] == "jira-burst-based"
    assert (refused.headers["X-RateLimit-Limit"], refused.headers["X-RateLimit-Remaining"]) == (
        "1",
        "0",
    )
    assert refused.headers["X-RateLimit-Reset"].endswith("Z")
    assert refused.headers["X-RateLimit-NearLimit"] == "true"


def test_a_429_can_come_without_retry_after(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.order("options", bucket=1, refill=0.001, retry_after=False)
    assert jira.remove(access_group, people[0]).status_code == 400
    refused = jira.remove(access_group, people[0])
    assert refused.status_code == 429
    assert "Retry-After" not in refused.headers
    assert refused.headers["X-Failure-Category"] == "FAILURE CLIENT RATE LIMITED"
    assert "X-RateLimit-Reset" in refused.headers


def test_one_endpoint_does_not_use_up_another(
    jira: JiraClient, simulator: SimulatorProcess, access_group: str, people: list[str]
) -> None:
    simulator.order("options", bucket=1, refill=0.001)
    statuses = [jira.remove(access_group, people[0]).status_code for _ in range(2)]
    assert statuses == [400, 429]
    assert jira.get("group/member", params={"groupId": access_group}).status_code == 200


def test_the_organization_api_has_its_own_forms_of_429(
    organisation: OrganisationClient,
    simulator: SimulatorProcess,
    access_group: str,
    people: list[str],
) -> None:
    simulator.order("options", bucket=1, refill=0.001)
    organisation.get(LAST_ACTIVE)
    assert code(organisation.get(LAST_ACTIVE)) == "ADMIN-429-1"
    organisation.remove(access_group, people[0])
    refused = organisation.remove(access_group, people[0])
    assert refused.json() == {"code": 429, "message": "Rate limit exceeded"}


def test_successful_answers_tell_how_much_is_left(jira: JiraClient) -> None:
    first, second = (jira.get("serverInfo") for _ in range(2))
    assert first.headers["X-RateLimit-Limit"] == "350"
    assert int(second.headers["X-RateLimit-Remaining"]) <= int(
        first.headers["X-RateLimit-Remaining"]
    )
    assert "X-RateLimit-NearLimit" not in second.headers


def test_buckets_refill_at_the_documented_speed() -> None:
    now = 0.0
    limiter = RateLimiter(350, clock=lambda: now)
    for method, refilled in (("GET", 100), ("POST", 100), ("PUT", 50), ("DELETE", 50)):
        now = 0.0
        assert sum(limiter.take(method, "/rest/api/3/group/user")[0] for _ in range(400)) == 350
        now = 1.0
        assert (
            sum(limiter.take(method, "/rest/api/3/group/user")[0] for _ in range(400)) == refilled
        )


def test_some_endpoints_have_figures_of_their_own() -> None:
    now = 0.0
    limiter = RateLimiter(350, clock=lambda: now)
    assert sum(limiter.take("GET", "/rest/api/3/user")[0] for _ in range(400)) == 350
    now = 1.0
    assert sum(limiter.take("GET", "/rest/api/3/user")[0] for _ in range(400)) == 150
