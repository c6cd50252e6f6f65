"""Whether Jira really lets a new holder in: asked by jira_sync, a few times per grant, never while somebody polls.

Atlassian publishes no time between a confirmed membership and a page that opens (docs/architecture.md, "The way
back to Jira"), so Jira's own answer decides where it can be asked, and the pool's delay where it cannot.
"""

from datetime import datetime, timedelta

from slots.models import Opening, Slot, SlotState

# Seconds after Jira's confirmation at which Jira is asked, until it says yes: at most seven calls per grant.
LOOKS = (0.5, 2, 4, 8, 15, 30, 55)


def opening_asked(*, slot_id: int, fence: int, at: datetime) -> tuple[str, str] | None:
    """Return (account id, product) of a holder whom Jira may not let in yet; None when nothing is to be asked.

    `fence` names the stay that the question is about: after it, or once Jira said yes, nobody asks.
    """
    slot = (
        Slot.objects.select_related("holder", "pool")
        .filter(pk=slot_id, fence=fence, state=SlotState.ACTIVE, confirmed_at__lte=at)
        .exclude(opening=Opening.OPEN)
        .first()
    )
    if slot is None or slot.holder is None or slot.pool.dry_run:
        return None
    return slot.holder.account_id or "", slot.pool.product


def opening_report(*, slot_id: int, fence: int, opens: bool | None) -> None:
    """Note what Jira said: the person is let in, not yet, or (None) Jira cannot be asked and the delay decides.

    A late "not yet" changes nothing after a "yes".
    """
    said = {True: Opening.OPEN, False: Opening.SHUT, None: Opening.UNKNOWN}[opens]
    Slot.objects.filter(pk=slot_id, fence=fence, state=SlotState.ACTIVE).exclude(
        opening=Opening.OPEN
    ).update(opening=said)


def next_look(*, confirmed_at: datetime, at: datetime) -> float | None:
    """Return seconds until Jira is asked again; None when it was asked often enough."""
    since = (at - confirmed_at) / timedelta(seconds=1)
    return next((look - since for look in LOOKS if look > since), None)
