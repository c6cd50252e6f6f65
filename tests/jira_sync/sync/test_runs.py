"""Runs as an administrator sees them: dry run, limit, safety stop and its confirmation, the log."""

import pytest

from ium.lib.errors import Refused
from jira_sync.models import EntryAction, EntryState, RunState, SyncRun
from jira_sync.sync import last_run, open_run, run_cancel, run_confirm, run_counts, run_log
from slots.models import JournalEntry, QueueEntry
from slots.services import slot_request
from tests import factories
from tests.jira_sync.sync.world import World, account, accounts, column

EVERYBODY = accounts(*range(20))


def test_a_dry_run_shows_everything_and_changes_nothing(world: World) -> None:
    world.source("staff", accounts(1, 2, 3, 4))
    world.users(accounts(4, 5))
    world.change("jira-fixed", add=accounts(3))
    before = world.membership(), world.mirror_members(), JournalEntry.objects.count()
    run = world.sync(dry_run=True)
    assert (run.state, run.finished_at) == (RunState.PLANNED, world.now.at)
    assert column(run, EntryAction.ADD) == accounts(1, 2)
    assert column(run, EntryAction.FILTERED) == accounts(3)
    assert column(run, EntryAction.REMOVE) == accounts(5)
    assert (world.membership(), world.mirror_members(), JournalEntry.objects.count()) == before
    assert world.settings.pool.sync.next_run_at is None
    counts = run_counts(run)
    assert (counts.added, counts.filtered, counts.removed, counts.done) == (2, 1, 1, 0)


def test_only_the_last_dry_run_is_kept(world: World) -> None:
    world.source("staff", accounts(1))
    first, second = world.sync(dry_run=True), world.sync(dry_run=True)
    assert set(SyncRun.objects.values_list("pk", flat=True)) == {second.pk}
    assert first.pk != second.pk


def test_in_a_pool_with_dry_run_every_run_is_one(world: World) -> None:
    world.pool.dry_run = True
    world.pool.save()
    world.source("staff", accounts(1))
    run = world.sync()
    assert (run.dry_run, run.state, world.members()) == (True, RunState.PLANNED, set())


def test_beyond_the_limit_only_a_part_is_added_after_the_removals(world: World) -> None:
    world.source("staff", accounts(*range(1, 9)))
    world.users(accounts(0, 1))
    world.settings.maximum_users = 5
    world.settings.save()
    run = world.sync()
    assert run.state == RunState.PARTIAL
    assert run.message.startswith("Only partial synchronization: 4 of 7 people fit")
    assert len(world.members()) == 5
    assert world.sim.group("crew")["highest_members"] == 5
    assert account(0) not in world.members()
    left_out = run.entries.filter(state=EntryState.SKIPPED)
    assert set(left_out.values_list("action", "reason")) == {
        (EntryAction.ADD, "maximum_users"),
    }
    assert run_counts(run).left_out == left_out.count() == 3


def test_a_failed_removal_takes_its_place_from_an_addition(world: World) -> None:
    world.source("staff", accounts(1, 2, 3))
    world.users(accounts(0, 1))
    world.settings.maximum_users = 3
    world.settings.save()
    world.sim.fault(f"memberships/{account(0)}", "status", "DELETE", status=400)
    run = world.sync()
    assert world.sim.group("crew")["highest_members"] == 3
    assert world.members() >= accounts(0, 1)
    assert run.state == RunState.PARTIAL
    assert "1 people could not be changed" in run.message
    assert run.entries.filter(reason="no_room").count() == 1


def test_a_run_that_would_remove_too_many_stops_before_any_change(world: World) -> None:
    world.source("staff", accounts(*range(15)))
    world.users(EVERYBODY)
    before = world.membership()
    run = world.sync()
    assert run.state == RunState.STOPPED
    assert "5 of 20 IUM users would be removed" in run.message
    assert "20 %" in run.message
    assert world.membership() == before
    assert column(run, EntryAction.REMOVE) == accounts(*range(15, 20))
    assert open_run(world.pool) is None


