"""Break glass when things go wrong: exactly those whom it put in are taken out, whatever happens in between."""

from datetime import timedelta

import pytest
import requests
from django.db import connection

from ium.directory.models import ConnectionState, Group, Site
from jira_sync import tasks
from jira_sync.glass import glass_continue, glass_counts, glasses_left_alone
from jira_sync.models import BreakGlass, GlassMember, GlassState
from jira_sync.sync.claims import CLAIM_TIME
from tests.jira_sync.glass.emergency import BEFORE, EMERGENCY, OURS, end, prepared, settle, start
from tests.jira_sync.sync.wire import KilledError, is_write, killed_at, watching
from tests.jira_sync.sync.world import World, accounts


@pytest.mark.parametrize("applied", [False, True])
def test_killed_at_every_request_on_the_way_in_and_out(world: World, applied: bool) -> None:
    prepared(world)
    number, finished = 0, 0
    while finished < 2:
        number, finished = number + 1, 0
        glass = start(world)
        finished += not killed_on_the_way(world, glass, number, applied=applied)
        settle(world, glass)
        assert world.members(EMERGENCY) == OURS | BEFORE
        end(world, glass)
        finished += not killed_on_the_way(world, glass, number, applied=applied)
        settle(world, glass)
        assert world.members(EMERGENCY) == BEFORE
    assert number > len(OURS)


def killed_on_the_way(world: World, glass: BreakGlass, number: int, *, applied: bool) -> bool:
    try:
        with killed_at(number, applied=applied):
            while glass_continue(glass_id=glass.pk) is not None:
                pass
    except KilledError:
        assert BEFORE <= world.members(EMERGENCY) <= OURS | BEFORE
        assert glasses_left_alone(world.now.at) == []
        world.later(600)
        assert glasses_left_alone(world.now.at) == [glass.pk]
        return True
    return False


@pytest.mark.parametrize("sent", [1, 3, 5, 7])
def test_ended_in_the_middle_of_giving(world: World, group: Group, sent: int) -> None:
    glass = start(world)
    writes: list[str] = []

    def look(request: requests.PreparedRequest) -> None:
        if is_write(request):
            writes.append(str(request.method))
            if len(writes) == sent:
                end(world, glass)

    with watching(look):
        settle(world, glass)
    assert glass.state == GlassState.ENDED
    assert world.members(EMERGENCY) == BEFORE
    assert writes.count("POST") == writes.count("DELETE") == sent


def test_a_row_is_written_before_each_call(world: World, group: Group) -> None:
    glass = start(world)
    wanted: list[int] = []

    def look(request: requests.PreparedRequest) -> None:
        if is_write(request):
            wanted.append(GlassMember.objects.filter(wanted_in=True).count())

    with watching(look):
        settle(world, glass)
    assert wanted == list(range(1, len(OURS)))


def test_lost_answers_and_storms_lose_nobody(world: World, group: Group) -> None:
    glass = start(world)
    world.sim.fault("memberships", "drop_after_apply", times=2)
    headers = {"Retry-After": "5"}
    world.sim.fault("memberships", "status", status=429, rate=0.5, headers=headers)
    settle(world, glass)
    assert world.members(EMERGENCY) == OURS | BEFORE
    world.sim.fault("memberships", "drop_after_apply", times=1)
    end(world, glass)
    settle(world, glass)
    assert world.members(EMERGENCY) == BEFORE


def test_without_licences_it_waits_and_says_so(world: World, group: Group) -> None:
    world.sim.order("options", seats={"jira-software": 14})
    glass = start(world)
    assert glass_continue(glass_id=glass.pk) == 60
    glass.refresh_from_db()
    assert "all licences of the product are in use" in glass.message
    assert len(world.members(EMERGENCY)) == 4
    world.sim.order("options", seats={"jira-software": 40})
    world.later(61)
    assert settle(world, glass).state == GlassState.GIVEN
    assert world.members(EMERGENCY) == OURS | BEFORE


def test_who_cannot_be_given_access_holds_up_nobody(world: World, group: Group) -> None:
    world.sim.fault("memberships", "status", "POST", status=404, code="ADMIN-UAM-404-1", times=1)
    glass = settle(world, start(world))
    assert glass.state == GlassState.GIVEN
    assert glass.message == "1 person could not be given access."
    assert glass_counts(glass).failed == 1
    assert len(world.members(EMERGENCY)) == len(OURS | BEFORE) - 1
    end(world, glass)
    settle(world, glass)
    assert world.members(EMERGENCY) == BEFORE


def test_access_that_cannot_be_taken_back_is_no_end(world: World, group: Group) -> None:
    glass = settle(world, start(world))
    end(world, glass)
    world.sim.fault("memberships", "status", "DELETE", status=400, times=1)
    assert glass_continue(glass_id=glass.pk) == 600
    glass.refresh_from_db()
    assert glass.state == GlassState.TAKING
    assert glass.message.startswith("1 person could not be taken out")
    world.later(601)
    assert settle(world, glass).state == GlassState.ENDED
    assert world.members(EMERGENCY) == BEFORE


def test_while_the_site_is_down_it_waits(world: World, group: Group) -> None:
    glass = start(world)
    Site.objects.update(connection_state=ConnectionState.UNREACHABLE, connection_message="No.")
    assert glass_continue(glass_id=glass.pk) == 15
    Site.objects.update(connection_state=ConnectionState.OK)
    world.later()
    assert settle(world, glass).state == GlassState.GIVEN


def test_it_starts_while_jira_does_not_answer(world: World, group: Group) -> None:
    world.sim.fault("groups/search", "status", status=500)
    glass = start(world)
    world.sim.order("faults", match={}, kind="none")
    assert settle(world, glass).state == GlassState.GIVEN


def test_the_user_sync_takes_nobody_for_licensed_because_of_it(world: World, group: Group) -> None:
    world.source("staff", OURS)
    settle(world, start(world))
    world.sync()
    assert world.members() == OURS - accounts(0)  # that one had the licence before


def test_a_claim_is_given_back_when_the_work_is_taken_over(world: World, group: Group) -> None:
    """A worker that stalls in the middle leaves the rest to the one that came after it."""
    glass = start(world)
    stalled: list[int] = []

    def stall(request: requests.PreparedRequest) -> None:
        if is_write(request) and not stalled:
            stalled.append(1)
            world.now.at += CLAIM_TIME + timedelta(seconds=1)
            glass_continue(glass_id=glass.pk)

    with watching(stall):
        glass_continue(glass_id=glass.pk)
    assert settle(world, glass).state == GlassState.GIVEN
    assert world.members(EMERGENCY) == OURS | BEFORE


def test_workers_are_told_and_no_call_is_made_inside_a_transaction(
    committed: World, woken: list[tuple[str, int]]
) -> None:
    prepared(committed)

    def look(request: requests.PreparedRequest) -> None:
        assert not connection.in_atomic_block, request.path_url

    with watching(look):
        glass = start(committed)
        assert woken == [("glass_run", glass.pk)]
        tasks.glass_run(glass.pk)
    assert committed.members(EMERGENCY) == OURS | BEFORE
    assert tasks.glass_due() == 0
    end(committed, glass)
    assert tasks.glass_due() == 1
    assert woken == [("glass_run", glass.pk)] * 3
