"""After an old backup was restored: never too many, nobody who works is thrown out, everything goes on."""

from datetime import timedelta

import pytest

from jira_sync import tasks
from jira_sync.models import BreakGlass, GlassState, RunState, SyncRun
from jira_sync.services import SyncStoppedError, reconciling
from slots.models import JournalEntry, LicencePool, SlotState
from slots.services import pool_pause, restored_pools_due
from tests.backup.world import LICENCES, World
from tests.factories import entry_of, events_in, slot_of
from tests.jira_sync.sync.world import ACCESS, account

LATER = 3600


def life_goes_on(world: World) -> None:
    """Back up with 3 of 5 used; then 2 of them leave and 4 others come."""
    world.ask(0, 1, 2)
    world.tick()
    world.ask(0, 1, 2)
    world.backup()
    world.leave(0, 1)
    world.ask(3, 4, 5, 6)
    world.tick()
    world.ask(2, 3, 4, 5, 6)
    assert world.inside() == {2, 3, 4, 5, 6}


def test_nothing_is_given_before_jira_was_read(world: World) -> None:
    life_goes_on(world)
    world.restore(after=LATER)
    assert world.holders() == {0, 1, 2}
    for _ in range(6):
        world.tick()
        world.ask(7, 8, 9)
        pool_pause(pool_id=world.pool.pk, reason="no", message="no", at=world.now.at)
        world.limit(LICENCES)
    assert world.inside() == {2, 3, 4, 5, 6}
    assert world.highest() == LICENCES
    assert "compares" in world.pool.paused_message


def test_the_rows_follow_jira_and_everything_goes_on(world: World) -> None:
    life_goes_on(world)
    world.restore(after=LATER)
    world.tick(120)
    world.ask(0, 7)
    world.reconcile()
    assert world.holders() == world.inside() == {2, 3, 4, 5, 6}
    assert (world.used(), world.highest()) == (LICENCES, LICENCES)
    assert world.pool.paused_until is None
    assert world.reconcile().agreed
    world.ask(0)  # held a slot by the backup, and has to ask again
    world.leave(3, 4)
    assert world.inside() == {2, 5, 6, 0, 7}
    assert world.highest() == LICENCES
    assert events_in(world.pool).count("clocks_reset") >= 2


def test_a_call_from_before_that_lands_late_is_waited_for(world: World) -> None:
    life_goes_on(world)
    world.leave(6)
    world.restore(after=61)
    world.ask(7)
    world.reconcile()
    assert world.holders() == {2, 3, 4, 5}
    assert world.pool.paused_until is not None
    world.jira.change(ACCESS, add=[account(6)])
    world.tick(91)
    world.ask(7)
    world.reconcile()
    assert world.inside() == world.holders() == {2, 3, 4, 5, 6}
    assert world.highest() == LICENCES


def test_a_pool_opens_as_soon_as_no_earlier_call_can_land(world: World) -> None:
    life_goes_on(world)
    world.restore(after=LATER)
    for seconds in (30, 30, 29):
        world.tick(seconds)
        tasks.probe()
        assert world.pool.paused_until is not None
    world.tick(1)
    tasks.probe()
    assert world.pool.paused_until is None
    assert world.holders() == world.inside() == {2, 3, 4, 5, 6}


def test_a_pool_that_cannot_be_opened_is_left_to_the_reconciler_after_some_minutes(
    world: World,
) -> None:
    life_goes_on(world)
    world.restore(after=LATER)
    assert restored_pools_due(at=world.now.at + timedelta(seconds=90)) == [world.pool.pk]
    assert restored_pools_due(at=world.now.at + timedelta(minutes=5)) == []


def test_what_was_on_its_way_then_is_not_carried_out(world: World) -> None:
    world.ask(0, 1)
    world.workers_run = False
    world.ask(2)
    world.leave(1)
    assert slot_of(world.user(2)).state == SlotState.GRANTING
    assert slot_of(world.user(1)).state == SlotState.REVOKING
    world.backup()
    world.workers_run = True
    world.work()
    world.ask(1, 3, 4, 5, 6)
    assert len(world.inside()) == LICENCES
    inside = world.inside()
    world.restore(after=LATER)
    for _ in range(4):
        world.tick()
    assert world.inside() == inside
    assert entry_of(world.user(2)).closed_at is None
    world.reconcile()
    world.tick()
    assert world.holders() == world.inside() == inside
    assert world.highest() == LICENCES


