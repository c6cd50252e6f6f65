"""How runs start, are confirmed, are stopped by hand; and the reset."""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.lib.errors import Refused
from jira_sync.models import OPEN_RUNS, RunState, SyncRun, SyncSettings
from jira_sync.sync.refusals import refuse_group, refuse_reset, refuse_sources, run_open
from jira_sync.sync.selectors import open_run
from jira_sync.sync.waking import wake_after_commit
from slots.models import LicencePool


def run_start(
    *,
    pool_id: int,
    dry_run: bool,
    actor: User | None,
    at: datetime,
    reset: bool = False,
    loss_allowed: bool = False,
) -> SyncRun:
    """Start a run of the user sync; a worker carries it out (`run_continue`). `actor` None: the interval did.

    In a pool with its dry run on, or one that only measures, every run is a dry run. `loss_allowed`: without the
    safety stop. Raises Refused when it cannot work: a run is open, no or unfit source groups, user group read-only,
    site down. Groups of which the mirror says that they still give the product are asked for at Jira first: call it
    outside transactions.
    """
    pool = _pool(pool_id)
    refuse_group(pool)
    if not reset:
        refuse_sources(pool)
    return _create(
        pool,
        dry_run=(dry_run or pool.dry_run or pool.measuring) and not reset,
        reset=reset,
        loss_allowed=loss_allowed or reset,
        actor=actor,
        at=at,
    )


def reset_start(*, pool_id: int, actor: User | None, at: datetime) -> SyncRun:
    """Remove the sync's settings and throw everybody out whom `reset_preview` names. Raises Refused.

    Slots and queue places first, then the user group, person by person as every run does: it survives a restart.
    Whom IUM does not know as its user stays in the groups.
    """
    pool = _pool(pool_id)
    refuse_reset(pool)
    with transaction.atomic():
        SyncSettings.objects.filter(pool=pool).delete()
        return run_start(pool_id=pool_id, dry_run=False, actor=actor, at=at, reset=True)


@transaction.atomic
def run_confirm(*, run_id: int, actor: User, at: datetime) -> SyncRun:
    """Let a run that was stopped for safety go on: the administrator has seen whom it removes.

    It reads everything anew. Those who were shown may go without asking; if by now others would go too, the safety
    stop counts those and asks again. Raises Refused unless the run is stopped and no other one is open.
    """
    run = SyncRun.objects.select_for_update(of=("self",)).select_related("pool").get(pk=run_id)
    if run.state != RunState.STOPPED:
        raise Refused(
            _("Only a run that was stopped for safety can be confirmed."), code="not_stopped"
        )
    if open_run(run.pool) is not None:
        raise run_open()
    run.state, run.loss_allowed, run.message = RunState.PLANNING, True, ""
    run.started_by, run.started_at, run.finished_at = actor, at, None
    run.claimed_until = None
    _save_open(run)
    return run


@transaction.atomic
def run_cancel(*, run_id: int, actor: User, at: datetime) -> bool:
    """Stop an open run by hand, after the person it is at. Returns whether it was open."""
    message = _("Stopped by %(name)s. People who were not changed yet stayed as they were.")
    return bool(
        SyncRun.objects.filter(pk=run_id, state__in=OPEN_RUNS).update(
            state=RunState.FAILED,
            finished_at=at,
            claimed_until=None,
            message=message % {"name": actor},
        )
    )


def due_start(*, pool_id: int, at: datetime) -> bool:
    """Start the run that a pool's interval asks for. Returns whether one was started.

    What stands in the way is written into the log, so that nobody believes in a sync that never runs; while the
    site is down nothing is written, the run starts when it is back.
    """
    try:
        run_start(pool_id=pool_id, dry_run=False, actor=None, at=at)
    except Refused as refusal:
        if refusal.code not in {"site_down", "run_open"}:
            _note_refusal(_pool(pool_id), str(refusal.message), at)
        return False
    return True


def _pool(pool_id: int) -> LicencePool:
    return LicencePool.objects.select_related("site", "user_group", "access_group").get(pk=pool_id)


@transaction.atomic
def _create(
    pool: LicencePool,
    *,
    dry_run: bool,
    reset: bool,
    loss_allowed: bool,
    actor: User | None,
    at: datetime,
) -> SyncRun:
    run = SyncRun(
        pool=pool,
        dry_run=dry_run,
        reset=reset,
        loss_allowed=loss_allowed,
        started_by=actor,
        started_at=at,
    )
    _save_open(run)
    if not dry_run:
        _plan_next(pool, at)
    return run


def _save_open(run: SyncRun) -> None:
    """Save an open run; the constraint says whether another one is open. Then let a worker begin."""
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError:
        raise run_open() from None
    wake_after_commit(run.pk)


def _plan_next(pool: LicencePool, at: datetime) -> None:
    for settings in SyncSettings.objects.filter(pool=pool):
        next_run_at = at + timedelta(minutes=settings.interval_minutes)
        SyncSettings.objects.filter(pk=settings.pk).update(next_run_at=next_run_at)


@transaction.atomic
def _note_refusal(pool: LicencePool, message: str, at: datetime) -> None:
    """Keep one line for the same refusal, however often the interval meets it."""
    pool.sync_runs.filter(
        state=RunState.FAILED, message=message, started_by=None, entries=None
    ).delete()
    SyncRun.objects.create(
        pool=pool, state=RunState.FAILED, started_at=at, finished_at=at, message=message
    )
    _plan_next(pool, at)
