"""What the environment variables say, and the page that explains them."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from ium.configuration.document import document, example
from ium.configuration.reader import Reader
from ium.configuration.table import VARIABLES
from ium.configuration.variable import Variable

PAGE = Path("docs") / "configuration.md"
EXAMPLE = Path(".env.example")


class Command(BaseCommand):
    """Shows what counts now and where it comes from; secrets are only said to be set."""

    help = "Shows the configuration in force, without secrets; --write makes its two pages anew."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the one choice there is."""
        parser.add_argument(
            "--write", action="store_true", help=f"write {PAGE} and {EXAMPLE} instead"
        )

    def handle(self, *_: Any, write: bool, **__: Any) -> None:
        """Show or write."""
        if write:
            (settings.BASE_DIR / PAGE).write_text(document(), encoding="utf-8")
            (settings.BASE_DIR / EXAMPLE).write_text(example(), encoding="utf-8")
            return
        env = Reader(os.environ)
        for variable in VARIABLES:
            if "*" not in variable.name and not variable.internal:
                self.stdout.write(f"{variable.name:30} {_told(env, variable)}")


def _told(env: Reader, variable: Variable) -> str:
    if not env.is_set(variable.name):
        return f"{variable.otherwise or variable.default or '-'} (default)"
    origin = f"file {file}" if (file := os.environ.get(f"{variable.name}_FILE")) else "environment"
    value = "set" if variable.secret else env(variable.name, default=None)
    return f"{value} ({origin})"
