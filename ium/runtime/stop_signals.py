"""Ctrl-C, SIGTERM, a closed terminal, the end of a child: events the main loop can wait for."""

import contextlib
import os
import select
import signal
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Counts requests to stop; the second one means "at once"."""

    def __init__(self) -> None:
        self.requests = 0
        self._reading, writing = os.pipe()
        for descriptor in (self._reading, writing):
            os.set_blocking(descriptor, False)
        # The kernel's signals end `pause` early, whenever they arrive.
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in STOPPING:
            signal.signal(number, self._count)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.requests += 1

    def pause(self, seconds: float) -> None:
        """Sleep, but wake when a signal arrives."""
        select.select([self._reading], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._reading, 4096)
