"""The process is killed at every single step; whoever goes on reaches the same end, and nobody is harmed meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest

from ium.directory.models import User
from jira_sync.models import OPEN_RUNS, RunState, SyncRun
from jira_sync.sync import applying, planning, run_continue, running
from slots.models import Slot, SlotState
from slots.services import slot_request
from tests import factories
from tests.jira_sync.sync.wire import KilledError, continue_until_killed, killed_at
from tests.jira_sync.sync.world import World, account, accounts

STAY, JOIN, LEAVE = accounts(1, 2), accounts(3, 4), accounts(5, 6)
STEPS = [
    (planning, "_mirror_additions"),
    (planning, "_store"),
    (applying, "take_slots"),
    (applying, "set_member"),
    (applying, "_note_done"),
    (running, "take_slots"),
    (running, "run_counts"),
]


def arrange(world: World) -> None:
    """Everybody at their places again, with a slot for one who is to leave."""
    SyncRun.objects.all().delete()
    world.pool.user_group.memberships.all().delete()
    world.change("crew", add=STAY | LEAVE, remove=JOIN)
    world.mirrored(sorted(STAY | LEAVE))
    Slot.objects.update(state=SlotState.FREE, holder=None, loss_reason="", revoking_since=None)
    holder = User.objects.get(account_id=account(5))
    slot_request(user=holder, pool=world.pool, return_url=None, at=world.now.at)


def nobody_is_harmed(world: World) -> bool:
    """Who stays is a member all the time, and nobody else came in."""
    return STAY <= world.members() <= STAY | JOIN | LEAVE


def all_is_well(world: World, run: SyncRun) -> bool:
    """The end, whatever happened on the way."""
    assert run.state == RunState.DONE, run.message
    assert world.members() == world.mirror_members() == STAY | JOIN
    assert Slot.objects.get(holder__account_id=account(5)).state == SlotState.REVOKING
    return True


@pytest.mark.parametrize("applied", [False, True])
def test_killed_at_every_request(world: World, applied: bool) -> None:
    world.source("staff", STAY | JOIN)
    factories.trusted(world.now.at)
    number, killed = 0, True
    while killed:
        number += 1
        arrange(world)
        run = world.start()
        with killed_at(number, applied=applied) as sent:
            killed = continue_until_killed(run)
        assert nobody_is_harmed(world), sent[-1]
        world.later(600)
        world.finish(run)
        assert all_is_well(world, run), sent[-1]
    assert number > len(JOIN | LEAVE) + 5


@pytest.mark.parametrize(("module", "name"), STEPS)
@pytest.mark.parametrize("finished", [False, True])
def test_killed_at_every_step(
    world: World, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, finished: bool
) -> None:
    world.source("staff", STAY | JOIN)
    factories.trusted(world.now.at)
    for nth in range(1, 5):
        arrange(world)
        run = world.start()
        with monkeypatch.context() as patch:
            patch.setattr(module, name, killing(getattr(module, name), nth, finished=finished))
            killed = continue_until_killed(run)
        assert nobody_is_harmed(world)
        world.later(600)
        if killed:
            world.finish(run)
        run.refresh_from_db()
        assert all_is_well(world, run)
        if not killed:
            assert nth > 1, "the step was never reached"
            return


def killing(step: Callable[..., Any], nth: int, *, finished: bool) -> Callable[..., Any]:
    """Return the step, but its n-th call kills the process: before it does anything, or when it is done."""
    calls = 0

    def killer(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and not finished:
            raise KilledError
        result = step(*args, **options)
        if calls == nth:
            raise KilledError
        return result

    return killer


def test_until_the_dead_workers_claim_runs_out_nobody_goes_on(world: World) -> None:
    world.source("staff", STAY | JOIN)
    run = world.start()
    with killed_at(3, applied=False):
        assert continue_until_killed(run)
    world.later(30)
    assert run_continue(run_id=run.pk) is None
    run.refresh_from_db()
    assert run.state in OPEN_RUNS
    world.later(300)
    assert world.finish(run).state == RunState.DONE
