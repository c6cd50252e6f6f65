"""Carrying out slot changes: claim, call Jira, report."""

import random
from collections.abc import Sequence

from ium.directory.models import Site
from ium.lib import clock
from jira_sync.client.errors import JiraError, OutcomeUnknown, RateLimited
from jira_sync.client.interface import JiraDirectory
from jira_sync.connections import directory_of
from jira_sync.services.health import note_answer, note_failure
from jira_sync.services.opening import look_soon
from slots import services as slots
from slots.models import Slot
from slots.services import Answer, Confirmation, WantedChange
from slots.together import Together

LONGEST_DELAY = 60.0


def _confirm(pool_id: int, answers: Sequence[Answer]) -> list[Confirmation]:
    return slots.changes_confirm(pool_id=pool_id, answers=answers, at=clock.now())


# What Jira confirms to the threads of this process at the same moment is written together.
_together = Together(_confirm, about=lambda answer: answer.change.slot_id)


def unfinished_slots() -> list[int]:
    """Return slots whose change is not confirmed and may be tried now, oldest first."""
    return list(
        Slot.objects.unfinished(clock.now())
        .order_by("granted_at", "pk")
        .values_list("pk", flat=True)
    )


def carry_out(*, slot_id: int, will_look: bool = False) -> bool:
    """Do in Jira what a slot wants. Returns whether Jira confirmed it.

    1. Claim the change (a row, before the call). 2. After a lost call, look first. 3. Call. 4. Report: confirmed,
    refused for good, or to be repeated. 5. A slot that a removal freed goes to its next user at once, without a
    message. Every step may be lost: the claim runs out and the next run goes on. `will_look`: begin to ask whether
    Jira lets a new holder in.
    """
    change = slots.change_claim(slot_id=slot_id, at=clock.now())
    if change is None:
        return False
    first = confirmation = _carry_out(change, will_look)
    while confirmation.follows is not None:
        confirmation = _carry_out(confirmation.follows, will_look)
    return first.counted


def _carry_out(change: WantedChange, will_look: bool) -> Confirmation:
    """Call Jira for a claimed change, and report."""
    called = False
    if not change.dry_run:
        site = Site.objects.get(pk=change.site_id)
        try:
            called = _call(directory_of(site), change)
        except JiraError as error:
            _report(change, error)
            return Confirmation(counted=False)
        if not site.is_well:
            note_answer(site_id=change.site_id, at=clock.now())
    looks = will_look and change.add and not change.dry_run
    answer = Answer(change, by_reading=not called, will_look=looks, goes_on=True)
    confirmation = _together.ask(change.pool_id, answer)
    if looks and confirmation.counted:
        look_soon(change.slot_id, change.fence)
    return confirmation


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
