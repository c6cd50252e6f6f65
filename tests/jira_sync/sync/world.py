"""A pool on the simulated Jira, with groups of its own, and a clock that only moves when told to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ium.directory.models import Group, Site, User
from ium.directory.services import people_upsert
from jira_sync.client.interface import Person
from jira_sync.models import OPEN_RUNS, EntryAction, SyncRun, SyncSettings
from jira_sync.services.groups import groups_refresh
from jira_sync.services.people import seen
from jira_sync.simulator import credentials, demo
from jira_sync.sync import run_continue, run_start
from slots.models import LicencePool
from tests import factories
from tests.conftest import Now
from tests.simulator.process import SimulatorProcess

ACCESS = "ium-access"
USERS = "crew"
FIRST = demo.FIXED  # the first person without a fixed licence


def account(number: int) -> str:
    """The account id of an ordinary person: active, without any licence."""
    return credentials.account_id(FIRST + number)


def accounts(*numbers: int) -> set[str]:
    """Account ids of ordinary people."""
    return {account(number) for number in numbers}


class World:
    """The simulated Jira and IUM's rows about it."""

    def __init__(self, sim: SimulatorProcess, now: Now) -> None:
        self.sim = sim
        self.now = now
        found = credentials.printable()
        self.site: Site = factories.SiteFactory.create(
            url=sim.url,
            api_url=sim.url,
            cloud_id=found["cloud_id"],
            org_id=found["org_id"],
            directory_id=found["directory_id"],
            org_key=found["org_key"],
        )
        sim.order("groups", name=USERS)
        groups_refresh(site_id=self.site.pk, at=now.at)
        self.pool: LicencePool = factories.PoolFactory.create(
            site=self.site, access_group=self.mirror(ACCESS), user_group=self.mirror(USERS)
        )
        self.settings = SyncSettings.objects.create(pool=self.pool)
        self.administrator: User = factories.UserFactory.create(
            account_id=None, username="root", display_name="Root", is_superuser=True, is_staff=True
        )

    # --- arranging ---------------------------------------------------------------------------------

    def mirror(self, name: str) -> Group:
        """IUM's row of a group."""
        return self.site.groups.get(name=name)

    def source(self, name: str, members: Iterable[str] = (), **details: Any) -> Group:
        """Make a group at Jira and choose it as a source group."""
        group = self.group(name, members, **details)
        self.settings.source_groups.add(group)
        return group

    def group(self, name: str, members: Iterable[str] = (), **details: Any) -> Group:
        """Make a group at Jira, and mirror it."""
        self.sim.order("groups", name=name, **details)
        self.change(name, add=members)
        groups_refresh(site_id=self.site.pk, at=self.now.at)
        return self.mirror(name)

    def change(self, name: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Change a group as an administrator would."""
        self.sim.order("members", name=name, add=sorted(add), remove=sorted(remove))

    def users(self, members: Iterable[str]) -> None:
        """Put people into the user group, at Jira and in the mirror."""
        ids = sorted(members)
        self.change(USERS, add=ids)
        self.mirrored(ids)

    def mirrored(self, ids: Iterable[str]) -> list[User]:
        """Let IUM know people as members of the user group."""
        people = people_upsert(seen(Person(one, f"Person {one[-4:]}")) for one in ids)
        for user in people:
            factories.MembershipFactory.create(group=self.pool.user_group, user=user)
        return people

    # --- looking -----------------------------------------------------------------------------------

    def members(self, name: str = USERS) -> set[str]:
        """Who is in a group at Jira."""
        return set(self.sim.group(name)["members"])

    def mirror_members(self) -> set[str]:
        """Who is in the user group by the mirror."""
        rows = self.pool.user_group.memberships.values_list("user__account_id", flat=True)
        return {str(one) for one in rows}

    def membership(self) -> list[Any]:
        """All groups with their members, to compare."""
        groups = self.sim.state()["groups"]
        return [(one["name"], one["members"]) for one in groups]

    def calls(self) -> dict[tuple[str, str], int]:
        """How many requests Jira got so far, by method and the last parts of the path."""
        found: dict[tuple[str, str], int] = {}
        for call in self.sim.state()["calls"]:
            key = call["method"], call["path"].rpartition("/directories/{directoryId}")[2]
            found[key] = found.get(key, 0) + call["count"]
        return found

    def calls_since(self, before: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
        """Requests since then."""
        return {
            key: count - before.get(key, 0)
            for key, count in self.calls().items()
            if count != before.get(key, 0)
        }

    # --- running -----------------------------------------------------------------------------------

    def start(self, **options: Any) -> SyncRun:
        """Start a run."""
        options = {"dry_run": False, "actor": None, **options}
        return run_start(pool_id=self.pool.pk, at=self.now.at, **options)

    def finish(self, run: SyncRun, rounds: int = 200) -> SyncRun:
        """Let workers go on with a run until it is over; time passes only where it waits."""
        for _ in range(rounds):
            delay = run_continue(run_id=run.pk)
            run.refresh_from_db()
            if run.state not in OPEN_RUNS:
                return run
            self.now.at += timedelta(seconds=delay if delay is not None else 91)
        raise AssertionError(f"the run does not end: {run.message}")

    def sync(self, **options: Any) -> SyncRun:
        """Start a run and let it end."""
        return self.finish(self.start(**options))

    def later(self, seconds: float = 91) -> datetime:
        """Let time pass: as standard so much that a dead worker's claim has run out."""
        self.now.at += timedelta(seconds=seconds)
        return self.now.at


def column(run: SyncRun, action: EntryAction) -> set[str]:
    """The account ids in one column of the log."""
    return set(run.entries.filter(action=action).values_list("account_id", flat=True))


def reasons(run: SyncRun) -> dict[str, str]:
    """Reason codes by account id."""
    return dict(run.entries.values_list("account_id", "reason"))
