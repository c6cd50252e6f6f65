"""An administrator's "try now" for a change that takes long. It believes nothing: Jira is asked, as always."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from ium.directory.models import User
from slots.models import Event, Slot, SlotState
from slots.services.dispatch import want_change
from slots.services.journal import journal_write


@transaction.atomic
def slot_repair(*, slot_id: int, at: datetime, actor: User | None) -> bool:
    """Let the change that a slot wants be tried at once; return whether there was one to try.

    Only the pause before the next attempt is cut short. Who is at a call keeps the claim, the wait for a lost call
    stays as it is, and the slot changes its state by Jira's confirmation alone, through `carry_out`: which reads the
    membership after a lost addition and repeats a removal that may have been undone. So nothing can be overshot.
    """
    waits = Q(claimed_until=None) | Q(claimed_until__lte=at)
    wanted = Slot.objects.filter(
        waits, pk=slot_id, state__in=[SlotState.GRANTING, SlotState.REVOKING]
    )
    if not wanted.update(next_attempt_at=None):
        return False
    slot = Slot.objects.select_related("pool", "holder").get(pk=slot_id)
    journal_write(
        event=Event.RETRY,
        at=at,
        pool=slot.pool,
        user=slot.holder,
        slot=slot,
        reason="asked",
        actor=actor,
    )
    want_change(slot_id)
    return True
