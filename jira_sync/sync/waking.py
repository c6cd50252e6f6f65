"""Telling a worker that there is something to do, once the row is committed; nothing is lost without one."""

import logging
from functools import partial
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def wake_after_commit(run_id: int) -> None:
    """Let a worker start with a run as soon as it can be seen."""
    transaction.on_commit(partial(wake, run_id))


def wake(run_id: int, *, countdown: float = 0) -> None:
    """Let a worker go on with a run. Without a broker the periodic job finds it within a minute."""
    from jira_sync.tasks import sync_run

    send(sync_run, run_id, countdown)


def send(task: Any, key: int, countdown: float) -> None:
    """Send a message that may be lost. It is worth nothing when the periodic job has had its turn."""
    try:
        task.apply_async(args=(key,), countdown=countdown, retry=False, expires=countdown + 60)
    except OperationalError as error:
        log.warning("The broker does not answer (%s); the next job finds %s", error, key)
