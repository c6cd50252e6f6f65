"""Celery Beat that ends when it is told to, whatever it is doing."""

import signal
from types import FrameType
from typing import NoReturn

from celery.apps.beat import Beat
from celery.beat import Service


class OrderlyBeat(Beat):
    """Celery's own handler of SIGTERM writes the schedule from within the signal.

    In the middle of a query (or while the scheduler is being made, which the handler then makes a second time) it
    waits for the lock of a connection that the interrupted code holds: for ever. Here the signal only interrupts, and
    the schedule is written on the way out.
    """

    def install_sync_handler(self, service: Service) -> None:
        """Leave by SystemExit, which `service.start` expects."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _leave)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit
