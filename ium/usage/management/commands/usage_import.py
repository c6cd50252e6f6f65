"""Import past activity from a CSV file, or take an import out again."""

from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ium.lib import clock
from ium.lib.errors import Refused
from ium.usage.importing import import_file, import_take_out, read_csv
from ium.usage.importing.reading import LONGEST_LINE
from slots.selectors import pool_by_key


class Command(BaseCommand):
    """`usage_import FILE` only looks and reports; `--write` takes it in; `--take-out ID` removes an import."""

    help = "Reads past activity from a CSV file (person,time or person,start,end). Only looks unless --write is given."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the options."""
        parser.add_argument("file", nargs="?", help="the CSV file")
        parser.add_argument("--pool", help="short name of the pool; default: the only one")
        parser.add_argument(
            "--time-zone", default=settings.TIME_ZONE, help="of times without an offset"
        )
        parser.add_argument("--write", action="store_true", help="take the file in")
        parser.add_argument("--take-out", type=int, metavar="ID", help="remove an import")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        try:
            self._handle(options)
        except (Refused, OSError) as error:
            raise CommandError(str(getattr(error, "message", error))) from error

    def _handle(self, options: dict[str, Any]) -> None:
        at = clock.now()
        if options["take_out"] is not None:
            done = import_take_out(import_id=options["take_out"], at=at)
            self.stdout.write("Taken out." if done else "It was taken out before.")
            return
        if not options["file"]:
            raise CommandError("Name a file, or --take-out and the number of an import.")
        path = Path(options["file"])
        with path.open("rb") as lines:
            # A file without ends of lines must not fill the memory.
            bounded = iter(partial(lines.readline, LONGEST_LINE + 1), b"")
            reading = read_csv(bounded, zone=options["time_zone"], now=at)
        spans = sum(map(len, reading.people.values()))
        self.stdout.write(f"{reading.lines} lines, {len(reading.people)} people, {spans} spans.")
        for bad in reading.bad:
            self.stdout.write(f"Line {bad.number}: {bad.message}")
        if reading.bad_number > len(reading.bad):
            self.stdout.write(f"... and {reading.bad_number - len(reading.bad)} more.")
        if not options["write"]:
            self.stdout.write("Nothing was written. Add --write to take it in.")
            return
        pool = pool_by_key(options["pool"])
        file = import_file(
            pool=pool, reading=reading, name=path.name, zone=options["time_zone"], at=at, actor=None
        )
        self.stdout.write(
            f"Import {file.pk}: {file.begins_at:%Y-%m-%d} to {file.ends_at:%Y-%m-%d}."
        )
