"""What a web process collects and remembers of the slots; see `ium.lib.ticker` for when it does."""

import gc
import socket
import time
import uuid
from collections.abc import Sequence
from os import getpid

from activity.buffer import Buffer, Collected
from activity.services import receiver_ended
from ium.directory.known import known_devices
from ium.lib import clock
from ium.lib.ticker import ticker
from slots import services
from slots.snapshot import Snapshots
from slots.together import Together

# Seconds between two notes that this process works, while nobody reports anything.
PULSE = 5.0


class _Receiver:
    """This process as a receiver of activity."""

    def __init__(self) -> None:
        self._id: services.ReceiverId | None = None
        self._noted = float("-inf")

    def write(self, collected: Collected) -> None:
        """Write what was collected; without anything, note now and then that this process works."""
        if not collected.reports and not collected.polls and time.monotonic() - self._noted < PULSE:
            return
        at = clock.soon_now()
        services.reports_write(collected=collected, receiver=self._identity(), at=at)
        self._noted = time.monotonic()
        if collected.polls:
            services.polls_write(polls=collected.polls)

    def end(self) -> None:
        """Write what is left and go."""
        buffer.close()
        if self._id is not None:
            receiver_ended(name=self._id.name)

    def _identity(self) -> services.ReceiverId:
        if self._id is None or self._id.process != getpid():
            host = socket.gethostname()
            self._id = services.ReceiverId(f"{getpid()}-{uuid.uuid4()}", host, getpid())
            services.receivers_replace(receiver=self._id, at=clock.soon_now())
        return self._id


_receiver = _Receiver()
buffer = Buffer(ticker, _receiver.write)
snapshots = Snapshots(ticker)


def _carry_out(pool_id: int, asks: Sequence[services.Ask]) -> list[services.Outcome]:
    return services.slot_request_many(pool_id=pool_id, asks=asks, at=clock.soon_now())


together = Together(_carry_out, about=lambda ask: ask.user_id)


def begin() -> None:
    """Collect and remember in this process from now on, until it ends."""
    # What is loaded by now stays: Python's garbage collector need not look at it for every snapshot.
    gc.collect()
    gc.freeze()
    ticker.add(snapshots.refresh)
    ticker.add(buffer.flush, at_end=_receiver.end)
    ticker.add(known_devices.tick, at_end=known_devices.tick)
    ticker.start()
