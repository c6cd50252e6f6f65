"""Measure one sweep beside the bare statement that finds what is due."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from activity.models import LastActivity, Source
from ium.lib import clock
from slots.models import LicencePool, Slot
from slots.services import sweep_revoke

# What the sweep has to find, as short as it can be said.
BARE = """
SELECT slot.id FROM slots_slot slot
LEFT JOIN activity_lastactivity activity ON activity.user_id = slot.holder_id
WHERE slot.state = 'active' AND slot.revoke_at <= %s
AND (activity.last_active_at IS NULL OR activity.last_active_at <= %s)
"""


class Command(BaseCommand):
    """Prints {"bare", "sweep"} in seconds as JSON."""

    help = "Measure one sweep, on a database made by bench_prepare."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the number of slots that are due."""
        parser.add_argument("--due", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Warn so many holders two minutes ago, then measure."""
        pool = LicencePool.objects.get()
        if pool.access_group.group_id != "access":
            raise CommandError("This is no database of bench_prepare.")
        _be_inactive(pool, options["due"])
        now = clock.now()
        bare = _time(lambda: _bare(now, now - pool.inactivity))
        sweep = _time(lambda: sweep_revoke(pool_id=pool.pk, at=now))
        self.stdout.write(json.dumps({"bare": bare, "sweep": sweep}))


def _be_inactive(pool: LicencePool, due: int) -> None:
    now = clock.now()
    holders = list(pool.slots.exclude(holder=None).select_related("holder").order_by("pk"))
    LastActivity.objects.bulk_create(
        [
            LastActivity(
                user=slot.holder,
                site=pool.site,
                product=pool.product,
                last_active_at=now - timedelta(hours=3 if number < due else 0),
                received_at=now,
                source=Source.EXTENSION,
            )
            for number, slot in enumerate(holders)
        ],
        2000,
    )
    going = [slot.pk for slot in holders[:due]]
    ago = timedelta(minutes=2)
    Slot.objects.filter(pk__in=going).update(
        clock_from=now - timedelta(hours=3),
        warned_at=now - ago,
        revoke_at=now - timedelta(seconds=1),
    )


def _bare(now: Any, limit: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BARE, [now, limit])
        cursor.fetchall()


def _time(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began
