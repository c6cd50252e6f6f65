"""The second half of a run: people are changed, removals first, each written down before and after its call."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.directory.services import group_members_add, group_members_remove
from ium.lib import clock
from ium.lib.rows import update_returning
from jira_sync.client.errors import JiraError
from jira_sync.client.interface import JiraDirectory
from jira_sync.connections import directory_of
from jira_sync.models import EntryAction, EntryState, SyncEntry, SyncRun, SyncSettings
from jira_sync.services.health import note_answer
from jira_sync.sync.calls import Call, Calls, side_by_side
from jira_sync.sync.claims import Claim
from jira_sync.sync.leaving import take_slots
from jira_sync.sync.members import consequence_of, set_member
from jira_sync.sync.plans import REMOVALS
from jira_sync.sync.selectors import people_concerned

# Written down together: what was called for when a worker dies is looked at again.
BATCH = 200


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
        with side_by_side() as calls:
            while batch := self._next():
                if clock.now() >= deadline:
                    return False
                self._claim.renew(clock.now())
                self._change(batch, calls, deadline)
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

    def _change(self, batch: Sequence[SyncEntry], calls: Calls, deadline: datetime) -> None:
        """Claim the people, take the slots of those who go, call Jira for each, write what came of it."""
        mine = self._mine(batch)
        if mine and mine[0].action in REMOVALS:
            take_slots(pool=self._run.pool, user_ids=_user_ids(mine), at=clock.now())
        objections = calls.make(
            self._calls(mine, deadline),
            goes_on=lambda error: consequence_of(error, 0) == "person",
        )
        begun, not_begun = mine[: len(objections)], mine[len(objections) :]
        self._run.calls += sum(1 + (entry.attempts > 0) for entry in begun)
        self._give_back(not_begun)
        self._note(dict(zip(begun, objections, strict=True)))

    def _mine(self, batch: Sequence[SyncEntry]) -> list[SyncEntry]:
        """Note before the calls that they are made; leave out whom somebody else has taken meanwhile."""
        mine: set[int] = set()
        for attempts in {entry.attempts for entry in batch}:
            keys = [entry.pk for entry in batch if entry.attempts == attempts]
            planned = SyncEntry.objects.filter(
                run=self._run, pk__in=keys, state=EntryState.PLANNED, attempts=attempts
            )
            mine |= update_returning(planned, attempts=attempts + 1)
        return [entry for entry in batch if entry.pk in mine]

    def _calls(self, entries: Sequence[SyncEntry], deadline: datetime) -> Iterator[Call]:
        """Return the calls as long as there is time, and nobody else can have taken the run over."""
        for entry in entries:
            if clock.now() >= min(deadline, self._claim.until):
                return
            yield partial(
                set_member,
                self._directory,
                self._run.pool.user_group.group_id,
                entry.account_id,
                member=entry.action == EntryAction.ADD,
                again=entry.attempts > 0,
            )

    def _give_back(self, entries: Sequence[SyncEntry]) -> None:
        """Nobody was called for them."""
        if entries and clock.now() < self._claim.until:
            keys = [entry.pk for entry in entries]
            self._run.entries.filter(pk__in=keys, state=EntryState.PLANNED).update(
                attempts=F("attempts") - 1
            )

    def _note(self, objections: Mapping[SyncEntry, JiraError | None]) -> None:
        """Write down whom Jira confirmed and whom it refused; raise what the run must wait for or ends with."""
        done = [entry for entry, error in objections.items() if error is None]
        if done:
            _note_done(done, self._run)
            self._note_answer()
        ends: list[Exception] = []
        for entry, error in objections.items():
            if error is not None and (end := self._note_error(entry, error)) is not None:
                ends.append(end)
        # What ends the run goes before what it waits for.
        for end in sorted(ends, key=lambda error: isinstance(error, PersonDelayedError)):
            raise end

    def _note_answer(self) -> None:
        if not self._answered:
            self._answered = True
            note_answer(site_id=self._run.pool.site_id, at=clock.now())

    def _note_error(self, entry: SyncEntry, error: JiraError) -> Exception | None:
        """Leave this person out, or return why the run has to wait (PersonDelayedError) or end (the error itself)."""
        row = self._run.entries.filter(pk=entry.pk)
        attempts = entry.attempts + 1
        consequence = consequence_of(error, attempts)
        if consequence == "person":
            row.update(state=EntryState.FAILED, details=error.message)
            return None
        row.update(details=error.message)
        return PersonDelayedError(error, attempts) if consequence == "wait" else error


def _user_ids(entries: Sequence[SyncEntry]) -> list[int]:
    users = User.objects.filter(account_id__in=[entry.account_id for entry in entries])
    return list(users.values_list("pk", flat=True))


@transaction.atomic
def _note_done(entries: Sequence[SyncEntry], run: SyncRun) -> None:
    """Write down that Jira confirmed it, and let the mirror follow. All are of one action."""
    run.entries.filter(pk__in=[entry.pk for entry in entries]).update(state=EntryState.DONE)
    change = group_members_add if entries[0].action == EntryAction.ADD else group_members_remove
    change(group=run.pool.user_group, user_ids=_user_ids(entries))


def failure_message(failed: int) -> str:
    """Return what a run says about people whom it could not change."""
    return _(
        "%(failed)d people could not be changed; each says why. The next run tries them again."
    ) % {"failed": failed}
