"""Mirroring the groups that have rules: who of the people IUM knows is in them."""

from collections.abc import Iterator

import pytest
from kombu.exceptions import OperationalError

from ium.directory.models import Group, User
from jira_sync.client.errors import JiraUnreachable
from jira_sync.client.interface import Person
from jira_sync.receivers import read_rule_groups
from jira_sync.tasks import sync_rule_groups
from slots.models import GroupRule, JobRun, LicencePool
from tests.factories import GroupFactory, MembershipFactory, PoolFactory, member

pytestmark = pytest.mark.django_db


class Directory:
    """A Jira that knows the members of one group, or cannot be reached."""

    def __init__(self, *members: str, reachable: bool = True) -> None:
        self.members, self.reachable = members, reachable

    def iter_members(self, _group_id: str) -> Iterator[Person]:
        """Tell the members."""
        if not self.reachable:
            raise JiraUnreachable
        return iter([Person(account_id=one, name=one) for one in self.members])


@pytest.fixture
def pool() -> LicencePool:
    """A pool."""
    made: LicencePool = PoolFactory.create()
    return made


@pytest.fixture
def team(pool: LicencePool) -> Group:
    """A group with a rule."""
    group: Group = GroupFactory.create(site=pool.site, name="team")
    GroupRule.objects.create(pool=pool, group=group, reserved_slots=1)
    return group


def run(monkeypatch: pytest.MonkeyPatch, jira: Directory) -> int:
    """Let the job run against this Jira."""
    monkeypatch.setattr("jira_sync.services.people.directory_of", lambda _site: jira)
    changed: int = sync_rule_groups()
    return changed


def test_who_came_and_who_left_is_mirrored_and_nobody_is_made_up(
    pool: LicencePool, team: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben = member(pool, account_id="ann"), member(pool, account_id="ben")
    MembershipFactory.create(group=team, user=ben)
    people = User.objects.count()
    assert run(monkeypatch, Directory("ann", "somebody-without-a-licence")) == 2
    assert list(team.members.all()) == [ann]
    assert User.objects.count() == people
    assert run(monkeypatch, Directory("ann")) == 0


def test_groups_without_rules_and_user_groups_are_left_alone(
    pool: LicencePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = member(pool, account_id="ann")
    GroupRule.objects.create(pool=pool, group=pool.user_group)
    MembershipFactory.create(group=GroupFactory.create(site=pool.site), user=ann)
    assert run(monkeypatch, Directory()) == 0
    assert ann.memberships.count() == 2


def test_when_jira_is_away_the_members_stay_and_the_job_says_so(
    pool: LicencePool, team: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = member(pool, account_id="ann")
    MembershipFactory.create(group=team, user=ann)
    with pytest.raises(JiraUnreachable):
        run(monkeypatch, Directory(reachable=False))
    assert list(team.members.all()) == [ann]
    assert JobRun.objects.get(name="sync_rule_groups").failures == 1


def test_saving_rules_without_a_broker_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr("celery.current_app.send_task", refuse)
    read_rule_groups()
