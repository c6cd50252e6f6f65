"""One running IUM for each data folder: two would send every warning twice."""

import errno
import fcntl
import os
import time
from pathlib import Path

from ium.runtime.errors import OperatorError

# After a kill of the supervisor its guardian holds the lock until everything it started is gone.
PATIENCE = 6.0
# `is_held` has the lock for a moment; that is nobody running.
BLINK = 0.2


class FolderLock:
    """Holds `flock` on a file in the data folder; the kernel lets go of it when its holders end."""

    def __init__(self, data: Path) -> None:
        self.path = data / "ium.lock"
        self._descriptor: int | None = None

    def fileno(self) -> int:
        if self._descriptor is None:
            raise ValueError("the lock is not held")
        return self._descriptor

    def take(self, patience: float = PATIENCE) -> None:
        """Take the lock or say who has it. `patience`: seconds for a holder that is ending."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        began = time.monotonic()
        while not _try_lock(descriptor):
            holder = _holder(descriptor)
            ending = holder is not None and not _is_alive(holder)
            if time.monotonic() - began > (patience if ending else BLINK):
                os.close(descriptor)
                raise _already_running(self.path.parent, holder)
            time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_held(data: Path) -> bool:
    """Whether an IUM is running on this data folder."""
    try:
        descriptor = os.open(data / "ium.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EAGAIN, errno.EACCES}:
            return False
        raise
    return True


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _already_running(data: Path, holder: int | None) -> OperatorError:
    who = f" (process {holder})" if holder else ""
    return OperatorError(
        f"IUM is already running{who} with the data in {data}.",
        "Stop it with Ctrl-C in its terminal" + (f", or: kill {holder}" if holder else "."),
        "For a second installation choose other ports and another data folder:",
        "  IUM_PORT=8001 IUM_SIMULATOR_PORT=8091 ./ium.sh up --data other-folder",
    )
