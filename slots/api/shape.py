"""The state document as JSON has it. `SlotDocumentSerializer` describes the same for the API's description."""

from datetime import UTC, datetime
from typing import Any

from slots.document import SlotDocument


def in_json(document: SlotDocument) -> dict[str, Any]:
    """Return the document with its times as text (RFC 3339, UTC)."""
    return {
        "pool": document.pool,
        "state": document.state,
        "reason": document.reason,
        "message": str(document.message),
        "position": document.position,
        "waiting": document.waiting,
        "eta_seconds": list(document.eta_seconds) if document.eta_seconds else None,
        "retry_after": document.retry_after,
        "warned_at": _text(document.warned_at),
        "revoke_at": _text(document.revoke_at),
        "redirect_url": document.redirect_url,
        "server_time": _text(document.server_time),
        "automatic": document.automatic,
        "joined_at": _text(document.joined_at),
        "locked_until": _text(document.locked_until),
        "wanted_url": document.wanted_url,
    }


def _text(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
