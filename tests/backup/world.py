"""A small IUM on the simulated Jira: life goes on, is backed up, and is restored."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ium.backup import Options, backup_write, restore
from ium.directory.models import User
from jira_sync import services as jira_services
from slots import services
from slots.models import LicencePool, SlotState
from tests.conftest import Now
from tests.jira_sync.sync.world import ACCESS, account
from tests.jira_sync.sync.world import World as JiraWorld
from tests.simulator.process import SimulatorProcess

LICENCES = 5


class World:
    """People are numbers: `ask(3)` asks for person 3, `inside()` says who is a member at Jira."""

    def __init__(self, sim: SimulatorProcess, now: Now, file: Path) -> None:
        self.file = file
        self.now = now
        self.jira = JiraWorld(sim, now)
        self.workers_run = True
        self.limit(LICENCES)
        self.jira.users(account(number) for number in range(12))
        self.observe()

    # --- life --------------------------------------------------------------------------------------

    @property
    def pool(self) -> LicencePool:
        """The pool, fresh."""
        return LicencePool.objects.get()

    def limit(self, licences: int) -> None:
        """Set the licences, as an administrator does."""
        LicencePool.objects.update(assigned_licences=licences)
        services.pool_apply_limit(pool_id=self.pool.pk, at=self.now.at)

    def user(self, number: int) -> User:
        """IUM's row of a person."""
        return User.objects.get(account_id=account(number))

    def ask(self, *numbers: int) -> None:
        """Ask for a slot, as the queue page does; workers then talk to Jira."""
        for number in numbers:
            services.slot_request(
                user=self.user(number), pool=self.pool, return_url=None, at=self.now.at
            )
        self.work()

    def leave(self, *numbers: int) -> None:
        """Hand slots back."""
        for number in numbers:
            services.slot_release(user=self.user(number), pool=self.pool, at=self.now.at)
        self.work()

    def work(self) -> None:
        """Be the workers until nothing is left to do."""
        for _ in range(5 if self.workers_run else 0):
            for slot_id in jira_services.unfinished_slots():
                jira_services.carry_out(slot_id=slot_id)

    def tick(self, seconds: float = 30) -> None:
        """Let time pass and every job but the reconciler run."""
        self.now.at += timedelta(seconds=seconds)
        self.observe()
        for step in (services.pool_upkeep, services.sweep_warn, services.sweep_revoke):
            step(pool_id=self.pool.pk, at=self.now.at)
        self.work()

    def observe(self) -> None:
        """Note that activity can be received."""
        services.intake_observe(at=self.now.at)

    def reconcile(self) -> services.Difference:
        """Compare with Jira."""
        difference = jira_services.reconcile_pool(pool_id=self.pool.pk)
        assert difference is not None
        self.work()
        return difference

    # --- backup ------------------------------------------------------------------------------------

    def backup(self) -> None:
        """Back up now."""
        backup_write(path=self.file, with_secrets=False, at=self.now.at)

    def restore(self, after: float = 0) -> None:
        """Restore, so many seconds later."""
        self.now.at += timedelta(seconds=after)
        restore(path=self.file, options=Options(), at=self.now.at)

    # --- looking -----------------------------------------------------------------------------------

    def inside(self) -> set[int]:
        """Who is a member of the access group at Jira."""
        members = self.jira.members(ACCESS)
        return {number for number in range(30) if account(number) in members}

    def holders(self) -> set[int]:
        """Who holds an active slot."""
        held = self.pool.slots.filter(state=SlotState.ACTIVE)
        ids = set(held.values_list("holder__account_id", flat=True))
        return {number for number in range(30) if account(number) in ids}

    def used(self) -> int:
        """How many slots count as used."""
        return self.pool.slots.used().count()

    def highest(self) -> int:
        """The most members the access group ever had: what Atlassian bills."""
        return int(self.jira.sim.group(ACCESS)["highest_members"])
