"""One child process: its own session, its own log, and an end together with its parent."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ium.runtime.config import ROOT
from ium.runtime.guardian import Guardian, signal_group

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
# Bytes; a larger log is put aside as NAME.log.1 when its service starts.
LARGEST_LOG = 10 * 1024 * 1024

# Loaded before any fork: the child of a fork may do little before it becomes the new program.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(number: int = signal.SIGTERM) -> Callable[[], None]:
    """For `preexec_fn`: have Linux send `number` when the thread that starts the child ends."""
    parent = os.getpid()

    def arrange() -> None:
        if _libc is None:
            return
        _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        # The parent may have ended before the kernel knew that we care.
        if os.getppid() != parent:
            os._exit(1)

    return arrange


class Child:
    """A started program and all its descendants, which share its process group."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        guardian: Guardian | None = None,
    ) -> None:
        self.log = log
        self.log_begins = _put_aside(log)
        self.started = time.monotonic()
        self._guardian = guardian
        self._swept = False
        with log.open("ab") as output:
            self._popen = subprocess.Popen(  # noqa: S603 - commands of `services.py`
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the supervisor only, which then stops all in order.
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - the supervisor has one thread
            )
        if guardian:
            guardian.add(self.pid)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def age(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        code = self._popen.poll()
        if code is not None:
            self._sweep()
        return code

    def ask_to_stop(self) -> None:
        if self._popen.poll() is None:
            self._popen.terminate()

    def kill(self) -> None:
        """End it and its descendants now."""
        if self._popen.returncode is None:
            signal_group(self.pid, signal.SIGKILL)
            self._popen.wait()
        self._sweep()

    def _sweep(self) -> None:
        """End descendants that outlived it: they would keep the port of its successor.

        Once only: later the number may belong to somebody else.
        """
        if self._swept:
            return
        self._swept = True
        signal_group(self.pid, signal.SIGKILL)
        if self._guardian:
            self._guardian.remove(self.pid)

    def output(self) -> str:
        """What it wrote since it was started."""
        with self.log.open("rb") as file:
            file.seek(self.log_begins)
            return file.read().decode("utf-8", "replace")


def _put_aside(log: Path) -> int:
    """Rotate a large log; answers where the next line will begin."""
    size = log.stat().st_size if log.exists() else 0
    if size <= LARGEST_LOG:
        return size
    log.replace(log.with_name(log.name + ".1"))
    return 0


def describe_exit(code: int) -> str:
    """An exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"