def test_a_confirmed_run_goes_on(world: World) -> None:
    world.source("staff", accounts(*range(15)))
    world.users(EVERYBODY)
    run = world.sync()
    run_confirm(run_id=run.pk, actor=world.administrator, at=world.now.at)
    world.finish(run)
    assert (run.state, run.started_by) == (RunState.DONE, world.administrator)
    assert world.members() == accounts(*range(15))


def test_a_confirmation_is_for_those_who_were_shown(world: World) -> None:
    world.source("staff", accounts(*range(15)))
    world.users(EVERYBODY)
    run = world.sync()
    world.change("staff", remove=accounts(*range(10)))
    run_confirm(run_id=run.pk, actor=world.administrator, at=world.now.at)
    world.finish(run)
    assert run.state == RunState.STOPPED
    assert world.members() == EVERYBODY
    run_confirm(run_id=run.pk, actor=world.administrator, at=world.now.at)
    assert world.finish(run).state == RunState.DONE
    assert world.members() == accounts(*range(10, 15))


def test_up_to_three_people_go_without_asking(world: World) -> None:
    world.source("staff", accounts(1))
    world.users(accounts(1, 2, 3, 4))
    assert world.sync().state == RunState.DONE
    assert world.members() == accounts(1)


@pytest.mark.parametrize("people", [1, 3, 20])
def test_empty_source_groups_never_empty_the_pool_silently(world: World, people: int) -> None:
    world.source("staff")
    world.users(accounts(*range(people)))
    world.settings.largest_loss_percent = 100
    world.settings.save()
    run = world.sync()
    assert run.state == RunState.STOPPED
    assert "the source groups are empty" in run.message
    assert len(world.members()) == people


def test_without_the_safety_stop_when_allowed_from_the_start(world: World) -> None:
    world.source("staff", accounts(1))
    world.users(EVERYBODY)
    assert world.sync(loss_allowed=True).state == RunState.DONE
    assert world.members() == accounts(1)


def test_only_a_stopped_run_can_be_confirmed_and_only_alone(world: World) -> None:
    world.source("staff", accounts(1))
    world.users(EVERYBODY)
    stopped = world.sync()
    world.start()
    with pytest.raises(Refused) as refusal:
        run_confirm(run_id=stopped.pk, actor=world.administrator, at=world.now.at)
    assert refusal.value.code == "run_open"
    done = SyncRun.objects.create(pool=world.pool, state=RunState.DONE, started_at=world.now.at)
    with pytest.raises(Refused) as refusal:
        run_confirm(run_id=done.pk, actor=world.administrator, at=world.now.at)
    assert refusal.value.code == "not_stopped"


def test_a_run_without_changes_is_no_line_of_the_log_but_the_last_is_known(world: World) -> None:
    world.source("staff", accounts(1))
    first = world.sync()
    for _ in range(3):
        world.later(3600)
        run = world.sync()
    assert list(run_log(world.pool)) == [first]
    assert last_run(world.pool) == run
    assert run.started_at == world.now.at
    assert SyncRun.objects.count() == 2


def test_an_open_run_can_be_stopped_by_hand(world: World) -> None:
    world.source("staff", accounts(1))
    run = world.start()
    assert run_cancel(run_id=run.pk, actor=world.administrator, at=world.now.at)
    assert not run_cancel(run_id=run.pk, actor=world.administrator, at=world.now.at)
    world.finish(run)
    assert (run.state, world.members()) == (RunState.FAILED, set())
    assert run.message.startswith("Stopped by Root")


def test_who_leaves_loses_slot_and_queue_place(world: World) -> None:
    world.source("staff", accounts(3))
    factories.trusted(world.now.at)
    holder, waiter, stays = (world.mirrored([account(number)])[0] for number in (1, 2, 3))
    world.change("crew", add=accounts(1, 2, 3))
    world.pool.slots.first().delete()  # type: ignore[union-attr]
    for user in (holder, waiter, stays):
        slot_request(user=user, pool=world.pool, return_url=None, at=world.now.at)
    run = world.sync()
    assert run.state == RunState.DONE
    slot = factories.slot_of(holder)
    assert (slot.state, slot.loss_reason) == ("revoking", "left")
    assert factories.entry_of(waiter).closed_at is not None
    waiting = QueueEntry.objects.filter(closed_at=None)
    assert [entry.user for entry in waiting] == [stays]
    assert world.mirror_members() == accounts(3)
