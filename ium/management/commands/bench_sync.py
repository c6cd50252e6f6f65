"""Measure the user sync and the reconciler with the simulated Jira of ium.bench.jira."""

import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from activity.models import Intake
from ium.bench.jira import SECONDS_PER_CALL
from ium.demo.organisation import demo_prepare
from ium.directory.models import User
from ium.lib import clock
from jira_sync import sync
from jira_sync.models import SyncSettings
from jira_sync.services import reconcile_pool
from jira_sync.services.groups import groups_refresh
from slots.models import LicencePool, Slot, SlotState

BATCH = 1000


class Command(BaseCommand):
    """The last line is JSON."""

    help = "Measure the user sync and the reconciler, on an empty database."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the sizes."""
        for name in ("people", "added"):
            parser.add_argument(f"--{name}", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare, then measure."""
        if LicencePool.objects.exists():
            raise CommandError("This database is in use; measurements need an empty one.")
        pool, people = _prepared(options["people"])
        figures = {"again": _measured(lambda: _synced(pool))}
        _hold(pool, people)
        figures["reconcile"] = _measured(lambda: reconcile_pool(pool_id=pool.pk))
        rate = _additions(pool, options["added"])
        self.stdout.write(json.dumps({**figures, "rate": rate}))


def _prepared(people: int) -> tuple[LicencePool, list[str]]:
    """Make a source group whose people are all in the user group, at Jira and in the mirror."""
    pool = demo_prepare()
    found = requests.get(f"{settings.IUM_SIMULATOR_URL}/_sim/state", timeout=30).json()
    users = next(group for group in found["groups"] if group["name"] == "ium-users")
    ids = sorted(users["members"])[:people]
    _source(pool, "staff", ids)
    _order("members", name="ium-users", remove=sorted(set(users["members"]) - set(ids)))
    _synced(pool)
    return pool, ids


def _source(pool: LicencePool, name: str, ids: list[str]) -> None:
    _order("groups", name=name)
    _order("members", name=name, add=ids)
    groups_refresh(site_id=pool.site_id, at=clock.now())
    chosen, _created = SyncSettings.objects.get_or_create(pool=pool)
    chosen.source_groups.set([pool.site.groups.get(name=name)])


def _order(call: str, **document: Any) -> None:
    requests.post(
        f"{settings.IUM_SIMULATOR_URL}/_sim/{call}", json=document, timeout=120
    ).raise_for_status()


def _calls() -> list[dict[str, Any]]:
    calls = requests.get(f"{settings.IUM_SIMULATOR_URL}/_bench/calls", timeout=60)
    found: list[dict[str, Any]] = calls.json()
    return found


def _synced(pool: LicencePool) -> None:
    """Do a whole run of the user sync."""
    run = sync.run_start(
        pool_id=pool.pk, dry_run=False, actor=None, at=clock.now(), loss_allowed=True
    )
    while (delay := sync.run_continue(run_id=run.pk)) is not None:
        time.sleep(delay)
    run.refresh_from_db()
    if run.message:
        raise CommandError(f"The run did not do all: {run.message}")


def _measured(step: Callable[[], object]) -> dict[str, float]:
    """Do a step twice: once for its time and calls, once for the most memory it held at once."""
    _calls()
    began = time.monotonic()
    step()
    took, calls = time.monotonic() - began, _calls()
    tracemalloc.start()
    step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    changes = sum(bool(call["account"]) for call in calls)
    return {
        "seconds": took,
        "changes": changes,
        "reads": len(calls) - changes,
        "peak_mb": peak / 1024**2,
    }


def _hold(pool: LicencePool, ids: list[str]) -> None:
    """Give everybody a slot, at Jira and here."""
    at = clock.now()
    Intake.objects.update_or_create(pk=1, defaults={"seen_at": at})
    _order("members", name="ium-access", add=ids)
    LicencePool.objects.filter(pk=pool.pk).update(assigned_licences=len(ids))
    pool.slots.all().delete()
    users = User.objects.filter(account_id__in=ids).order_by("pk")
    times = dict.fromkeys(("granted_at", "confirmed_at", "seen_at", "clock_from"), at)
    slots = [
        Slot(pool=pool, state=SlotState.ACTIVE, holder=user, fence=1, **times) for user in users
    ]
    Slot.objects.bulk_create(slots, BATCH)


def _additions(pool: LicencePool, number: int) -> float:
    """Return how many people a second a run adds when each call takes as long as Atlassian's."""
    found = requests.get(f"{settings.IUM_SIMULATOR_URL}/_sim/state", timeout=30).json()
    users = next(group["members"] for group in found["groups"] if group["name"] == "ium-users")
    ids = sorted(users)
    # Taken out behind IUM's back: the next run puts them back.
    _order("members", name="ium-users", remove=ids[:number])
    requests.post(
        f"{settings.IUM_SIMULATOR_URL}/_bench/seconds", data=str(SECONDS_PER_CALL), timeout=30
    ).raise_for_status()
    _calls()
    _synced(pool)
    came: list[float] = sorted(call["came"] for call in _calls() if call["account"])
    return (len(came) - 1) / (came[-1] - came[0])
