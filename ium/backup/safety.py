"""When a restore may run: not under a running IUM."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from activity.models import Intake
from ium.backup.errors import BackupError
from ium.directory.models import Site, User
from ium.runtime.errors import OperatorError
from ium.runtime.lock import FolderLock
from slots.models import LicencePool

# A running IUM notes every 30 s that it works.
SILENT_FOR = timedelta(seconds=60)


@contextmanager
def stopped() -> Iterator[None]:
    """Keep IUM from running on this data folder meanwhile. Raises BackupError when it runs."""
    data = Path(settings.DATA_DIR)
    data.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(data)
    try:
        lock.take(patience=0)
    except OperatorError as error:
        raise BackupError(
            f"IUM is running with the data in {data}. Stop it (Ctrl-C in its terminal), restore, and start it again."
        ) from error
    try:
        yield
    finally:
        lock.release()


def check_nobody_else(at: datetime) -> None:
    """Raise BackupError when IUM runs on this database from another folder or machine."""
    if connection.vendor == "sqlite":  # one file, one folder: the lock says it all
        return
    seen_at = Intake.objects.filter(pk=1).values_list("seen_at", flat=True).first()
    if seen_at is not None and timedelta(0) <= at - seen_at < SILENT_FOR:
        raise BackupError(
            f"IUM worked on this database {(at - seen_at).seconds} seconds ago. Stop it on every machine, wait"
            f" {SILENT_FOR.seconds} seconds, and restore again."
        )


def may_hold_data() -> bool:
    """Whether somebody's data would be lost; a fresh installation has neither site nor people."""
    return any(model._base_manager.exists() for model in (Site, User, LicencePool))
