"""Back the whole database up into one file, while IUM runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ium.backup import BackupError, backup_write
from ium.lib import clock

NO_SECRETS = (
    "The file holds Jira's credentials encrypted. To use them after a restore the keys are needed too: keep"
    " secrets.json from the data folder (or IUM_ENCRYPTION_KEYS) in another safe place, or back up --with-secrets."
)
SECRETS = (
    "The file holds the keys too: whoever has it can use Jira's credentials. Keep it locked away."
)


class Command(BaseCommand):
    """`backup FILE [--with-secrets]` writes FILE, readable by its owner only."""

    help = "Write everything in the database into one file. IUM may run meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and what goes into it."""
        parser.add_argument("file", type=Path, help="for example ium-2026-03-02.jsonl.gz")
        parser.add_argument(
            "--with-secrets", action="store_true", help="put the encryption keys into it too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and say what is in it."""
        path: Path = options["file"]
        try:
            manifest = backup_write(path=path, with_secrets=options["with_secrets"], at=clock.now())
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        size = path.stat().st_size / 1_000_000
        self.stdout.write(f"{path}: {manifest.rows} rows, {size:.1f} MB")
        self.stdout.write(SECRETS if options["with_secrets"] else NO_SECRETS)
