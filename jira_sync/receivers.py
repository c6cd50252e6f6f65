"""What happens when a slot wants a change: a message to the worker, and nothing that could be lost with it."""

import logging
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def send_to_worker(*, slot_id: int, **_: Any) -> None:
    """Ask a worker to carry out the change now.

    Without a broker nobody is told; the change is a row, and the periodic job finds it within seconds.
    """
    try:
        # By name: the web process needs none of the code that talks to Jira.
        current_app.send_task("jira_sync.tasks.carry_out", args=(slot_id,), retry=False, expires=60)
    except OperationalError as error:
        log.warning(
            "The broker does not answer (%s); slot %s is found by the next job", error, slot_id
        )


def read_rule_groups() -> None:
    """Ask a worker to read the members of groups with rules now; without a broker the next run of "People" does."""
    try:
        current_app.send_task("jira_sync.tasks.sync_rule_groups", retry=False, expires=600)
    except OperationalError as error:
        log.warning("The broker does not answer (%s); the groups are read by the next run", error)
