"""Who is added, filtered out and removed, and the reason that each of them is told."""

import pytest

from ium.directory.models import Site
from jira_sync.models import EntryAction, EntryState, RunState
from jira_sync.simulator import credentials
from jira_sync.sync import run_counts, why
from tests.jira_sync.sync.world import USERS, World, account, accounts, column, reasons

FIXED = credentials.account_id(5)  # in jira-fixed
ADMIN = credentials.ADMIN


def status(world: World, account_id: str, name: str) -> None:
    world.sim.order("user", accountId=account_id, **{name: True})


def test_members_of_the_source_groups_become_iumusers_each_once(world: World) -> None:
    world.source("staff", accounts(1, 2))
    world.source("guests", accounts(2, 3))
    run = world.sync()
    assert run.state == RunState.DONE
    assert world.members() == world.mirror_members() == accounts(1, 2, 3)
    assert set(reasons(run).values()) == {"source_group"}
    assert run.entries.get(account_id=account(3)).details == "Is in the source group “guests”."


@pytest.mark.parametrize("name", ["suspended", "closed", "deactivated"])
def test_accounts_that_cannot_sign_in_are_filtered_out(world: World, name: str) -> None:
    world.source("staff", accounts(1, 2))
    status(world, account(2), name)
    run = world.sync()
    assert world.members() == accounts(1)
    assert column(run, EntryAction.FILTERED) == accounts(2)
    assert reasons(run)[account(2)] == ("closed" if name == "closed" else "suspended")


def test_people_with_a_licence_by_another_group_are_filtered_out(world: World) -> None:
    world.source("staff", {account(1), FIXED})
    run = world.sync()
    assert world.members() == accounts(1)
    entry = run.entries.get(account_id=FIXED)
    assert (entry.action, entry.reason) == (EntryAction.FILTERED, "fixed_licence")
    assert entry.details == "Has Jira anyway, by the group “jira-fixed”."


def test_a_group_that_gives_the_product_for_free_filters_nobody_out(world: World) -> None:
    world.group(
        "helpers",
        accounts(1),
        grants=[{"product": "jira-software", "role": "atlassian/user-access-admin"}],
    )
    world.source("staff", accounts(1))
    world.sync()
    assert world.members() == accounts(1)


def test_another_product_filters_nobody_out(world: World) -> None:
    world.group("writers", accounts(1), grants=["confluence"])
    world.source("staff", accounts(1))
    world.sync()
    assert world.members() == accounts(1)


def test_a_role_of_ones_own_is_a_licence_too(world: World) -> None:
    world.source("staff", accounts(1, 2, 3))
    world.sim.order("user", accountId=account(2), direct=["jira-software"])
    world.sim.order("user", accountId=account(3), direct=["confluence"])
    run = world.sync()
    assert world.members() == accounts(1, 3)
    entry = run.entries.get(account_id=account(2))
    assert (entry.reason, entry.details) == (
        "fixed_licence",
        "Has Jira anyway, by a role of their own.",
    )


def test_being_in_the_access_group_is_no_licence_of_ones_own(world: World) -> None:
    world.source("staff", accounts(1))
    world.change("ium-access", add=accounts(1))
    world.sync()
    assert world.members() == accounts(1)


def test_what_a_group_gives_is_asked_again_not_believed(world: World) -> None:
    """The mirror says that it gave the product yesterday; by now the access was taken off."""
    group = world.group("former", accounts(1))
    group.grants = [{"product": "jira-software", "roles": [], "takes_licence": True}]
    group.save(update_fields=["grants"])
    world.source("staff", accounts(1, 2))
    group.save(update_fields=["grants"])
    world.sync()
    assert world.members() == accounts(1, 2)


def test_apps_and_administrators_are_never_touched(world: World) -> None:
    both = {credentials.APP_ACCOUNT, ADMIN}
    world.source("staff", {account(1), *both})
    run = world.sync()
    assert world.members() == accounts(1)
    assert {key: reasons(run)[key] for key in both} == {
        credentials.APP_ACCOUNT: "not_a_person",
        ADMIN: "administrator",
    }
    world.change(USERS, add=both)
    world.change("staff", remove=both)
    world.sync()
    assert world.members() == accounts(1) | both


def test_who_left_or_became_filtered_is_removed_and_listed_apart(world: World) -> None:
    world.source("staff", accounts(1, 2, 3, 4))
    world.sync()
    world.change("staff", remove=accounts(2))
    status(world, account(3), "suspended")
    world.change("jira-fixed", add=accounts(4))
    run = world.sync()
    assert world.members() == world.mirror_members() == accounts(1)
    assert column(run, EntryAction.REMOVE) == accounts(2)
    assert column(run, EntryAction.REMOVE_FILTERED) == accounts(3, 4)
    assert reasons(run) == {
        account(2): "left_sources",
        account(3): "suspended",
        account(4): "fixed_licence",
    }
    counts = run_counts(run)
    assert (counts.removed, counts.removed_by_filter, counts.done, counts.changes) == (1, 2, 3, 3)
    assert set(run.entries.values_list("state", flat=True)) == {EntryState.DONE}


def test_why_tells_the_same_about_one_person(world: World) -> None:
    world.source("staff", {account(1), account(2), FIXED})
    world.users(accounts(3))
    assert why(pool=world.pool, account_id=account(1)) == [
        "Is in the source group “staff”.",
        "Is no IUM user.",
        "The next run adds this person, if there is room.",
    ]
    assert (
        why(pool=world.pool, account_id=FIXED)[1] == "Has Jira anyway, by the group “jira-fixed”."
    )
    assert why(pool=world.pool, account_id=account(3)) == [
        "Is in no source group.",
        "Is an IUM user.",
        "The next run takes this person out.",
    ]
    world.sim.order("user", accountId=account(2), direct=["jira-software"])
    assert "Has Jira anyway, by a role of their own." in why(pool=world.pool, account_id=account(2))
    assert "administrator" in " ".join(why(pool=world.pool, account_id=ADMIN))
    assert "does not know" in why(pool=world.pool, account_id="712020:nobody")[0]


def test_jira_rest_does_the_same_without_roles_of_ones_own(world: World) -> None:
    found = credentials.printable()
    Site.objects.filter(pk=world.site.pk).update(
        org_key="", api_email=found["admin_email"], api_token=found["api_token"]
    )
    world.source("staff", {account(1), account(2), FIXED, ADMIN, credentials.APP_ACCOUNT})
    status(world, account(2), "suspended")
    world.users(accounts(3))
    run = world.sync()
    assert world.members() == accounts(1)
    assert reasons(run) == {
        account(1): "source_group",
        account(2): "suspended",
        account(3): "left_sources",
        FIXED: "fixed_licence",
        ADMIN: "administrator",
        credentials.APP_ACCOUNT: "not_a_person",
    }
    assert (
        why(pool=world.pool, account_id=FIXED)[1] == "Has Jira anyway, by the group “jira-fixed”."
    )
