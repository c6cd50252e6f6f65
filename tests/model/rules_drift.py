"""What changes in Atlassian, with IUM or behind its back, and how IUM finds out."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import rule

from ium.directory.models import Group, Site
from jira_sync import services as jobs
from jira_sync.client.errors import JiraUnreachable, KeyRefused
from jira_sync.simulator.refusals import Refused
from tests.model.base import NUMBER, Rules
from tests.model.invariants import Reading
from tests.model.jira import MANY_SEATS, PRODUCT
from tests.model.world import COMPARISON, FIXED, MANAGED

# Each change and the way back; the way back is the more frequent one.
CHANGES = [
    "put stranger in",
    "put user in",
    "taken out",
    "taken out",
    "joins",
    "leaves",
    "administrator",
    "administrator no more",
    "suspended",
    "restored",
    "sold out",
    "read only",
    "all refusals end",
    "jira away",
    "key refused",
    "jira back",
    "jira back",
]
SLOW_WORKERS = 4
PAGES = st.sampled_from([0, 0, 1, 3, 3, 6])


class DriftRules(Rules):
    """Rules of Atlassian's administrators, outages, and the jobs that read."""

    @rule(who=NUMBER, what=st.sampled_from(CHANGES))
    def atlassian_changes(self, who: int, what: str) -> None:
        """People, groups, licences or Jira itself change; IUM learns it by its next sync or call."""
        account = MANAGED[who % len(MANAGED)]
        self.world.check.excused = what.startswith("put")
        self._somewhere(self._changes(account)[what])
        if what.startswith("administrator"):
            sites = Site.objects.all()
            self.world.run_job(lambda: jobs.sync_protected(sites=sites))

    def _somewhere(self, change: Callable[[], object]) -> None:
        """Let somebody at Atlassian try something."""
        try:
            change()
        except Refused:
            self.world.check.excused = False
        self.world.look()

    def _changes(self, account: str) -> dict[str, Callable[[], object]]:
        jira = self.world.jira
        organisation, person = jira.organisation, jira.organisation.person(account)
        members = sorted(jira.members)
        return {
            "put stranger in": lambda: jira.put_in(FIXED[int(account[1:]) % len(FIXED)]),
            "put user in": lambda: jira.put_in(account),
            "taken out": lambda: members and jira.take_out(members[0]),
            "joins": lambda: jira.set_member(jira.users, account, member=True),
            "leaves": lambda: jira.set_member(jira.users, account, member=False),
            "administrator": lambda: jira.set_member(jira.admins, account, member=True),
            "administrator no more": lambda: jira.set_member(jira.admins, account, member=False),
            "suspended": lambda: organisation.set_status(person, "suspended"),
            "restored": lambda: organisation.set_status(person, "active"),
            "sold out": lambda: organisation.set_seats(PRODUCT, 0),
            "read only": lambda: setattr(jira.access, "external", True),
            "all refusals end": self._no_more_refusals,
            "jira away": lambda: setattr(jira, "failing", JiraUnreachable),
            "key refused": lambda: setattr(jira, "failing", KeyRefused),
            "jira back": lambda: setattr(jira, "failing", None),
        }

    def _no_more_refusals(self) -> None:
        self.world.jira.organisation.set_seats(PRODUCT, MANY_SEATS)
        self.world.jira.access.external = False

    @rule(pages=PAGES)
    def ium_compares(self, pages: int) -> None:
        """The reconciler runs; a slow one pauses after so many answers."""

        def compare() -> None:
            reading = Reading()
            self.world.check.readings.append(reading)
            try:
                jobs.reconcile_pool(pool_id=self.world.pool.pk)
            finally:
                self.world.check.readings.remove(reading)

        self._run(COMPARISON, compare, pages)

    @rule(pages=PAGES)
    def ium_syncs_people(self, pages: int) -> None:
        """The user group is mirrored; a slow run pauses after so many answers, or between its steps."""
        group = Group.objects.get(group_id="users")
        self._run("sync", lambda: jobs.sync_user_group(group_id=group.pk), pages)

    def _run(self, name: str, job: Callable[[], object], pages: int) -> None:
        if not pages or len(self.world.workers) >= SLOW_WORKERS:
            self.world.run_job(job)
            return
        worker = self.world.start(name, self.quietly(job))
        for _ in range(pages):
            if worker.call is None:
                return
            answer = worker.call.perform()
            if answer.value == []:  # all is read, and the answer still on its way
                worker.answer = answer
                return
            self.world.hear(worker, answer)
