"""The second half of a run: one person after the other, removals first, each written down before and after its call."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.directory.services import group_member_add, group_member_remove
from ium.lib import clock
from jira_sync.client.errors import JiraError
from jira_sync.client.interface import JiraDirectory
from jira_sync.connections import directory_of
from jira_sync.models import EntryAction, EntryState, SyncEntry, SyncRun, SyncSettings
from jira_sync.services.health import note_answer
from jira_sync.sync.claims import Claim
from jira_sync.sync.leaving import take_slots
from jira_sync.sync.members import consequence_of, set_member
from jira_sync.sync.plans import REMOVALS
from jira_sync.sync.selectors import people_concerned

BATCH = 20


class PersonDelayedError(Exception):
    """Jira gave no clear answer about somebody: the run waits for `error`'s delay and goes on."""

    def __init__(self, error: JiraError, attempts: int) -> None:
        super().__init__(error.message)
        self.error = error
        self.attempts = attempts


class Applying:
    """One worker's part of a run: changes people until the time is up or nobody is left."""

    def __init__(self, run: SyncRun, claim: Claim) -> None:
        """Work on the run by right of the claim."""
        self._run = run
        self._claim = claim
        self._directory: JiraDirectory = directory_of(run.pool.site)
        self._answered = False

    def until(self, deadline: datetime) -> bool:
        """Change people; return whether nobody is left. Raises JiraError, PersonDelayedError, ClaimLostError."""
        if self._run.reset:
            self._take_all_slots()
        while batch := self._next():
            for entry in batch:
                if clock.now() >= deadline:
                    return False
                self._claim.renew(clock.now())
                self._change(entry)
        return True

    def _take_all_slots(self) -> None:
        """Also from people who hold or wait but are not in the user group any more."""
        users = User.objects.filter(account_id__in=people_concerned(self._run.pool))
        ids = list(users.values_list("pk", flat=True))
        take_slots(pool=self._run.pool, user_ids=ids, at=clock.now())

    def _next(self) -> list[SyncEntry]:
        """Return the next people: those who go first, so that the group never holds more than allowed."""
        left = self._run.entries.filter(state=EntryState.PLANNED).order_by("attempts", "pk")
        removals = list(left.filter(action__in=REMOVALS)[:BATCH])
        if removals:
            return removals
        self._make_room()
        return list(left.filter(action=EntryAction.ADD)[:BATCH])

    def _make_room(self) -> None:
        """Leave out as many additions as removals failed: those people still take their places."""
        settings = SyncSettings.objects.filter(pool=self._run.pool).first()
        if settings is None or settings.maximum_users is None:
            return
        stayed = self._run.entries.filter(action__in=REMOVALS, state=EntryState.FAILED).count()
        additions = self._run.entries.filter(action=EntryAction.ADD)
        missing = stayed - additions.filter(reason="no_room").count()
        if missing > 0:
            last = additions.filter(state=EntryState.PLANNED).order_by("-pk")[:missing]
            self._run.entries.filter(pk__in=[entry.pk for entry in last]).update(
                state=EntryState.SKIPPED, reason="no_room"
            )

    def _change(self, entry: SyncEntry) -> None:
        """Claim the person, take the slot if they go, call Jira, write what came of it."""
        attempts = entry.attempts + 1
        mine = self._run.entries.filter(
            pk=entry.pk, state=EntryState.PLANNED, attempts=entry.attempts
        )
        if not mine.update(attempts=F("attempts") + 1):
            return
        row = self._run.entries.filter(pk=entry.pk)
        try:
            self._call(entry, again=attempts > 1)
        except JiraError as error:
            _note_error(row, error, attempts)
            return
        _note_done(row, entry, self._run)

    def _call(self, entry: SyncEntry, *, again: bool) -> None:
        joins = entry.action == EntryAction.ADD
        if not joins:
            take_slots(pool=self._run.pool, user_ids=_user_ids(entry), at=clock.now())
        group_id = self._run.pool.user_group.group_id
        self._run.calls += 1 + again
        set_member(self._directory, group_id, entry.account_id, member=joins, again=again)
        if not self._answered:
            self._answered = True
            note_answer(site_id=self._run.pool.site_id, at=clock.now())


def _user_ids(entry: SyncEntry) -> list[int]:
    users = User.objects.filter(account_id=entry.account_id)
    return list(users.values_list("pk", flat=True))


def _note_error(row: "QuerySet[SyncEntry]", error: JiraError, attempts: int) -> None:
    """Leave this person out, or let the run wait (PersonDelayedError) or end (the error itself)."""
    consequence = consequence_of(error, attempts)
    if consequence == "person":
        row.update(state=EntryState.FAILED, details=error.message)
        return
    row.update(details=error.message)
    if consequence == "wait":
        raise PersonDelayedError(error, attempts)
    raise error


@transaction.atomic
def _note_done(row: "QuerySet[SyncEntry]", entry: SyncEntry, run: SyncRun) -> None:
    """Write down that Jira confirmed it, and let the mirror follow."""
    row.update(state=EntryState.DONE, details=entry.details)
    user = User.objects.filter(account_id=entry.account_id).first()
    if user is None:
        return
    change = group_member_add if entry.action == EntryAction.ADD else group_member_remove
    change(group=run.pool.user_group, user=user)


def failure_message(failed: int) -> str:
    """Return what a run says about people whom it could not change."""
    return _(
        "%(failed)d people could not be changed; each says why. The next run tries them again."
    ) % {"failed": failed}
