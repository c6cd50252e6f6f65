"""Prepare the demo: only with the simulated Jira."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ium.demo.organisation import demo_administrator, demo_prepare


class Command(BaseCommand):
    """Creates the demo's site, groups, pool and administrator, and reads the people. May run again."""

    help = "Prepare the demo with the simulated Jira. The last line is JSON with the administrator's login."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, then print the login."""
        if not settings.IUM_DEMO:
            raise CommandError("The demo exists only with the simulated Jira (IUM_DEMO=1).")
        pool = demo_prepare()
        people = pool.user_group.memberships.count()
        self.stdout.write(f"{people} people share {pool.slot_count} licences in the pool {pool}.")
        login, password = demo_administrator()
        self.stdout.write(json.dumps({"admin_login": login, "admin_password": password}))
