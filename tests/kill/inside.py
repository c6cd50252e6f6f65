"""Run inside IUM by `manage shell`: prints slots, journal and queue as JSON. Imports nothing of the tests."""

import json
from typing import Any

from django.db.models import QuerySet

from slots.models import JournalEntry, LicencePool, QueueEntry, Slot


def _rows(query: "QuerySet[Any]", *names: str) -> list[dict[str, Any]]:
    return list(query.order_by("pk").values(*names))


pool = LicencePool.objects.get(key="jira")
found = {
    "limit": pool.slot_count,
    "slots": _rows(
        Slot.objects.all(), "id", "state", "fence", "holder_id", "holder__account_id", "warned_at"
    ),
    "journal": _rows(
        JournalEntry.objects.all(), "id", "at", "event", "slot_id", "fence", "user_id", "reason"
    ),
    "waiting": _rows(QueueEntry.objects.filter(closed_at=None), "user__account_id", "alive_until"),
}
print(json.dumps(found, default=str))  # noqa: T201
