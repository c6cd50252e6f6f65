"""A run from its start to its end, in pieces that any worker can do: claim, plan or change people, hand on."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.lib import clock
from ium.lib.errors import Busy
from jira_sync.client.errors import JiraError, RateLimited
from jira_sync.models import (
    OPEN_RUNS,
    EntryAction,
    EntryState,
    RunState,
    SyncRun,
)
from jira_sync.services.health import note_answer, note_failure
from jira_sync.sync.applying import Applying, PersonDelayedError, failure_message
from jira_sync.sync.claims import Claim, ClaimLostError
from jira_sync.sync.leaving import take_slots
from jira_sync.sync.members import consequence_of, delay_of, waiting_message
from jira_sync.sync.planning import partial_message, plan_run
from jira_sync.sync.plans import REMOVALS
from jira_sync.sync.reading import SetupError
from jira_sync.sync.selectors import RunCounts, run_counts, unchanged_runs

# One piece of work; then slot changes that wait for the same worker get their turn.
PIECE = timedelta(seconds=20)
# Attempts to read groups are not counted: so many seconds pass between them.
READING_ATTEMPT = 4
SITE_DOWN_DELAY = 15.0
BUSY_DELAY = 2.0
MEASURING_DELAY = 60.0


def run_continue(*, run_id: int) -> float | None:
    """Do a piece of a run. Returns in how many seconds the next piece may follow.

    None: nothing is left to do, or somebody else is at it. Repeatable and safe at any time: whatever was lost
    with a worker is found in the rows when its claim runs out. Sleeps never, waits are columns.
    """
    claim = Claim.take(SyncRun.objects.filter(state__in=OPEN_RUNS), run_id, clock.now())
    if claim is None:
        return None
    run = SyncRun.objects.select_related("pool__site", "pool__user_group").get(pk=run_id)
    try:
        return _piece(run, claim)
    except ClaimLostError:
        return None
    except Busy as busy:
        return _pause(run, claim, BUSY_DELAY, str(busy.message))
    except (PersonDelayedError, SetupError, JiraError) as error:
        return _react(run, claim, error)


def _piece(run: SyncRun, claim: Claim) -> float | None:
    if run.pool.site.is_down:
        return _pause(run, claim, SITE_DOWN_DELAY, run.pool.site.connection_message)
    if run.pool.measuring and not run.dry_run:
        message = _("%(pool)s only measures: nobody is added or removed until that ends.")
        return _pause(run, claim, MEASURING_DELAY, message % {"pool": run.pool})
    if run.state == RunState.PLANNING:
        plan_run(run, claim)
        note_answer(site_id=run.pool.site_id, at=clock.now())
    if run.state == RunState.APPLYING:
        if not Applying(run, claim).until(clock.now() + PIECE):
            return _pause(run, claim, 0.0, "")
        _finish(run, claim)
    return None


def _react(
    run: SyncRun, claim: Claim, error: PersonDelayedError | SetupError | JiraError
) -> float | None:
    """What concerns more than one person: wait for better times, or end the run."""
    if isinstance(error, PersonDelayedError):
        return _wait(run, claim, error.error, error.attempts)
    if isinstance(error, JiraError):
        if consequence_of(error, 0) == "wait":
            return _wait(run, claim, error, READING_ATTEMPT)
        if error.affects == "site":
            note_failure(site_id=run.pool.site_id, error=error, at=clock.now())
    _fail(run, claim, str(error))
    return None


def _wait(run: SyncRun, claim: Claim, error: JiraError, attempts: int) -> float | None:
    if error.affects == "site" and not isinstance(error, RateLimited):
        note_failure(site_id=run.pool.site_id, error=error, at=clock.now())
    return _pause(run, claim, delay_of(error, attempts), waiting_message(error))


def _pause(run: SyncRun, claim: Claim, delay: float, message: str) -> float | None:
    """Let nobody go on before the delay is over."""
    wait_until = clock.now() + timedelta(seconds=delay) if delay else None
    try:
        claim.update(claimed_until=wait_until, message=message, calls=run.calls)
    except ClaimLostError:
        return None
    return delay


def _finish(run: SyncRun, claim: Claim) -> None:
    """Close a run whose people are all changed, left out or given up."""
    gone = run.entries.filter(action__in=REMOVALS, state=EntryState.DONE)
    users = User.objects.filter(account_id__in=gone.values("account_id"))
    # Once more: somebody may have asked for a slot in the moment between losing it and leaving.
    take_slots(pool=run.pool, user_ids=list(users.values_list("pk", flat=True)), at=clock.now())
    counts = run_counts(run)
    with transaction.atomic():
        claim.update(
            state=RunState.PARTIAL if counts.left_out else RunState.DONE,
            message=_final_message(counts),
            finished_at=clock.now(),
            calls=run.calls,
        )
        unchanged_runs(run.pool).exclude(pk=run.pk).delete()


def _final_message(counts: RunCounts) -> str:
    parts = [
        partial_message(counts.added, counts.left_out) if counts.left_out else "",
        failure_message(counts.failed) if counts.failed else "",
    ]
    return " ".join(filter(None, parts))


def _fail(run: SyncRun, claim: Claim, message: str) -> None:
    """Close a run before its end. What is not changed yet stays planned, and is looked at anew next time."""
    left = run.entries.filter(state=EntryState.PLANNED).exclude(action=EntryAction.FILTERED).count()
    if left:
        message += " " + _("%(left)d people were not changed.") % {"left": left}
    try:
        claim.update(
            state=RunState.FAILED,
            message=message,
            finished_at=clock.now(),
            claimed_until=None,
            calls=run.calls,
        )
    except ClaimLostError:
        return