def test_places_in_the_queue_are_kept(world: World) -> None:
    world.ask(0, 1, 2, 3, 4)
    world.ask(5, 6)
    world.backup()
    world.restore(after=LATER)
    world.tick(120)
    world.reconcile()
    world.tick()
    world.ask(7, 6, 5)
    world.leave(0, 1, 2)
    assert world.inside() == {3, 4, 5, 6, 7}
    assert entry_of(world.user(5)).seq < entry_of(world.user(6)).seq < entry_of(world.user(7)).seq


def test_nobody_is_warned_for_what_the_backup_does_not_know(world: World) -> None:
    """Also when the backup is only seconds old: nobody can tell what happened in them."""
    world.ask(0, 1, 2)
    world.pool.slots.filter(state=SlotState.ACTIVE).update(seen_at=None)
    world.tick()
    world.tick()
    world.now.at += timedelta(minutes=59)
    world.backup()
    world.restore(after=5)
    for _ in range(118):
        world.tick()
    world.reconcile()
    assert world.inside() == {0, 1, 2}
    assert not world.pool.slots.exclude(warned_at=None).exists()


def test_more_members_than_the_backup_has_rows(world: World) -> None:
    """The limit was 3 then and is 5 now: nobody is thrown out, everybody counts, nobody gets in beyond it."""
    world.limit(3)
    world.ask(0, 1, 2)
    world.backup()
    world.limit(LICENCES)
    world.ask(3, 4)
    world.tick()
    world.restore(after=LATER)
    world.tick(120)
    world.reconcile()
    assert world.holders() == world.inside() == {0, 1, 2, 3, 4}
    world.ask(5)
    world.leave(0, 1)
    assert world.inside() == {2, 3, 4}
    world.leave(2)
    assert world.inside() == {3, 4, 5}
    assert (world.pool.slots.count(), world.highest()) == (3, LICENCES)


def test_people_who_became_ium_users_since_count(world: World) -> None:
    world.backup()
    world.jira.users([account(20), account(21)])
    world.ask(20, 21, 0, 1, 2)
    world.restore(after=LATER)
    world.tick(120)
    world.ask(3, 4)
    world.reconcile()
    assert world.holders() == world.inside() == {0, 1, 2, 20, 21}
    assert world.highest() == LICENCES


def test_who_left_the_user_group_since_is_taken_out(world: World) -> None:
    world.backup()
    world.ask(0, 1)
    world.jira.change("crew", remove=[account(0)])
    world.restore(after=LATER)
    world.tick(120)
    world.reconcile()
    assert world.inside() == world.holders() == {1}


@pytest.mark.parametrize("strangers", [0, 1])
def test_a_user_group_that_cannot_be_believed_opens_nothing_while_there_are_strangers(
    world: World, monkeypatch: pytest.MonkeyPatch, strangers: int
) -> None:
    def stopped(**_: object) -> None:
        raise SyncStoppedError

    monkeypatch.setattr(reconciling, "sync_user_group", stopped)
    world.backup()
    world.jira.change(ACCESS, add=[account(number) for number in range(20, 20 + strangers)])
    world.restore(after=LATER)
    world.tick(120)
    world.reconcile()
    assert (world.pool.paused_until is None) is (strangers == 0)


def test_a_dry_run_is_not_held_up(world: World) -> None:
    LicencePool.objects.update(dry_run=True)
    world.backup()
    world.restore(after=LATER)
    world.tick()
    world.ask(0)
    assert world.holders() == {0}
    assert world.inside() == set()


def test_runs_and_break_glass_of_that_time_do_not_go_on(world: World) -> None:
    run = SyncRun.objects.create(pool=world.pool, started_at=world.now.at, state=RunState.APPLYING)
    glass = BreakGlass.objects.create(
        pool=world.pool,
        group=world.pool.user_group,
        started_by=world.jira.administrator,
        started_at=world.now.at,
    )
    world.backup()
    world.restore(after=LATER)
    run.refresh_from_db()
    glass.refresh_from_db()
    assert (run.state, glass.state) == (RunState.FAILED, GlassState.GIVEN)


def test_the_journal_tells_what_happened(world: World) -> None:
    life_goes_on(world)
    world.restore(after=LATER)
    world.tick(120)
    world.reconcile()
    reasons = JournalEntry.objects.values_list("event", "reason")
    assert {
        ("paused", "restored"),
        ("clocks_reset", "restored"),
        ("repaired", "not_in_jira"),
        ("repaired", "adopted"),
        ("repaired", "compared"),
    } <= set(reasons)
