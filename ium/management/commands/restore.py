"""Replace the whole database by a backup."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ium.backup import BackupError, Options, may_hold_data, restore
from ium.lib import clock
from slots.models import LicencePool

QUESTION = "Everything in the database is replaced by the backup. Go on? [y/N] "
AFTERWARDS = (
    "Before you start IUM: licences and other settings are those of the backup. Each pool gives slots again when it was"
    " compared with Jira, a few minutes after the start; nobody is thrown out. People sign in again on the queue page;"
    " browser extensions go on as they are."
)


class Command(BaseCommand):
    """`restore FILE [--yes]` checks the file, asks, and replaces everything or nothing."""

    help = "Replace everything in the database by a backup. IUM must be stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and what is wanted of it."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="do not ask")
        secrets = parser.add_mutually_exclusive_group()
        secrets.add_argument(
            "--with-secrets", action="store_true", help="take the keys from the backup too"
        )
        secrets.add_argument(
            "--without-credentials",
            action="store_true",
            help="leave Jira's keys empty, because no key opens them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, restore, and say what comes next."""
        if may_hold_data() and not options["yes"]:
            _ask()
        wanted = Options(options["with_secrets"], options["without_credentials"])
        try:
            manifest = restore(path=options["file"], options=wanted, at=clock.now())
        except BackupError as error:
            raise CommandError(f"Nothing was changed. {error}") from error
        self.stdout.write(
            f"{manifest.rows} rows of {manifest.taken_at:%Y-%m-%d %H:%M} UTC are back."
        )
        for pool in LicencePool.objects.order_by("name"):
            self.stdout.write(f"{pool}: {pool.slot_count} slots")
        self.stdout.write(AFTERWARDS)


def _ask() -> None:
    if not sys.stdin.isatty():
        raise CommandError("The database is not empty. To replace everything in it, add --yes.")
    if input(QUESTION).strip().lower() not in {"y", "yes"}:
        raise CommandError("Nothing was changed.")
