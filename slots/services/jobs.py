"""Running a periodic job: what it did is a row that the admin and /readyz read."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import F

from ium.lib import clock
from slots.models import JobRun, LicencePool

log = logging.getLogger(__name__)


def job_run(
    *, name: str, step: Callable[[int, datetime], int], ids: Iterable[int] | None = None
) -> int:
    """Run `step(id, at)` for every pool, or for the given ids; return the sum of changes.

    One that fails is noted and does not stop the others; the first error is raised at the end. Two runs at
    once are harmless: every step is atomic and conditional.
    """
    started = clock.now()
    JobRun.objects.update_or_create(name=name, defaults={"started_at": started})
    changed, errors = 0, []
    if ids is None:
        ids = LicencePool.objects.order_by("pk").values_list("pk", flat=True)
    for key in ids:
        try:
            changed += step(key, clock.now())
        except Exception as error:
            log.exception("Job %s failed for %s", name, key)
            errors.append(error)
    if errors:
        JobRun.objects.filter(name=name).update(
            failures=F("failures") + 1, error=f"{type(errors[0]).__name__}: {errors[0]}"
        )
        raise errors[0]
    JobRun.objects.filter(name=name).update(
        finished_at=clock.now(), changed=changed, failures=0, error=""
    )
    return changed
