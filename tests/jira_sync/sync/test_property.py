"""Whatever the groups are: afterwards exactly the wanted people are in the user group, the untouchable untouched."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jira_sync.models import RunState, SyncRun
from jira_sync.simulator import credentials
from tests.jira_sync.sync.world import World, accounts

PEOPLE = sorted(accounts(*range(12)))
UNTOUCHABLE = [credentials.ADMIN, credentials.APP_ACCOUNT]
EVERYBODY = [*PEOPLE, *UNTOUCHABLE]
some = st.sets(st.sampled_from(EVERYBODY))


@dataclass(frozen=True)
class Case:
    """A random organisation."""

    first: set[str]
    second: set[str]
    users: set[str]
    licensed: set[str]
    own_role: set[str]
    suspended: set[str]
    maximum: int | None

    def wanted(self) -> set[str]:
        """The people who should be IUM users, without a limit."""
        filtered = self.licensed | self.own_role | self.suspended
        return ((self.first | self.second) & set(PEOPLE)) - filtered


people = st.sets(st.sampled_from(PEOPLE))
cases = st.builds(
    Case,
    first=some,
    second=some,
    users=some,
    licensed=people,
    own_role=st.sets(st.sampled_from(PEOPLE), max_size=2),
    suspended=people,
    maximum=st.none() | st.integers(0, 14),
)


@pytest.fixture
def prepared(world: World) -> World:
    """Two source groups, and one with a licence."""
    world.source("first")
    world.source("second")
    world.group("licensed", grants=["jira-software"])
    world.sim.order("options", seats={"jira-software": 1000})
    return world


def arrange(world: World, case: Case) -> None:
    """Make Jira look like the case."""
    for name in PEOPLE:
        world.sim.order("user", accountId=name, active=True)
    for group, members in (
        ("first", case.first),
        ("second", case.second),
        ("crew", case.users),
        ("licensed", case.licensed),
    ):
        world.change(group, add=members, remove=set(EVERYBODY) - members)
    for name in PEOPLE:
        roles = ["jira-software"] if name in case.own_role else []
        state = {"suspended": True} if name in case.suspended else {}
        world.sim.order("user", accountId=name, direct=roles, **state)
    SyncRun.objects.all().delete()
    world.settings.maximum_users = case.maximum
    world.settings.save()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(case=cases)
def test_afterwards_the_user_group_is_exactly_as_wanted(prepared: World, case: Case) -> None:
    arrange(prepared, case)
    run = prepared.sync(loss_allowed=True)
    members, wanted = prepared.members(), case.wanted()
    untouched = case.users & set(UNTOUCHABLE)
    assert members & set(UNTOUCHABLE) == untouched
    kept, new = wanted & case.users, wanted - case.users
    assert kept <= members <= wanted | untouched
    if case.maximum is None:
        assert members == wanted | untouched
        assert run.state == RunState.DONE
    else:
        persons = case.users & {*PEOPLE, credentials.ADMIN}
        stay = len(kept) + len(persons & set(UNTOUCHABLE))
        added = min(len(new), max(0, case.maximum - stay))
        assert len(members) == len(kept) + len(untouched) + added
        assert (run.state == RunState.PARTIAL) == (added < len(new))
