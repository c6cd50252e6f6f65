"""Eight IUM users, a group that gives Jira, and workers that go on until nothing is left to do."""

from datetime import timedelta

from ium.directory.models import Group
from jira_sync.glass import glass_continue, glass_end, glass_start
from jira_sync.models import BreakGlass, GlassState
from tests.jira_sync.sync.world import World, accounts

OURS = accounts(*range(8))
BEFORE = accounts(0, 20)  # in the group already: one of ours, one stranger
EMERGENCY = "emergency"


def prepared(world: World) -> Group:
    world.users(OURS)
    return world.group(EMERGENCY, BEFORE, grants=["jira-software"])


def start(world: World) -> BreakGlass:
    return glass_start(
        pool_id=world.pool.pk,
        group_id=world.mirror(EMERGENCY).pk,
        actor=world.administrator,
        at=world.now.at,
    )


def end(world: World, glass: BreakGlass) -> bool:
    return glass_end(glass_id=glass.pk, actor=world.administrator, at=world.now.at)


def settle(world: World, glass: BreakGlass, rounds: int = 100) -> BreakGlass:
    """Let workers go on until nothing is left to do; time passes only where they wait."""
    for _ in range(rounds):
        glass.refresh_from_db()
        if glass.state in {GlassState.GIVEN, GlassState.ENDED}:
            return glass
        delay = glass_continue(glass_id=glass.pk)
        world.now.at += timedelta(seconds=delay if delay is not None else 91)
    raise AssertionError(f"it does not end: {glass.message}")
