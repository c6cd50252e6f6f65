"""Look for everything that is wrong with the configuration, and print it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ium.directory.models import Site
from ium.lib import clock
from jira_sync.doctor.services import FindingSeen, check_configuration
from jira_sync.models import Severity

ORDER = [Severity.ERROR, Severity.WARNING, Severity.NOTICE]


class Command(BaseCommand):
    """Print findings, the worst first; exit code 1 when there is an error among them."""

    help = "Checks the configuration: what is wrong, why it matters, how to mend it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the name of a site."""
        parser.add_argument("--site", help="Check this site only.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and print."""
        found = check_configuration(at=clock.now(), site_id=self._site_id(options["site"]))
        for finding in sorted(found, key=lambda one: ORDER.index(one.severity)):
            self.stdout.write(text_of(finding))
        errors = sum(finding.severity == Severity.ERROR for finding in found)
        self.stdout.write(f"{len(found)} findings, {errors} of them errors.")
        if errors:
            sys.exit(1)

    def _site_id(self, name: str | None) -> int | None:
        if name is None:
            return None
        site_id = Site.objects.filter(name=name).values_list("pk", flat=True).first()
        if site_id is None:
            raise CommandError(f"There is no site “{name}”.")
        return site_id


def text_of(finding: FindingSeen) -> str:
    """Return a finding as three indented lines."""
    return (
        f"{finding.severity.label}: {finding.what}\n"
        f"    Why it matters: {finding.why}\n"
        f"    What to do:     {finding.fix}\n"
    )
