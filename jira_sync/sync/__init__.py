"""User sync: the members of the source groups, less those filtered out, become the members of the user group.

    run = run_start(pool_id=pool.pk, dry_run=True, actor=request.user, at=clock.now())
    run_counts(run), run.entries        # who would be added, filtered out (why), removed
    run_confirm(run_id=run.pk, ...)     # after the safety stop

A run is rows: read and plan (`reading`, `plans`, `planning`), then change people (`applying`, `calls`), each written
down before and after its call. `run_continue` does a piece of it and may be called by anybody at any time; workers do
it with `jira_sync.tasks.sync_run`. HTTP never inside a transaction.
"""

from jira_sync.sync.explaining import why
from jira_sync.sync.exporting import run_csv
from jira_sync.sync.running import run_continue
from jira_sync.sync.selectors import (
    ResetPreview,
    RunCounts,
    last_run,
    open_run,
    pools_due,
    reset_preview,
    run_counts,
    run_log,
    runs_left_alone,
)
from jira_sync.sync.starting import due_start, reset_start, run_cancel, run_confirm, run_start
from jira_sync.sync.waking import wake

__all__ = [
    "ResetPreview",
    "RunCounts",
    "due_start",
    "last_run",
    "open_run",
    "pools_due",
    "reset_preview",
    "reset_start",
    "run_cancel",
    "run_confirm",
    "run_continue",
    "run_counts",
    "run_csv",
    "run_log",
    "run_start",
    "runs_left_alone",
    "wake",
    "why",
]
