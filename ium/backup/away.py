"""Whether IUM has stopped working on a SQLite file, whoever started it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max

from activity.models import Receiver
from ium.backup.errors import BackupError
from ium.lib import clock
from slots.models import JobRun

# A working IUM writes every few seconds: web processes what they collected, workers that a job has run.
SILENT_FOR = timedelta(seconds=20)


def wait_until_silent() -> None:
    """Wait until nobody has written for a while. Raises BackupError when somebody goes on writing."""
    seen = _last_sign()
    while (left := _left(seen)) > 0:
        time.sleep(min(left, 1.0))
        now_seen = _last_sign()
        if now_seen != seen:
            raise BackupError(
                "IUM works on this database at this moment. Stop every part of it, and try again."
            )


@contextmanager
def nobody_writes() -> Iterator[None]:
    """Hold SQLite's only right to write meanwhile; reading goes on."""
    other = connection.copy("nobody-writes")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
        yield
        with other.cursor() as cursor:
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def _last_sign() -> datetime | None:
    signs = (
        Receiver.objects.aggregate(last=Max("seen_at"))["last"],
        JobRun.objects.aggregate(last=Max("finished_at"))["last"],
    )
    return max((sign for sign in signs if sign is not None), default=None)


def _left(seen: datetime | None) -> float:
    """Return for how many seconds the last sign is too recent; a clock that was set back counts as none."""
    if seen is None:
        return 0.0
    age = clock.now() - seen
    return (SILENT_FOR - age).total_seconds() if timedelta(0) <= age else 0.0
