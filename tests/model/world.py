"""The world the machine acts in: one pool, its people, Jira, workers, messages on their way, and a clock."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, TypeVar

from django.db import connection, transaction

from ium.directory.models import Group, GroupMembership, Site, User
from ium.lib.errors import Refused
from jira_sync import services as jobs
from slots import services
from slots.models import GroupRule, LicencePool, QueueEntry, Slot
from slots.services.wanted import SETTLE_TIME
from tests.factories import AT, trusted
from tests.model.invariants import GAP, Checker
from tests.model.jira import InProcessJira
from tests.model.teams import Team
from tests.model.workers import Answer, Call, Worker, WorkerDiedError

T = TypeVar("T")
MANAGED = [f"p{number}" for number in range(6)]
FIXED = ["q6", "q7"]
COMPARISON = "comparison"
ZERO, SECOND = timedelta(0), timedelta(seconds=1)


@dataclass(frozen=True)
class Setting:
    """What an administrator chose at the start."""

    licences: int
    sweep_interval_minutes: int
    warning_seconds: int
    minimum_hold_seconds: int
    lock_minutes: int
    place_kept_seconds: int
    reclaim: bool
    crowd: int
    teams: list[Team] = field(default_factory=list)


@dataclass(eq=False)
class Landing:
    """A call whose answer was lost; it takes effect later, or never."""

    call: Call
    until: timedelta


class World:
    """Everything there is. Nothing of it survives `end()`: the whole example is one transaction, rolled back."""

    current: ClassVar["World | None"] = None

    def __init__(self, setting: Setting) -> None:
        """Begin on a Monday morning, with a crowd that asks for slots."""
        World.current = self
        self._transaction = transaction.atomic()
        self._transaction.__enter__()
        try:
            self._begin(setting)
        except BaseException:
            if hasattr(self, "check"):
                self.check.close()
            self._roll_back()
            raise

    def _begin(self, setting: Setting) -> None:
        self.at = AT
        # Time in Jira and on the network: no administrator sets it.
        self.real = timedelta(0)
        self.messages: list[int] = []
        self.workers: list[Worker] = []
        self.landing: list[Landing] = []
        self.jira = InProcessJira(managed=MANAGED, fixed=FIXED)
        self._make_rows(setting)
        keys = [user.pk for user in self.people]
        self.check = Checker(self.pool, self.jira, lambda: self.at, self.adding, keys)
        self.act(lambda: services.pool_apply_limit(pool_id=self.pool.pk, at=self.at))
        if setting.teams:
            self._make_teams(setting.teams)
        self.pulse()
        for number in range(setting.crowd):
            self.ask(number)

    def _make_rows(self, setting: Setting) -> None:
        site = Site.objects.create(name="Acme", url="https://acme.example", connection_state="ok")
        access = Group.objects.create(site=site, group_id="access", name="ium-access")
        users = Group.objects.create(site=site, group_id="users", name="ium-users")
        self.people = [
            User.objects.create(username=key, account_id=key, display_name=key) for key in MANAGED
        ]
        self.admin = User.objects.create(username="admin", is_staff=True)
        GroupMembership.objects.bulk_create(
            [GroupMembership(group=users, user=user) for user in self.people]
        )
        self.pool = LicencePool.objects.create(
            key="jira",
            name="Jira",
            site=site,
            access_group=access,
            user_group=users,
            assigned_licences=setting.licences,
            inactivity_minutes=5,
            sweep_interval_minutes=setting.sweep_interval_minutes,
            warning_seconds=setting.warning_seconds,
            minimum_hold_seconds=setting.minimum_hold_seconds,
            claim_seconds=90,
            lock_minutes=setting.lock_minutes,
            place_kept_seconds=setting.place_kept_seconds,
            reclaim_on_request=setting.reclaim,
        )

    def _make_teams(self, teams: list[Team]) -> None:
        for number, team in enumerate(teams):
            group = Group.objects.create(
                site=self.pool.site, group_id=f"team{number}", name=f"team{number}"
            )
            GroupMembership.objects.bulk_create(
                [GroupMembership(group=group, user=self.people[one]) for one in team.members]
            )
            GroupRule.objects.create(pool=self.pool, group=group)
        self.change_teams(teams)

    def change_teams(self, teams: list[Team]) -> None:
        """Save the rules for groups, as the admin does."""

        @transaction.atomic
        def save() -> None:
            for number, team in enumerate(teams):
                GroupRule.objects.filter(group__group_id=f"team{number}").update(
                    places_ahead=team.ahead, reserved_slots=team.reserved, max_slots=team.most
                )
            services.group_rules_changed(pool_id=self.pool.pk, at=self.at, actor=self.admin)

        self.check.teams_are(teams)
        self.act(save, dispatches=True)

    def end(self) -> None:
        """Forget everything."""
        self.check.close()
        for worker in self.workers:
            worker.die()
        self._roll_back()

    def _roll_back(self) -> None:
        World.current = None
        connection.run_on_commit = []
        # The database may have ended the transaction already, after a real error.
        connection.needs_rollback = True
        self._transaction.__exit__(None, None, None)

    # --- Acting ---------------------------------------------------------------------------------

    def act(self, step: Callable[[], T], *, dispatches: bool = False) -> T | None:
        """Do one thing a process does, deliver its signals, and check every promise."""
        result = None
        try:
            result = step()
        except Refused:
            dispatches = False
        self._signal()
        self.check.after_step(dispatches=dispatches)
        return result

    def look(self) -> None:
        """Something happened outside the database: only Jira is to be looked at."""
        self.check.check_jira()

    def _signal(self) -> None:
        """Run what waits for the commit: the example's outermost transaction never commits."""
        while connection.run_on_commit:
            waiting, connection.run_on_commit = connection.run_on_commit, []
            for _, call, _ in waiting:
                call()

    def fresh_pool(self) -> LicencePool:
        """Return the pool as a request reads it."""
        return LicencePool.objects.select_related("site").get(pk=self.pool.pk)

    def person(self, number: int) -> User:
        """Return somebody, as a request reads them."""
        return User.objects.get(pk=self.people[number % len(self.people)].pk)

    def holders(self) -> list[int]:
        """Return who has a slot, gets one or loses one, as the journal told."""
        return [slot.holder for slot in self.check.told.values() if slot.holder is not None]

    def warned(self) -> bool:
        """Whether somebody is about to lose a slot, as the journal told."""
        return any(slot.warned is not None for slot in self.check.told.values())

    def inside(self) -> list[int]:
        """Return who has a slot or waits."""
        return self.holders() + sorted(self.check.waiting)

    def somebody_inside(self, number: int) -> User:
        """Return somebody who has a slot or waits."""
        people = self.inside()
        return User.objects.get(pk=people[number % len(people)])

    def change_settings(self, **fields: object) -> None:
        """Save settings of the pool and apply the limit, in one transaction, as the admin does."""

        @transaction.atomic
        def save() -> None:
            LicencePool.objects.filter(pk=self.pool.pk).update(**fields)
            services.pool_apply_limit(pool_id=self.pool.pk, at=self.at, actor=self.admin)

        self.check.settings_change(fields)
        self.act(save, dispatches=True)

    def ask(self, number: int, *, join: bool = True) -> None:
        """Let somebody ask for a slot, or poll."""
        user, pool = self.person(number), self.fresh_pool()
        inside = Slot.objects.filter(holder=user).exclude(state="revoking").exists()
        asks = join or user.pk in self.check.waiting

        def request() -> bool:
            services.slot_request(user=user, pool=pool, return_url=None, at=self.at, join=join)
            return True

        if self.act(request, dispatches=asks and not inside):
            self.check.seen[user.pk] = self.at

    def hand_back(self, account_id: str) -> None:
        """Let somebody hand the slot back or leave the queue."""
        user, pool = User.objects.get(account_id=account_id), self.fresh_pool()
        self.check.releasing = user.pk
        self.act(lambda: services.slot_release(user=user, pool=pool, at=self.at))
        self.check.releasing = None

    def open_entry(self, number: int) -> int | None:
        """Return the id of a wait, if somebody waits."""
        entries = list(QueueEntry.objects.waiting().values_list("pk", flat=True))
        return entries[number % len(entries)] if entries else None

    def used_slot(self, number: int) -> int | None:
        """Return the id of a used slot, if there is one."""
        slots = list(Slot.objects.used().order_by("pk").values_list("pk", flat=True))
        return slots[number % len(slots)] if slots else None

    # --- Time -----------------------------------------------------------------------------------

    def pulse(self) -> None:
        """Let the job that watches over the intake run."""
        self.check.pulse(self.at)
        self.act(lambda: services.intake_observe(at=self.at))

    def wait(self, length: timedelta, *, alive: bool) -> None:
        """Let time pass; while IUM is `alive` it notes every 30 s that it can receive activity."""
        self.at += length
        self.real += length
        if alive and self.check.trusts(self.at - length):
            trusted(self.at)
            self.check.pulsed = self.at
        self.look()

    def jump(self, length: timedelta) -> None:
        """Set the clock.

        Two things are beyond IUM. A small jump forward cannot be noticed: then lost calls must arrive sooner. And a
        comparison during whose reading the clock is set back cannot tell what is newer than it: it ends here.
        """
        self.at += length
        for worker in [w for w in self.workers if length < ZERO and w.name == COMPARISON]:
            self.kill(worker)
        if ZERO < length <= GAP:
            for worker in self.workers:
                worker.until -= length
            for landing in self.landing:
                landing.until -= length
        self.look()

    # --- Workers and Jira -----------------------------------------------------------------------

    def start(self, name: str, job: Callable[[], object]) -> Worker:
        """Start a worker; it pauses at its first call."""
        worker = Worker(name, job, self.real + SETTLE_TIME - SECOND)
        self._run(worker, worker.begin)
        return worker

    def carry_out(self, slot_id: int) -> Worker:
        """Start a worker on what a slot wants."""
        return self.start(f"slot {slot_id}", lambda: jobs.carry_out(slot_id=slot_id))

    def _run(self, worker: Worker, go: Callable[[], None]) -> None:
        if worker not in self.workers:
            self.workers.append(worker)
        try:
            go()
        finally:
            if worker.dead:
                self.workers.remove(worker)
        self._signal()
        self.check.after_step(dispatches=False)

    def hear(self, worker: Worker, answer: Answer) -> None:
        """Let an answer arrive at a worker."""
        self._run(worker, lambda: worker.hear(answer))

    def kill(self, worker: Worker) -> None:
        """Let a worker process die."""
        self._run(worker, worker.die)

    def reaches_jira(self, worker: Worker) -> bool:
        """Whether the worker's call can still take effect."""
        return worker.call is not None and (worker.call.kind == "step" or self.real < worker.until)

    def finish(self, worker: Worker) -> None:
        """Let everything go well for a worker, to its end."""
        for _ in range(50):
            if worker.dead or worker.call is None:
                return
            if worker.answer is None and not self.reaches_jira(worker):
                self.kill(worker)
                return
            self.hear(worker, worker.answer or worker.call.perform())
        raise AssertionError(f"{worker.name} never ends")

    def land(self, landing: Landing) -> None:
        """Let a lost call take effect, if it still can."""
        self.landing.remove(landing)
        if self.real < landing.until:
            landing.call.perform()
        self.look()

    def adding(self) -> set[str]:
        """Return people whose addition is on its way to Jira and can still arrive."""
        # Who has read that somebody is no member adds them next, whatever happened to the limit meanwhile.
        calls = [
            (w.call, w.until)
            for w in self.workers
            if w.call and (w.answer is None or w.call.kind == "read")
        ]
        calls += [(landing.call, landing.until) for landing in self.landing]
        coming = [
            call for call, until in calls if self.real < until and call.kind in {"add", "read"}
        ]
        return {call.account_id for call in coming if call.account_id}

    def deliver(self, number: int) -> Worker:
        """Let a message arrive at a worker."""
        return self.carry_out(self.messages.pop(number % len(self.messages)))

    def carry_on(self) -> None:
        """Let everything that is under way, or wanted, go well."""
        for worker in list(self.workers):
            self.finish(worker)
        for slot_id in jobs.unfinished_slots():
            self.finish(self.carry_out(slot_id))
        for _ in range(20):
            if not self.messages:
                return
            self.finish(self.deliver(0))

    def run_job(self, job: Callable[[], object], *, dispatches: bool = False) -> None:
        """Run a job to its end, everything it asks of Jira included; what Jira refuses is retried later."""
        from jira_sync.client.errors import JiraError
        from jira_sync.services import SyncStoppedError

        def step() -> object:
            with suppress(JiraError, SyncStoppedError, WorkerDiedError):
                return job()
            return None

        self.act(step, dispatches=dispatches)
