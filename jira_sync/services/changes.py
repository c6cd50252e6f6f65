"""Carrying out slot changes: claim, call Jira, report."""

import random

from ium.directory.models import Site
from ium.lib import clock
from jira_sync.client.errors import JiraError, OutcomeUnknown, RateLimited
from jira_sync.client.interface import JiraDirectory
from jira_sync.connections import directory_of
from jira_sync.services.health import note_answer, note_failure
from slots import services as slots
from slots.models import Slot
from slots.services import WantedChange

LONGEST_DELAY = 60.0


def unfinished_slots() -> list[int]:
    """Return slots whose change is not confirmed and may be tried now, oldest first."""
    return list(
        Slot.objects.unfinished(clock.now())
        .order_by("granted_at", "pk")
        .values_list("pk", flat=True)
    )


def carry_out(*, slot_id: int, will_look: bool = False) -> bool:
    """Do in Jira what a slot wants. Returns whether Jira confirmed it. `will_look`: the caller then calls `look_soon`.

    1. Claim the change (a row, before the call). 2. After a lost call, look first. 3. Call. 4. Report: confirmed,
    refused for good, or to be repeated. Every step may be lost: the claim runs out and the next run goes on.
    """
    change = slots.change_claim(slot_id=slot_id, at=clock.now())
    if change is None:
        return False
    called = False
    if not change.dry_run:
        site = Site.objects.get(pk=change.site_id)
        try:
            called = _call(directory_of(site), change)
        except JiraError as error:
            _report(change, error)
            return False
        if not site.is_well:
            note_answer(site_id=change.site_id, at=clock.now())
    return slots.change_confirm(
        change=change,
        at=clock.now(),
        by_reading=not called,
        will_look=will_look and not change.dry_run,
    )


def _call(directory: JiraDirectory, change: WantedChange) -> bool:
    """Make the one call of the normal case; on a repetition read first. Returns whether a change was called for."""
    if not change.add:
        directory.remove_member(change.group_id, change.account_id)
        return True
    if change.attempt > 1 and directory.is_member(change.group_id, change.account_id):
        return False
    directory.add_member(change.group_id, change.account_id)
    return True


def _report(change: WantedChange, error: JiraError) -> None:
    at = clock.now()
    concerns_site = error.affects == "site" and not isinstance(error, RateLimited)
    if concerns_site:
        note_failure(site_id=change.site_id, error=error, at=at)
    if concerns_site or isinstance(error, RateLimited | OutcomeUnknown):
        slots.change_postpone(
            change=change,
            error=error.message,
            unknown=isinstance(error, OutcomeUnknown),
            delay=_delay(change, error),
            at=at,
        )
        return
    slots.change_refuse(
        change=change,
        whole_pool=error.affects == "group",
        message=error.message,
        code=error.code,
        at=at,
    )


def _delay(change: WantedChange, error: JiraError) -> float:
    """Return seconds until the next attempt: what Jira asks for, or doubling with jitter."""
    wanted = error.retry_after if error.retry_after is not None else 2.0 ** min(change.attempt, 6)
    return min(LONGEST_DELAY, wanted) * random.uniform(1, 1.3)  # noqa: S311 - no secret
