"""What a run costs: pages, the differences, and a number of queries that does not grow with the people."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jira_sync.client.pace import PROCESS_PACE
from jira_sync.models import RunState
from jira_sync.sync import run_counts
from tests.jira_sync.sync.world import World, accounts

PAGES = "POST", "/users/search"
ADD = "POST", "/groups/{groupId}/memberships"
REMOVE = "DELETE", "/groups/{groupId}/memberships/{accountId}"


@pytest.fixture
def crowd(world: World) -> set[str]:
    """Three hundred people more."""
    return set(world.sim.order("people", count=300)["accountIds"])


def test_calls_for_three_hundred_people(world: World, crowd: set[str]) -> None:
    world.source("staff", crowd)
    before = world.calls()
    run = world.sync()
    calls = world.calls_since(before)
    assert len(world.members()) == 300
    assert calls[ADD] == 300
    # Six pages of the source group, and a page for each of: user group, two administrators' roles, groups with Jira.
    assert calls[PAGES] <= 12
    assert sum(calls.values()) <= 300 + 30
    assert run.calls >= 300

    before = world.calls()
    again = world.sync()
    calls = world.calls_since(before)
    assert again.state == RunState.DONE
    assert not {ADD, REMOVE} & set(calls)
    assert sum(calls.values()) <= 35
    assert run_counts(again).changes == 0

    world.change("staff", remove=sorted(crowd)[:2])
    before = world.calls()
    world.sync()
    calls = world.calls_since(before)
    assert (calls[REMOVE], calls.get(ADD, 0)) == (2, 0)


def test_planning_takes_the_same_number_of_queries_for_many(world: World, crowd: set[str]) -> None:
    people = sorted(crowd)
    world.source("staff", people[:40])
    few = queries_of_dry_run(world)
    world.change("staff", add=people)
    many = queries_of_dry_run(world)
    # A claim is looked at once a page.
    assert many <= few + 8


def test_changing_a_person_takes_few_queries(world: World, crowd: set[str]) -> None:
    people = sorted(crowd)
    world.source("staff", people[:40])
    with CaptureQueriesContext(
        connection,
    ) as few:
        world.sync()
    world.change("staff", add=people[:140])
    with CaptureQueriesContext(connection) as many:
        world.sync()
    per_person = (len(many) - len(few)) / 60
    assert per_person < 12


def queries_of_dry_run(world: World) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert world.sync(dry_run=True).state == RunState.PLANNED
    return len(queries)


def test_every_request_takes_its_turn_in_the_clients_pace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes: list[str] = []
    monkeypatch.setattr(PROCESS_PACE, "wait", lambda lane: lanes.append(lane.endpoint))
    world.source("staff", accounts(1, 2, 3))
    lanes.clear()
    before = world.calls()
    world.sync()
    assert len(lanes) == sum(world.calls_since(before).values())
