"""The reset: says whom it throws out, does so in order, leaves strangers alone."""

import pytest

from ium.directory.models import User
from ium.lib.errors import Refused
from jira_sync.models import EntryAction, RunState, SyncRun, SyncSettings
from jira_sync.services import carry_out, unfinished_slots
from jira_sync.simulator import credentials
from jira_sync.sync import reset_preview, reset_start
from slots.models import QueueEntry, Slot
from slots.services import slot_request
from tests import factories
from tests.jira_sync.sync.wire import continue_until_killed, killed_at
from tests.jira_sync.sync.world import World, account, accounts, column

OURS = accounts(1, 2, 3, 4)
STRANGER, APP, ADMIN = account(9), credentials.APP_ACCOUNT, credentials.ADMIN


@pytest.fixture
def full(world: World) -> World:
    """Four IUM users: two hold slots (in Jira too), one waits; somebody IUM does not know is in both groups."""
    world.source("staff", OURS)
    factories.trusted(world.now.at)
    world.users(OURS)
    for number in (1, 2, 3):
        user = User.objects.get(account_id=account(number))
        slot_request(user=user, pool=world.pool, return_url=None, at=world.now.at)
    carry_out_all()
    world.change("crew", add={STRANGER, APP, ADMIN})
    world.change("ium-access", add={STRANGER})
    return world


def carry_out_all() -> None:
    for slot_id in unfinished_slots():
        assert carry_out(slot_id=slot_id)


def test_the_preview_says_whom_it_throws_out(full: World) -> None:
    preview = reset_preview(full.pool)
    assert {user.account_id for user in preview.users} == OURS
    assert {user.account_id for user in preview.holders} == accounts(1, 2)
    assert {user.account_id for user in preview.waiting} == accounts(3)


def test_a_reset_empties_both_groups_and_leaves_strangers(full: World) -> None:
    run = reset_start(pool_id=full.pool.pk, actor=full.administrator, at=full.now.at)
    full.finish(run)
    assert run.state == RunState.DONE
    assert column(run, EntryAction.REMOVE) == OURS
    carry_out_all()
    assert full.members() == {STRANGER, APP, ADMIN}
    assert full.members("ium-access") == {STRANGER}
    assert full.mirror_members() == set()
    assert not SyncSettings.objects.exists()
    assert not QueueEntry.objects.filter(closed_at=None).exists()
    assert not Slot.objects.used().exists()


def test_a_reset_survives_a_crash(full: World) -> None:
    run = reset_start(pool_id=full.pool.pk, actor=full.administrator, at=full.now.at)
    for number in range(1, 7):
        with killed_at(number, applied=number % 2 == 0):
            continue_until_killed(run)
        full.later(600)
    full.finish(run)
    assert run.state == RunState.DONE
    assert full.members() == {STRANGER, APP, ADMIN}


def test_a_refused_reset_keeps_the_settings(full: World) -> None:
    full.start(dry_run=True)
    with pytest.raises(Refused):
        reset_start(pool_id=full.pool.pk, actor=full.administrator, at=full.now.at)
    assert SyncSettings.objects.exists()
    SyncRun.objects.all().delete()
    full.pool.dry_run = True
    full.pool.save()
    with pytest.raises(Refused) as refusal:
        reset_start(pool_id=full.pool.pk, actor=full.administrator, at=full.now.at)
    assert refusal.value.code == "pool_dry_run"
