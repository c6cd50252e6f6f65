"""Measure warnings and sweep beside the bare statements that find whom they concern."""

import json
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.models import QuerySet

from activity.models import Intake, LastActivity, Source
from ium.bench.filling import multiply
from ium.directory.models import Group, Site, User
from ium.lib import clock
from jira_sync.receivers import send_to_worker
from slots.models import LicencePool, Slot, SlotState
from slots.services import sweep_revoke, sweep_warn
from slots.services.losses import next_sweep
from slots.signals import slot_change_wanted

# Who was not active for long enough, as short as it can be said: what no sweep can do without.
FIND = """
SELECT slot.id FROM slots_slot slot JOIN directory_user holder ON holder.id = slot.holder_id
LEFT JOIN activity_lastactivity activity
    ON activity.user_id = slot.holder_id AND activity.site_id = slot.site AND activity.product = 'jira-software'
WHERE slot.state = 'active' AND slot.warned_at IS NULL AND NOT holder.is_protected AND slot.confirmed_at <= %(at)s
AND slot.clock_from <= %(limit)s AND (activity.last_active_at IS NULL OR activity.last_active_at <= %(limit)s)
""".replace("slot.site", "(SELECT id FROM directory_site)")
# Of those that were warned: the index on `revoke_at` finds them.
FIND_DUE = """
SELECT slot.id FROM slots_slot slot LEFT JOIN activity_lastactivity activity ON activity.user_id = slot.holder_id
WHERE slot.state = 'active' AND slot.revoke_at <= %(at)s
AND (activity.last_active_at IS NULL OR activity.last_active_at <= %(limit)s)
"""
# What has to be written about them.
WARN = "UPDATE slots_slot SET warned_at = %(at)s, revoke_at = %(at)s WHERE id IN ({ids})"
TAKE = """
UPDATE slots_slot SET state = 'revoking', fence = fence + 1, loss_reason = 'sweep', revoking_since = %(at)s,
warned_at = NULL, revoke_at = NULL WHERE id IN ({ids})
"""
JOURNAL = """
INSERT INTO slots_journalentry (at, pool_id, event, user_id, slot_id, fence, reason, details)
SELECT %(at)s, pool_id, 'warned', holder_id, id, fence, '', '{{}}' FROM slots_slot WHERE id IN ({ids})
"""
ROUNDS = 9


