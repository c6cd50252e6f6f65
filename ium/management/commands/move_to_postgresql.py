"""Move an installation from SQLite to PostgreSQL."""

import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from ium.backup import BackupError, backup_write
from ium.backup.away import nobody_writes, wait_until_silent
from ium.backup.moving import Sum, check_target, receive
from ium.backup.safety import stopped
from ium.configuration.reader import Reader
from ium.lib import clock

REFUSED = "Nothing was moved. "
DONE = (
    "Nothing was changed in {old}. Now set DATABASE_URL to the new database, keep the data folder (its secrets.json"
    " has the keys), and start IUM. Each pool gives slots again when it was compared with Jira, a few minutes after the"
    " start. People sign in again on the queue page; browser extensions go on as they are."
)


class Command(BaseCommand):
    """`move_to_postgresql URL` copies everything into an empty PostgreSQL and compares every row."""

    help = "Copy everything from SQLite into an empty PostgreSQL, and compare every row. IUM must be stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the new database; the rest is for the process that this one starts there."""
        parser.add_argument(
            "url",
            nargs="?",
            default=Reader(os.environ)("IUM_MOVE_TO"),
            help="postgres://user:password@host/name; or in the variable IUM_MOVE_TO",
        )
        parser.add_argument("--check", action="store_true", help="(internal) look at this database")
        parser.add_argument("--receive", type=Path, help="(internal) fill this database")
        parser.add_argument("--taken-at", type=datetime.fromisoformat, help="(internal)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Move, or be one of the steps in the new database."""
        try:
            if options["check"]:
                check_target()
            elif options["receive"]:
                self._tell(
                    receive(options["receive"], taken_at=options["taken_at"], at=clock.now())
                )
            else:
                self._move(options["url"])
        except BackupError as error:
            raise CommandError(f"{REFUSED}{error}") from error

    def _move(self, url: str) -> None:
        if connection.vendor != "sqlite":
            raise CommandError(
                "IUM does not use SQLite here: DATABASE_URL is set to another database."
            )
        if not url.startswith(("postgres://", "postgresql://")):
            raise CommandError(
                "Say where to: move_to_postgresql postgres://user:password@host/name"
            )
        with stopped():
            wait_until_silent()
            _there(url, "move_to_postgresql", "--check")
            self._step("preparing the new database")
            _there(url, "migrate", "--noinput", "--verbosity", "0")
            with tempfile.TemporaryDirectory(prefix=".move-", dir=settings.DATA_DIR) as folder:
                self._copy(url, Path(folder) / "all.jsonl.gz")
        self.stdout.write(DONE.format(old=connection.settings_dict["NAME"]))

    def _copy(self, url: str, file: Path) -> None:
        with nobody_writes():
            self._step("reading SQLite")
            at = clock.now()
            backup_write(path=file, with_secrets=False, at=at)
            self._step("writing PostgreSQL, and comparing")
            arguments = ("--receive", str(file), "--taken-at", at.isoformat())
            self.stdout.write(_there(url, "move_to_postgresql", *arguments), ending="")

    def _step(self, what: str) -> None:
        self.stdout.write(f"{clock.now():%H:%M:%S}  {what}")
        self.stdout.flush()

    def _tell(self, found: dict[str, Sum]) -> None:
        for label, there in found.items():
            self.stdout.write(f"{label:<40} {there.rows:>9}  {there.checksum[:16]}")
        total = sum(there.rows for there in found.values())
        self.stdout.write(f"{len(found)} tables, {total} rows, every one as it was.")


def _there(url: str, *arguments: str) -> str:
    """Run a command on the new database; return what it says. Raises BackupError with what it complained about."""
    # Not as an argument: everybody on this machine can read those.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL_FILE", "IUM_MOVE_TO", "IUM_MOVE_TO_FILE"}
    } | {"DATABASE_URL": url}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        _, own, told = done.stderr.rpartition("CommandError: ")
        lines = (told if own else done.stderr).strip().splitlines() or ["no reason was given"]
        reason = " ".join(line.strip() for line in lines) if own else lines[-1]
        raise BackupError(reason.removeprefix(REFUSED))
    return done.stdout
