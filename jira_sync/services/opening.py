"""Asking Jira whether it lets a new holder in: a few calls per grant, in a worker, never while somebody polls."""

import logging

from kombu.exceptions import OperationalError

from ium.directory.models import Site
from ium.lib import clock
from jira_sync.client.errors import JiraError
from jira_sync.connections import directory_of
from slots import services as slots
from slots.models import Slot

log = logging.getLogger(__name__)


def look_in(*, slot_id: int, fence: int) -> float | None:
    """Ask Jira once whether it lets a holder in, and report it; return seconds until the next look, None for never.

    Jira's silence (an error, no right to ask) is no answer: then the pool's own delay decides.
    """
    asked = slots.opening_asked(slot_id=slot_id, fence=fence, at=clock.now())
    if asked is None:
        return None
    slot = Slot.objects.select_related("pool").get(pk=slot_id)
    account_id, product = asked
    try:
        site = Site.objects.get(pk=slot.pool.site_id)
        opens = directory_of(site).lets_in(account_id, product)
    except JiraError as error:
        log.info("Jira did not say whether it lets the holder of slot %s in: %s", slot_id, error)
        if error.retryable:
            return _next(slot)
        opens = None
    slots.opening_report(slot_id=slot_id, fence=fence, opens=opens)
    return _next(slot) if opens is False else None


def _next(slot: Slot) -> float | None:
    assert slot.confirmed_at is not None  # noqa: S101 - `opening_asked` asks about confirmed slots only
    return slots.next_look(confirmed_at=slot.confirmed_at, at=clock.now())


def look_soon(slot_id: int, fence: int) -> None:
    """Begin to ask about a slot whose addition was just confirmed."""
    look_later(slot_id, fence, slots.LOOKS[0])


def look_later(slot_id: int, fence: int, seconds: float) -> None:
    """Let a worker look in some seconds. Without a broker nobody looks, and the pool's delay decides."""
    from jira_sync.tasks import look_in as task

    try:
        task.apply_async(
            args=(slot_id, fence), countdown=seconds, retry=False, expires=seconds + 30
        )
    except OperationalError as error:
        log.warning("The broker does not answer (%s); nobody asks about slot %s", error, slot_id)
