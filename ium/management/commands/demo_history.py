"""Fill or remove the simulated past of the demo."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ium.demo.history import history_fill, history_remove
from ium.lib import clock
from slots.selectors import pool_by_key


class Command(BaseCommand):
    """Gives the demo's pool a simulated past for its charts, or takes it out again."""

    help = "Fill the charts of the demo with a simulated past, or take it out (--remove)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the options."""
        parser.add_argument("--days", type=int, default=28)
        parser.add_argument("--remove", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        if not settings.IUM_DEMO:
            raise CommandError("A simulated past exists only in the demo (IUM_DEMO=1).")
        pool = pool_by_key("jira")
        if options["remove"]:
            done = history_remove(pool=pool)
            self.stdout.write("Removed." if done else "There is no simulated past.")
        elif history_fill(pool=pool, days=options["days"], at=clock.now()):
            self.stdout.write(f"Charts show a simulated past of {options['days']} days.")
        else:
            self.stdout.write("Nothing was written: the pool has records already.")
