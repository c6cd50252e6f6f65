"""Prepare the demo: only with the simulated Jira."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ium.demo.history import history_fill
from ium.demo.organisation import demo_administrator, demo_prepare
from ium.lib import clock


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
        days = settings.IUM_DEMO_HISTORY if settings.IUM_DEMO_CROWD else 0
        if history_fill(pool=pool, days=days, at=clock.now()):
            self.stdout.write(f"Charts show a simulated past of {days} days.")
        login, password = demo_administrator()
        self.stdout.write(json.dumps({"admin_login": login, "admin_password": password}))