class Command(BaseCommand):
    """Prints the shortest seconds of each step, and the memory of a round, as JSON."""

    help = "Fill an empty database and measure one sweep of it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the sizes."""
        for name in ("users", "slots", "due"):
            parser.add_argument(f"--{name}", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill, then measure. The messages after the commit are counted apart."""
        sent: list[tuple[int, ...]] = []
        slot_change_wanted.disconnect(dispatch_uid="jira_sync.send_to_worker")
        slot_change_wanted.connect(lambda *, slot_ids, **_: sent.append(slot_ids), weak=False)
        if LicencePool.objects.exists():
            raise CommandError("This database is in use; measurements need an empty one.")
        pool = _fill(options["users"], options["slots"], clock.now())
        rounds = [_round(pool, options["due"]) for _ in range(ROUNDS)]
        # The quickest round: whatever else the machine does only adds.
        figures = {name: min(one[name] for one in rounds) for name in rounds[0]}
        figures["messages"] = min(_time(partial(_send, sent[0]), len(sent[0])) for _ in rounds)
        self.stdout.write(json.dumps(figures | {"peak_mb": _peak(pool, options["due"])}))


def _fill(users: int, slots: int, at: datetime) -> LicencePool:
    """Everybody was active a minute ago; the first ones hold all slots, for an hour."""
    site = Site.objects.create(name="Bench", url="https://bench.example.net")
    access, people = (
        Group.objects.create(site=site, group_id=name, name=name) for name in ("access", "people")
    )
    pool = LicencePool.objects.create(
        key="jira", name="Jira", site=site, access_group=access, user_group=people,
        assigned_licences=slots,
    )  # fmt: skip
    user = User.objects.create(username="bench-0", account_id="bench-0")
    multiply(user, users - 1, username="'bench-' || i", account_id="'bench-' || i")
    first = User.objects.exclude(pk=user.pk).order_by("pk").values_list("pk", flat=True)[0] - 1
    recent = LastActivity.objects.create(
        user=user, site=site, product=pool.product, source=Source.EXTENSION,
        last_active_at=at - timedelta(minutes=1), received_at=at,
    )  # fmt: skip
    multiply(recent, users - 1, user_id=f"{first} + i")
    since = at - timedelta(hours=3)
    slot = Slot.objects.create(
        pool=pool, state=SlotState.ACTIVE, holder=user, fence=1, granted_at=since,
        confirmed_at=since, seen_at=since, clock_from=since,
    )  # fmt: skip
    multiply(slot, slots - 1, holder_id=f"{first} + i")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return pool


def _round(pool: LicencePool, due: int) -> dict[str, float]:
    """Measure one warning and one sweep of so many slots, spread over the pool; put them back afterwards."""
    sweep_at = next_sweep(pool, clock.now())
    when = {"at": sweep_at, "limit": sweep_at - pool.inactivity}
    inactive = _let_go_quiet(pool, due, when["limit"])
    warned = pool.slots.exclude(warned_at=None)
    figures = {
        "bare_find": _time(lambda: len(_found(FIND, when)), due),
        "bare_warn": _time(lambda: _write(FIND, WARN, when), due),
    }
    warned.update(warned_at=None, revoke_at=None)
    figures |= {
        "warn": _at(sweep_at - pool.warning, sweep_warn, pool, due),
        "bare_due": _time(lambda: len(_found(FIND_DUE, when)), due),
        "take": _at(sweep_at, sweep_revoke, pool, due),
    }
    _put_back(pool)
    _write(FIND, WARN, when)
    figures["bare_take"] = _time(lambda: _write(FIND_DUE, TAKE, when), due)
    inactive.update(last_active_at=sweep_at)
    _put_back(pool)
    return figures


def _put_back(pool: LicencePool) -> None:
    pool.slots.filter(state=SlotState.REVOKING).update(state=SlotState.ACTIVE, loss_reason="")


def _let_go_quiet(pool: LicencePool, due: int, limit: datetime) -> "QuerySet[LastActivity]":
    every = pool.slot_count // due
    holders = pool.slots.order_by("pk").values_list("holder_id", flat=True)[::every]
    inactive = LastActivity.objects.filter(user_id__in=list(holders)[:due])
    inactive.update(last_active_at=limit)
    return inactive


def _at(at: datetime, step: Callable[..., int], pool: LicencePool, due: int) -> float:
    Intake.objects.update_or_create(pk=1, defaults={"seen_at": at})
    return _time(lambda: step(pool_id=pool.pk, at=at), due)


def _found(statement: str, when: dict[str, datetime]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, when)
        return [slot_id for (slot_id,) in cursor.fetchall()]


def _write(find: str, change: str, when: dict[str, datetime]) -> int:
    """Find, change, and journal by three bare statements in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        found = _found(find, when)
        ids = ", ".join(map(str, found))
        cursor.execute(change.format(ids=ids), when)
        cursor.execute(JOURNAL.format(ids=ids), when)
    return len(found)


def _time(step: Callable[[], int], expected: int) -> float:
    began = time.perf_counter()
    found = step()
    took = time.perf_counter() - began
    if found != expected:
        raise CommandError(f"{found} slots instead of {expected}")
    return took


def _send(slot_ids: tuple[int, ...]) -> int:
    send_to_worker(slot_ids=slot_ids)
    return len(slot_ids)


def _peak(pool: LicencePool, due: int) -> float:
    """Return the most memory that the two steps held at once, in MB."""
    sweep_at = next_sweep(pool, clock.now())
    _let_go_quiet(pool, due, sweep_at - pool.inactivity)
    tracemalloc.start()
    _at(sweep_at - pool.warning, sweep_warn, pool, due)
    _at(sweep_at, sweep_revoke, pool, due)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1024**2
