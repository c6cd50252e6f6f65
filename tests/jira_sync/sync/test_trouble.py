"""Jira misbehaves: the run waits, repeats, leaves single people out, and never does harm."""

import pytest
import requests

from ium.directory.models import ConnectionState, Site
from jira_sync.models import EntryState, RunState
from jira_sync.simulator import credentials
from jira_sync.sync import run_continue
from slots.models import SlotState
from slots.services import slot_request
from tests import factories
from tests.jira_sync.sync.wire import is_write, watching
from tests.jira_sync.sync.world import World, account, accounts

TEN = accounts(*range(10))


def test_the_slot_goes_before_the_membership(world: World) -> None:
    world.source("staff", accounts(2))
    factories.trusted(world.now.at)
    holder = world.mirrored([account(1)])[0]
    world.change("crew", add=accounts(1))
    slot_request(user=holder, pool=world.pool, return_url=None, at=world.now.at)
    seen: list[tuple[str | None, str]] = []

    def look(request: requests.PreparedRequest) -> None:
        if is_write(request):
            seen.append((request.method, factories.slot_of(holder).state))

    with watching(look):
        world.sync()
    assert seen == [("DELETE", SlotState.REVOKING), ("POST", SlotState.REVOKING)]


def test_an_answer_lost_after_the_change_is_found_by_looking(world: World) -> None:
    world.source("staff", accounts(1, 2))
    world.users(accounts(2, 3))
    world.sim.fault("memberships", "drop_after_apply", "POST", times=1)
    world.sim.fault("memberships", "drop_after_apply", "DELETE", times=1)
    before = world.calls()
    run = world.sync()
    assert run.state == RunState.DONE
    assert world.members() == world.mirror_members() == accounts(1, 2)
    calls = world.calls_since(before)
    assert calls["POST", "/groups/{groupId}/memberships"] == 1
    assert calls["DELETE", "/groups/{groupId}/memberships/{accountId}"] == 1


def test_a_storm_of_refusals_to_hurry_loses_nothing(world: World) -> None:
    world.source("staff", TEN)
    world.users(accounts(11, 12, 13))
    headers = {"Retry-After": "7"}
    world.sim.fault("memberships", "status", status=429, rate=0.6, headers=headers)
    run = world.sync()
    assert run.state == RunState.DONE
    assert world.members() == TEN
    assert run.entries.filter(state=EntryState.FAILED).count() == 0
    assert Site.objects.get().connection_state == ConnectionState.OK


def test_the_wait_that_jira_asks_for_is_kept(world: World) -> None:
    world.source("staff", accounts(1))
    run = world.start()
    headers = {"Retry-After": "30"}
    world.sim.fault("memberships", "status", status=429, times=1, headers=headers)
    assert run_continue(run_id=run.pk) == 30
    run.refresh_from_db()
    assert "slow down" in run.message
    world.later(29)
    assert run_continue(run_id=run.pk) is None
    assert world.members() == set()
    world.later(2)
    assert run_continue(run_id=run.pk) is None
    assert world.members() == accounts(1)


def test_a_site_that_is_down_holds_the_run_until_it_is_back(world: World) -> None:
    world.source("staff", accounts(1))
    run = world.start()
    world.sim.fault("memberships", "status", "POST", status=500)
    for _ in range(3):
        delay = run_continue(run_id=run.pk)
        assert delay is not None
        world.later(delay + 1)
    assert Site.objects.get().is_down
    assert run_continue(run_id=run.pk) == 15
    run.refresh_from_db()
    assert run.state == RunState.APPLYING
    world.sim.order("faults", match={}, kind="none")
    Site.objects.update(connection_state=ConnectionState.OK)
    world.later()
    assert world.finish(run).state == RunState.DONE
    assert world.members() == accounts(1)


def test_a_refused_key_holds_the_run_until_there_is_a_new_one(world: World) -> None:
    world.source("staff", accounts(1))
    run = world.start()
    Site.objects.update(org_key=credentials.REVOKED_ORG_KEY)
    assert run_continue(run_id=run.pk) is not None
    run.refresh_from_db()
    assert run.state == RunState.PLANNING
    assert "does not accept the key" in run.message
    assert Site.objects.get().is_down
    Site.objects.update(org_key=credentials.ORG_KEY, connection_state=ConnectionState.OK)
    world.later()
    assert world.finish(run).state == RunState.DONE


def test_reading_that_fails_is_tried_again_from_the_start(world: World) -> None:
    world.source("staff", accounts(1))
    run = world.start()
    headers = {"Retry-After": "20"}
    world.sim.fault("users/search", "status", status=429, times=1, headers=headers)
    assert run_continue(run_id=run.pk) == 20
    run.refresh_from_db()
    assert (run.state, run.entries.count()) == (RunState.PLANNING, 0)
    world.later(21)
    assert world.finish(run).state == RunState.DONE


def test_a_person_whom_jira_refuses_does_not_stop_the_others(world: World) -> None:
    world.source("staff", TEN)
    run = world.start()
    world.sim.fault("memberships", "status", "POST", status=404, code="ADMIN-UAM-404-1", times=1)
    world.finish(run)
    failed = run.entries.get(state=EntryState.FAILED)
    assert run.state == RunState.DONE
    assert world.members() == TEN - {failed.account_id}
    assert failed.details.startswith("Jira does not know this person")
    assert "1 people could not be changed" in run.message
    world.sync()
    assert world.members() == TEN


def test_somebody_about_whom_jira_never_answers_clearly_is_given_up(world: World) -> None:
    world.source("staff", accounts(1, 3))
    world.users(accounts(1, 2))
    world.sim.fault(f"memberships/{account(2)}", "status", "DELETE", status=500)
    run = world.start()
    for _ in range(5):
        run_continue(run_id=run.pk)
        Site.objects.update(connection_state=ConnectionState.OK, connection_failures=0)
        world.later()
    world.finish(run)
    assert run.entries.get(state=EntryState.FAILED).attempts == 5
    assert world.members() == accounts(1, 2, 3)


@pytest.mark.parametrize("name", ["crew", "staff"])
def test_a_group_that_is_gone_ends_the_run_and_changes_nothing(world: World, name: str) -> None:
    group = world.source("staff", accounts(1))
    world.users(accounts(2))
    gone = world.pool.user_group if name == "crew" else group
    gone.group_id = "00000000-0000-4000-8000-000000000000"
    gone.save(update_fields=["group_id"])
    run = world.sync()
    assert run.state == RunState.FAILED
    assert f"“{name}” does not exist in Jira any more" in run.message
    assert world.members() == accounts(2)


def test_access_given_to_a_source_group_meanwhile_ends_the_run(world: World) -> None:
    group = world.group("staff", accounts(1), grants=["jira-software"])
    group.grants = []
    group.save(update_fields=["grants"])
    world.settings.source_groups.add(group)
    run = world.sync()
    assert run.state == RunState.FAILED
    assert "still gives Jira. Take the product access off it first" in run.message
