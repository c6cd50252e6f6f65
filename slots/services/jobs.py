"""Running a periodic job: what it did is a row that the admin and /readyz read."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import F

from ium.lib import clock
from slots.models import JobRun, LicencePool

log = logging.getLogger(__name__)

# What the tasks page shows of the past.
RUNS_KEPT = 20
LONGEST_ERROR = 200


def job_run(
    *, name: str, step: Callable[[int, datetime], int], ids: Iterable[int] | None = None
) -> int:
    """Run `step(id, at)` for every pool, or for the given ids; return the sum of changes.

    One that fails is noted and does not stop the others; the first error is raised at the end. Two runs at
    once are harmless: every step is atomic and conditional.
    """
    started = clock.now()
    run, _created = JobRun.objects.update_or_create(name=name, defaults={"started_at": started})
    changed, errors = 0, []
    if ids is None:
        ids = LicencePool.objects.order_by("pk").values_list("pk", flat=True)
    for key in ids:
        try:
            changed += step(key, clock.now())
        except Exception as error:
            log.exception("Job %s failed for %s", name, key)
            errors.append(error)
    finished = clock.now()
    sums: dict[str, Any] = {
        "runs_total": F("runs_total") + 1,
        "seconds_total": F("seconds_total") + max(0.0, (finished - started).total_seconds()),
    }
    told = f"{type(errors[0]).__name__}: {errors[0]}" if errors else ""
    # Of two runs at once the later one may forget the other: it is for looking at only.
    sums["recent"] = [_entry(started, finished, changed, told), *(run.recent or [])][:RUNS_KEPT]
    if errors:
        JobRun.objects.filter(name=name).update(
            failures=F("failures") + 1,
            failures_total=F("failures_total") + 1,
            error=told,
            **sums,
        )
        raise errors[0]
    JobRun.objects.filter(name=name).update(
        finished_at=finished, changed=changed, failures=0, error="", **sums
    )
    return changed


def _entry(started: datetime, finished: datetime, changed: int, error: str) -> dict[str, Any]:
    seconds = max(0.0, (finished - started).total_seconds())
    return {
        "at": started.isoformat(),
        "seconds": round(seconds, 3),
        "changed": changed,
        "error": error[:LONGEST_ERROR],
    }
