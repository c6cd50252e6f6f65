"""Propagation: memberships change at once, pages feel it later, in both directions."""

from __future__ import annotations

from jira_sync.simulator.access import AccessSchedule
from tests.simulator.browser import Browser
from tests.simulator.described import JiraClient
from tests.simulator.process import SimulatorProcess

PAGE = "/browse/DEMO-1"
DELAY = 0.15


def test_pages_open_and_close_a_delay_after_the_change(
    jira: JiraClient, browser: Browser, access_group: str, people: list[str]
) -> None:
    browser.sign_in(people[0])
    jira.add(access_group, people[0])
    assert jira.get("group/member", params={"groupId": access_group}).json()["total"] == 1
    assert browser.wait_until(PAGE, opens=True) >= DELAY / 2
    jira.remove(access_group, people[0])
    assert jira.get("group/member", params={"groupId": access_group}).json()["total"] == 0
    assert browser.wait_until(PAGE, opens=False) >= DELAY / 2


def test_without_a_delay_pages_open_at_once(
    jira: JiraClient,
    simulator: SimulatorProcess,
    browser: Browser,
    access_group: str,
    people: list[str],
) -> None:
    simulator.order("options", delay=0)
    browser.sign_in(people[0])
    assert not browser.opens(PAGE)
    jira.add(access_group, people[0])
    assert browser.opens(PAGE)


def test_changes_take_effect_one_after_the_other() -> None:
    now = 0.0
    access = AccessSchedule(10, clock=lambda: now)
    access.target("a", {"jira-software"})
    now = 4
    access.target("a", set())
    now = 6
    access.target("a", {"confluence"})
    now = 9
    assert access.products("a") == set()
    now = 13.9
    assert access.products("a") == {"jira-software"}
    now = 14
    assert access.products("a") == set()
    now = 16
    assert access.products("a") == {"confluence"}


def test_a_repeated_target_does_not_start_the_delay_again() -> None:
    now = 0.0
    access = AccessSchedule(10, clock=lambda: now)
    access.target("a", {"confluence"})
    now = 9
    access.target("a", {"confluence"})
    now = 10
    assert access.products("a") == {"confluence"}
