"""Jira's answer times: each process writes its own sums once a minute, and at its end."""

import logging
import threading
from datetime import timedelta
from multiprocessing.util import Finalize

from django.db import close_old_connections, connection, transaction
from django.db.models import Q

from ium.directory.models import Site
from ium.usage.models import CallTime
from jira_sync.call_times import BUCKETS, PROCESS_CALLS, CallSum, CallTimes, Key

log = logging.getLogger(__name__)
EVERY = timedelta(minutes=1)
FIELDS = ("count", "failed", "seconds_sum", "seconds_max", "buckets")


def call_times_write(times: CallTimes = PROCESS_CALLS) -> int:
    """Add what was noted since the last time to the rows, and return how many rows. What fails is kept for the next."""
    sums = times.take()
    if not sums:
        return 0
    try:
        return _add(sums)
    except Exception:
        times.put(sums)
        raise


def begin() -> None:
    """Write from now on, until this process ends. For programs that serve; commands end with what they noted."""
    threading.Thread(target=_write_for_ever, name="call-times", daemon=True).start()
    # Not atexit: the processes of the web server are children of `multiprocessing`, which leave without it.
    Finalize(None, _write_quietly, exitpriority=0)


def _write_for_ever() -> None:
    pause = threading.Event()
    while not pause.wait(EVERY.total_seconds()):
        _write_quietly()


def _write_quietly() -> None:
    """Write; a database that is away must not end the thread, nor hold up the end of the process."""
    close_old_connections()
    try:
        call_times_write()
    except Exception:
        log.exception("Jira's answer times could not be written; they are kept for the next time")
    finally:
        connection.close()


@transaction.atomic
def _add(sums: dict[Key, CallSum]) -> int:
    """Add to the rows, in one order for all processes. Sites that were removed meanwhile are left out."""
    sites = set(Site.objects.filter(pk__in={key[0] for key in sums}).values_list("pk", flat=True))
    keys = sorted(key for key in sums if key[0] in sites)
    if not keys:
        return 0
    CallTime.objects.bulk_create((_empty(key) for key in keys), ignore_conflicts=True)
    wanted = Q()
    for site_id, hour, operation in keys:
        wanted |= Q(site_id=site_id, hour=hour, operation=operation)
    rows = list(CallTime.objects.select_for_update().filter(wanted).order_by("pk"))
    for row in rows:
        _add_to(row, sums[row.site_id, row.hour, row.operation])
    CallTime.objects.bulk_update(rows, FIELDS)
    return len(rows)


def _empty(key: Key) -> CallTime:
    site_id, hour, operation = key
    return CallTime(
        site_id=site_id,
        hour=hour,
        operation=operation,
        count=0,
        failed=0,
        seconds_sum=0,
        seconds_max=0,
        buckets=[0] * (len(BUCKETS) + 1),
    )


def _add_to(row: CallTime, more: CallSum) -> None:
    whole = CallSum(row.count, row.failed, row.seconds_sum, row.seconds_max, list(row.buckets))
    whole.add(more)
    row.count, row.failed = whole.count, whole.failed
    row.seconds_sum, row.seconds_max = whole.seconds, whole.longest
    row.buckets = whole.buckets
