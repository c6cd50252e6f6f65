"""The journal of every slot, told again from its beginning: no gap in it, and it ends where the slot is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Entry = dict[str, Any]
WARNING = timedelta(seconds=60)
ABOUT_SLOTS = {"granted", "confirmed", "warned", "revoking", "freed", "grant_failed", "repaired"}


@dataclass
class Told:
    """What the journal says about one slot: `fence` is what the row must have."""

    state: str = "free"
    holder: int | None = None
    fence: int = 0
    warned: datetime | None = None
    refused: bool = False


def tell(entries: list[Entry]) -> tuple[dict[int, Told], list[str]]:
    """Return every slot as told, and everything that does not follow from what was before."""
    slots: dict[int, Told] = {}
    wrong: list[str] = []
    for entry in entries:
        if entry["event"] == "clocks_reset":
            for slot in slots.values():
                slot.warned = None
        if entry["event"] in ABOUT_SLOTS and entry["slot_id"] is not None:
            slot = slots.setdefault(entry["slot_id"], Told())
            problem = _problem(slot, entry)
            if problem:
                wrong.append(f"entry {entry['id']} ({entry['event']}): {problem}; before: {slot}")
            _turn(slot, entry)
    return slots, wrong


def _problem(slot: Told, entry: Entry) -> str:
    """Say what is wrong with an entry after what was told before, or nothing."""
    event, fence = entry["event"], entry["fence"]
    adopted = event == "repaired" and entry["reason"] == "adopted"
    begins = event == "granted" or adopted
    allowed = {
        "granted": {"free"},
        "confirmed": {"granting"},
        "warned": {"active"},
        "revoking": {"granting", "active"} | ({"free"} if slot.refused else set()),
        "freed": {"revoking"},
        "grant_failed": {"granting"},
        "repaired": {"free"} if adopted else {"active"},
    }[event]
    if slot.state not in allowed:
        return f"the slot was {slot.state}"
    if not begins and not slot.refused and entry["user_id"] != slot.holder:
        return f"about {entry['user_id']}, the holder was {slot.holder}"
    if fence != _expected_fence(slot, event):
        return f"fence {fence}, expected {_expected_fence(slot, event)}: an entry is missing"
    return "" if event != "revoking" else _unwarned(slot, entry)


def _expected_fence(slot: Told, event: str) -> int:
    """Return the fence an entry must have: it grows by one with each change, and once more when the row is emptied."""
    if event in {"confirmed", "warned", "freed", "grant_failed"}:
        return slot.fence
    refused_and_taken = event == "revoking" and slot.refused
    return slot.fence if refused_and_taken else slot.fence + 1


def _unwarned(slot: Told, entry: Entry) -> str:
    if entry["reason"] != "sweep":
        return ""
    if slot.warned is None or _at(entry) - slot.warned < WARNING:
        return f"taken by the sweep, warned {slot.warned}"
    return ""


def _turn(slot: Told, entry: Entry) -> None:
    event = entry["event"]
    after = {
        "granted": "granting",
        "confirmed": "active",
        "revoking": "revoking",
        "freed": "free",
        "grant_failed": "free",
        "repaired": "active" if entry["reason"] == "adopted" else "granting",
    }
    slot.state = after.get(event, slot.state)
    slot.warned = _at(entry) if event == "warned" else slot.warned
    if event in {"granted", "repaired", "revoking"}:
        slot.holder, slot.warned = entry["user_id"], None
    slot.fence = entry["fence"]
    slot.refused = event == "grant_failed"
    if slot.state == "free":
        slot.holder, slot.fence = None, entry["fence"] + 1


def _at(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry["at"])
