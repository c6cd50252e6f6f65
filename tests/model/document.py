"""What the state document must always be like, for anybody."""

from datetime import datetime

from ium.directory.models import User
from slots.document import SlotDocument, slot_document
from slots.models import LicencePool, QueueEntry, Slot


def check_document(user: User, pool: LicencePool, at: datetime) -> None:
    """Check that somebody's document says what the rows say, and nothing impossible."""
    found = slot_document(user=user, pool=pool, at=at)
    assert found.state in _possible(user, at), f"{user}: {found.state}"
    assert found.server_time == at
    assert found.reason, "no reason"
    assert found.message or found.state == "none", "no message"
    assert 0 < found.retry_after <= 60, f"ask again in {found.retry_after} s"
    assert (found.warned_at is None) == (found.revoke_at is None)
    assert (found.reason == "warned") == (found.warned_at is not None)
    _check_place(found)
    open_by_now = found.state == "active" and found.reason != "jira_slow"
    assert (found.redirect_url is not None) == open_by_now


def _check_place(found: SlotDocument) -> None:
    queued = found.state == "queued"
    assert (found.position is not None) == queued
    assert (found.joined_at is not None) == queued
    assert found.position is None or 1 <= found.position <= found.waiting
    if found.eta_seconds is not None:
        assert queued
        assert 0 <= found.eta_seconds[0] <= found.eta_seconds[1]


def _possible(user: User, at: datetime) -> set[str]:
    """Return the states that the rows allow."""
    slot = Slot.objects.filter(holder=user).first()
    if slot is not None and slot.state == "granting":
        return {"granting"}
    if slot is not None and slot.state == "active":
        # Jira needs a moment after its answer.
        return {"active", "granting"}
    if QueueEntry.objects.filter(user=user, closed_at=None).exists():
        return {"queued", "not_managed", "locked"}
    if slot is not None:
        return {"revoking", "not_managed", "locked"}
    return {"none", "not_managed", "locked"}
