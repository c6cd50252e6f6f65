"""What happens when a slot wants a change: a message to the worker, and nothing that could be lost with it."""

import logging
from typing import Any

from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def send_to_worker(*, slot_id: int, **_: Any) -> None:
    """Ask a worker to carry out the change now.

    Without a broker nobody is told; the change is a row, and the periodic job finds it within seconds.
    """
    from jira_sync.tasks import carry_out

    try:
        carry_out.apply_async(args=(slot_id,), retry=False, expires=60)
    except OperationalError as error:
        log.warning(
            "The broker does not answer (%s); slot %s is found by the next job", error, slot_id
        )
