"""Accounts that Atlassian closed, asked for at the simulated Jira over HTTP."""

from ium.directory.models import User
from ium.tasks import check_accounts
from jira_sync.services.people import sync_user_group
from slots.models import JournalEntry
from slots.sentences import sentence
from slots.services import slot_request, slot_take_back
from tests import factories
from tests.jira_sync.sync.world import World, account, accounts


def test_a_closed_account_is_forgotten_and_the_others_are_left_alone(world: World) -> None:
    world.users(accounts(1, 2))
    closed = User.objects.get(account_id=account(1))
    world.sim.order("user", accountId=account(1), closed=True)
    check_accounts()
    closed.refresh_from_db()
    assert (closed.account_id, closed.display_name, closed.email) == (None, "", "")
    assert User.objects.filter(account_id=account(2)).exists()
    entry = JournalEntry.objects.select_related("user", "actor", "pool").latest("pk")
    assert sentence(entry).endswith("were deleted: the Atlassian account is closed.")


def test_changed_names_are_taken_over_also_of_people_in_no_group(world: World) -> None:
    user = world.mirrored([account(3)])[0]
    user.memberships.all().delete()
    User.objects.filter(pk=user.pk).update(display_name="An old name")
    check_accounts()
    user.refresh_from_db()
    assert user.display_name not in {"", "An old name"}


def test_somebody_with_a_slot_is_forgotten_when_it_is_gone(world: World) -> None:
    world.users(accounts(4))
    user = User.objects.get(account_id=account(4))
    slot_request(user=user, pool=world.pool, return_url=None, at=world.now.at)
    jira = factories.FakeJira()
    jira.settle(world.now.at)
    world.sim.order("user", accountId=account(4), closed=True)
    check_accounts()
    user.refresh_from_db()
    assert (user.account_id, user.account_status) == (account(4), "closed")
    slot_take_back(slot_id=factories.slot_of(user).pk, at=world.now.at, actor=world.administrator)
    jira.settle(world.now.at)
    check_accounts()
    user.refresh_from_db()
    assert user.account_id is None


def test_whoever_was_forgotten_does_not_come_back_as_somebody_new(world: World) -> None:
    world.users(accounts(5))
    world.sim.order("user", accountId=account(5), closed=True)
    check_accounts()
    people = User.objects.count()
    sync_user_group(group_id=world.pool.user_group_id)
    assert User.objects.count() == people


def test_an_account_that_the_site_does_not_know_is_left_alone(world: World) -> None:
    stranger = factories.UserFactory.create(account_id="712020:of-another-site")
    check_accounts()
    stranger.refresh_from_db()
    assert stranger.account_id == "712020:of-another-site"
