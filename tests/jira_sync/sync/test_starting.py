"""What a run needs before it can start, in words that say what to do; and the interval."""

from datetime import timedelta
from typing import Any

import pytest

from ium.directory.models import ConnectionState, Group, Site
from ium.lib.errors import Refused
from jira_sync import tasks
from jira_sync.models import OPEN_RUNS, RunState, SyncRun, SyncSettings
from jira_sync.sync import pools_due, run_log, runs_left_alone
from tests import factories
from tests.jira_sync.sync.wire import continue_until_killed, killed_at
from tests.jira_sync.sync.world import World, accounts

GIVES = [{"product": "jira-software", "roles": ["atlassian/user"], "takes_licence": True}]


def refusal_of(world: World, **options: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        world.start(**options)
    return refusal.value


def test_without_source_groups(world: World) -> None:
    assert refusal_of(world).code == "no_source_groups"
    SyncSettings.objects.all().delete()
    assert refusal_of(world).code == "no_source_groups"


def test_while_a_run_is_open_also_a_dry_run(world: World) -> None:
    world.source("staff", accounts(1))
    run = world.start(dry_run=True)
    refused = refusal_of(world)
    assert refused.code == "run_open"
    assert "is on its way" in str(refused.message)
    world.finish(run)
    world.start()


def test_with_a_user_group_that_an_identity_provider_manages(world: World) -> None:
    world.source("staff", accounts(1))
    Group.objects.filter(pk=world.pool.user_group_id).update(is_read_only=True)
    assert refusal_of(world).code == "user_group_read_only"


def test_while_the_site_is_down(world: World) -> None:
    world.source("staff", accounts(1))
    Site.objects.update(connection_state=ConnectionState.REFUSED, connection_message="Bad key.")
    refused = refusal_of(world)
    assert (refused.code, "Bad key." in str(refused.message)) == ("site_down", True)


def test_with_a_group_of_a_pool_as_source(world: World) -> None:
    world.settings.source_groups.add(world.pool.user_group)
    assert refusal_of(world).code == "source_is_user_group"
    world.settings.source_groups.set([world.pool.access_group])
    assert refusal_of(world).code == "source_is_access_group"
    world.settings.source_groups.set([factories.GroupFactory.create()])
    assert refusal_of(world).code == "source_of_other_site"


def test_with_a_source_group_that_still_gives_the_product(world: World) -> None:
    world.source("staff", accounts(1), grants=["jira-software"])
    refused = refusal_of(world)
    assert refused.code == "source_gives_product"
    assert "“staff” still gives Jira. Take the product access off it first" in str(refused.message)


def test_with_one_that_gave_the_product_when_ium_last_looked(world: World) -> None:
    group = world.source("staff", accounts(1))
    Group.objects.filter(pk=group.pk).update(grants=GIVES)
    assert world.sync().state == RunState.DONE
    assert world.members() == accounts(1)


def test_when_another_pool_synchronises_the_same_user_group(world: World) -> None:
    group = world.source("staff", accounts(1))
    other = factories.PoolFactory.create(site=world.site, user_group=world.pool.user_group)
    settings = SyncSettings.objects.create(pool=other)
    world.start(dry_run=True)
    SyncRun.objects.all().delete()
    settings.source_groups.add(group)
    assert refusal_of(world).code == "shared_sync"


# --- the interval ---------------------------------------------------------------------------------


def due(world: World) -> list[SyncRun]:
    """Let the periodic job look; return the open runs."""
    tasks.sync_due()
    return list(SyncRun.objects.filter(state__in=OPEN_RUNS))


def test_the_interval_starts_runs_when_it_is_on(world: World) -> None:
    world.source("staff", accounts(1))
    assert due(world) == []
    SyncSettings.objects.update(enabled=True)
    run = due(world)[0]
    assert (run.started_by, run.dry_run) == (None, False)
    assert due(world) == [run]
    world.finish(run)
    assert due(world) == []
    assert SyncSettings.objects.get().next_run_at == run.started_at + timedelta(minutes=60)
    world.later(3600)
    assert len(due(world)) == 1


def test_a_run_by_hand_puts_the_interval_off_and_a_dry_run_does_not(world: World) -> None:
    world.source("staff", accounts(1))
    SyncSettings.objects.update(enabled=True)
    world.sync(dry_run=True)
    assert pools_due(world.now.at) == [world.pool.pk]
    world.sync()
    assert pools_due(world.now.at) == []


def test_what_keeps_the_interval_from_running_is_one_line_of_the_log(world: World) -> None:
    SyncSettings.objects.update(enabled=True)
    for _ in range(3):
        assert due(world) == []
        world.later(3600)
    line = run_log(world.pool).get()
    assert (line.state, "no source groups" in line.message) == (RunState.FAILED, True)


def test_while_the_site_is_down_the_interval_waits_without_a_word(world: World) -> None:
    world.source("staff", accounts(1))
    SyncSettings.objects.update(enabled=True)
    Site.objects.update(connection_state=ConnectionState.UNREACHABLE)
    assert due(world) == []
    assert SyncRun.objects.count() == 0
    Site.objects.update(connection_state=ConnectionState.OK)
    assert len(due(world)) == 1


def test_a_run_whose_worker_died_is_found(world: World, woken: list[tuple[str, int]]) -> None:
    world.source("staff", accounts(1))
    run = world.start()
    with killed_at(4, applied=True):
        assert continue_until_killed(run)
    assert runs_left_alone(world.now.at) == []
    world.later(600)
    woken.clear()
    tasks.sync_due()
    assert woken == [("sync_run", run.pk)]
    tasks.sync_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.DONE


def test_a_worker_is_told_after_the_commit_and_told_again_while_the_run_waits(
    committed: World, woken: list[tuple[str, int]]
) -> None:
    committed.source("staff", accounts(1))
    run = committed.start()
    assert woken == [("sync_run", run.pk)]
    committed.sim.fault("memberships", "status", status=429, times=1, headers={"Retry-After": "9"})
    tasks.sync_run(run.pk)
    assert woken == [("sync_run", run.pk)] * 2
    committed.later(10)
    tasks.sync_run(run.pk)
    assert len(woken) == 2
    assert committed.members() == accounts(1)
