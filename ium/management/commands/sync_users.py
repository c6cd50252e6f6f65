"""Run the user sync of a pool from the command line."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ium.lib import clock
from ium.lib.errors import Refused
from jira_sync.models import OPEN_RUNS, EntryAction, RunState, SyncRun
from jira_sync.sync import run_continue, run_counts, run_start
from slots.selectors import pool_by_key

LONGEST_SLEEP = 5.0


class Command(BaseCommand):
    """`sync_users --pool KEY [--dry-run] [--wait]`: starts a run; `--wait` also carries it out, without a worker."""

    help = "Start a user sync. With --wait carry it out here and print the plan; --dry-run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the pool and how to run."""
        parser.add_argument("--pool", required=True, help="short name of the pool")
        parser.add_argument("--dry-run", action="store_true", help="only show what would happen")
        parser.add_argument(
            "--wait", action="store_true", help="carry it out here, no worker needed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start, wait if asked, print."""
        try:
            pool = pool_by_key(options["pool"])
            run = run_start(pool_id=pool.pk, dry_run=options["dry_run"], actor=None, at=clock.now())
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        if not options["wait"]:
            self.stdout.write(
                _("Run %(number)d started; a worker carries it out.") % {"number": run.pk}
            )
            return
        self._carry_out(run)
        self._print(run)
        if run.state in {RunState.FAILED, RunState.STOPPED}:
            raise CommandError(run.message)

    def _carry_out(self, run: SyncRun) -> None:
        """Do piece after piece until the run is over, here or in a worker that was faster."""
        while run.state in OPEN_RUNS:
            delay = run_continue(run_id=run.pk)
            run.refresh_from_db()
            if run.state in OPEN_RUNS and delay != 0:
                self.stdout.write(run.message or run.get_state_display())
                time.sleep(min(LONGEST_SLEEP, delay if delay is not None else 1.0))

    def _print(self, run: SyncRun) -> None:
        if run.dry_run:
            for entry in run.entries.order_by("action", "pk").iterator():
                self.stdout.write(
                    f"{entry.get_action_display():32} {entry.name} ({entry.account_id}): {entry.details}"
                )
        counts = run_counts(run)
        numbers = {
            EntryAction.ADD: counts.added,
            EntryAction.FILTERED: counts.filtered,
            EntryAction.REMOVE: counts.removed,
            EntryAction.REMOVE_FILTERED: counts.removed_by_filter,
        }
        for action, number in numbers.items():
            self.stdout.write(f"{action.label}: {number}")
        self.stdout.write(f"{run.get_state_display()}. {run.message}".strip())
