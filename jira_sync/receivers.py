"""What happens when slots want a change: messages to the workers, and nothing that could be lost with them."""

import logging
from typing import Any

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# A sweep wants hundreds of changes at once: few messages, and yet work for every thread of every worker.
SLOTS_PER_MESSAGE = 8


def send_to_worker(*, slot_ids: tuple[int, ...], **_: Any) -> None:
    """Ask workers to carry out the changes now.

    Without a broker nobody is told; the changes are rows, and the periodic job finds them within seconds.
    """
    try:
        for start in range(0, len(slot_ids), SLOTS_PER_MESSAGE):
            # By name: the web process needs none of the code that talks to Jira.
            current_app.send_task(
                "jira_sync.tasks.carry_out",
                args=slot_ids[start : start + SLOTS_PER_MESSAGE],
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
