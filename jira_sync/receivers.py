"""What happens when slots want a change: messages to the workers, and nothing that could be lost with them."""

import logging
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# A sweep wants hundreds of changes at once: few messages, and yet work for every thread of every worker.
SLOTS_PER_MESSAGE = 5
ONE_BY_ONE = 20
_thread = threading.local()


@contextmanager
def next_change_kept() -> "Iterator[deque[int]]":
    """Within the block one change that this thread causes is put into the deque, and the others are sent to workers.

    Whoever opened the block carries it out at once: a freed slot's next user need not wait for a message.
    """
    kept: deque[int] = deque(maxlen=1)
    _thread.kept = kept
    try:
        yield kept
    finally:
        del _thread.kept


def send_to_worker(*, slot_ids: tuple[int, ...], **_: Any) -> None:
    """Ask workers to carry out the changes now.

    Without a broker nobody is told; the changes are rows, and the periodic job finds them within seconds.
    """
    kept = getattr(_thread, "kept", None)
    if kept is not None and not kept and slot_ids:
        kept.append(slot_ids[0])
        slot_ids = slot_ids[1:]
    size = 1 if len(slot_ids) <= ONE_BY_ONE else SLOTS_PER_MESSAGE
    try:
        for start in range(0, len(slot_ids), size):
            # By name: the web process needs none of the code that talks to Jira.
            current_app.send_task(
                "jira_sync.tasks.carry_out",
                args=slot_ids[start : start + size],
                retry=False,
                expires=60,
            )
    except OperationalError as error:
        log.warning(
            "The broker does not answer (%s); slots %s are found by the next job", error, slot_ids
        )


def read_rule_groups() -> None:
    """Ask a worker to read the members of groups with rules now; without a broker the next run of "People" does."""
    try:
        current_app.send_task("jira_sync.tasks.sync_rule_groups", retry=False, expires=600)
    except OperationalError as error:
        log.warning("The broker does not answer (%s); the groups are read by the next run", error)
