"""Reads for screens and commands: how far a run is, which runs are worth showing, whom a reset throws out."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q

from ium.directory.models import GroupMembership, User
from jira_sync.models import (
    OPEN_RUNS,
    EntryAction,
    EntryState,
    RunState,
    SyncEntry,
    SyncRun,
    SyncSettings,
)
from slots.models import LicencePool, QueueEntry, Slot

if TYPE_CHECKING:
    from django.db.models import QuerySet

CHANGES = (EntryAction.ADD, EntryAction.REMOVE, EntryAction.REMOVE_FILTERED)


@dataclass(frozen=True)
class RunCounts:
    """How many people of a run, by the log's columns and by what became of them.

    `added` and the like count everybody the plan names, done or not; `done` of `changes` is the progress.
    """

    added: int
    filtered: int
    removed: int
    removed_by_filter: int
    changes: int
    done: int
    failed: int
    left_out: int


def run_counts(run: SyncRun) -> RunCounts:
    """Count a run's people in one query."""
    rows = run.entries.values_list("action", "state").annotate(number=Count("pk"))
    actions: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for action, state, number in rows:
        actions[action] += number
        if action != EntryAction.FILTERED:
            states[state] += number
    return RunCounts(
        added=actions[EntryAction.ADD],
        filtered=actions[EntryAction.FILTERED],
        removed=actions[EntryAction.REMOVE],
        removed_by_filter=actions[EntryAction.REMOVE_FILTERED],
        changes=states.total(),
        done=states[EntryState.DONE],
        failed=states[EntryState.FAILED],
        left_out=states[EntryState.SKIPPED],
    )


def run_log(pool: LicencePool) -> "QuerySet[SyncRun]":
    """Return the runs worth showing, newest first: without those that ended well and had nothing to change."""
    return pool.sync_runs.exclude(pk__in=unchanged_runs(pool).values("pk"))


def unchanged_runs(pool: LicencePool) -> "QuerySet[SyncRun]":
    """Return the runs that ended well and had nothing to change."""
    changes = SyncEntry.objects.filter(run=OuterRef("pk"), action__in=CHANGES)
    return pool.sync_runs.filter(~Exists(changes), state=RunState.DONE, message="")


def last_run(pool: LicencePool) -> SyncRun | None:
    """Return the last run that was no dry run, whether it changed something or not."""
    return pool.sync_runs.filter(dry_run=False).order_by("-started_at", "-pk").first()


def open_run(pool: LicencePool) -> SyncRun | None:
    """Return the run that is on its way, if there is one."""
    return pool.sync_runs.filter(state__in=OPEN_RUNS).first()


def pools_due(at: datetime) -> list[int]:
    """Return pools whose interval has come and that have no open run."""
    due = SyncSettings.objects.filter(
        Q(next_run_at=None) | Q(next_run_at__lte=at), enabled=True
    ).exclude(pool__sync_runs__state__in=OPEN_RUNS)
    return list(due.order_by("pool_id").values_list("pool_id", flat=True))


def runs_left_alone(at: datetime) -> list[int]:
    """Return open runs that nobody works on now."""
    free = Q(claimed_until=None) | Q(claimed_until__lte=at)
    runs = SyncRun.objects.filter(free, state__in=OPEN_RUNS)
    return list(runs.order_by("pk").values_list("pk", flat=True))


def pools_sharing_users(pool: LicencePool) -> list[LicencePool]:
    """Return all pools whose user group is this pool's: leaving it concerns all of them."""
    return list(LicencePool.objects.filter(user_group=pool.user_group_id).order_by("pk"))


@dataclass(frozen=True)
class ResetPreview:
    """Whom a reset throws out: the IUM users, those of them with a slot, those of them who wait."""

    users: "QuerySet[User]"
    holders: "QuerySet[User]"
    waiting: "QuerySet[User]"


def reset_preview(pool: LicencePool) -> ResetPreview:
    """Return whom `reset_start` would throw out now, ordered by name. Administrators keep what they have."""
    pools = pools_sharing_users(pool)
    slots = Slot.objects.used().filter(pool__in=pools)
    waits = QueueEntry.objects.filter(closed_at=None, pool__in=pools)
    members = GroupMembership.objects.filter(group=pool.user_group_id)
    people = User.objects.filter(is_protected=False).order_by("display_name", "pk")
    return ResetPreview(
        users=people.filter(pk__in=members.values("user")),
        holders=people.filter(pk__in=slots.values("holder")),
        waiting=people.filter(pk__in=waits.values("user")),
    )


def people_concerned(pool: LicencePool) -> set[str]:
    """Return the account ids of everybody whom a reset throws out."""
    preview = reset_preview(pool)
    groups = (preview.users, preview.holders, preview.waiting)
    return {str(key) for people in groups for key in people.values_list("account_id", flat=True)}
