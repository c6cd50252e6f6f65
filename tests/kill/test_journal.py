"""The kill test's own eye is able to see: a missing, doubled or unwarned entry is found."""

from typing import Any

import pytest

from tests.kill.journal import Told, tell

LIFE = [
    ("granted", 1, "", "10:00:00"),
    ("confirmed", 1, "", "10:00:01"),
    ("warned", 1, "", "10:58:30"),
    ("revoking", 2, "sweep", "11:00:00"),
    ("freed", 2, "sweep", "11:00:01"),
    ("granted", 4, "", "11:00:02"),
]


def _entries(life: list[tuple[str, int, str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "at": f"2026-11-24T{at}+00:00",
            "event": event,
            "slot_id": 1,
            "fence": fence,
            "user_id": 7,
            "reason": reason,
        }
        for number, (event, fence, reason, at) in enumerate(life)
    ]


def test_a_whole_life_is_told_without_a_gap() -> None:
    slots, wrong = tell(_entries(LIFE))
    assert not wrong
    assert slots[1] == Told("granting", 7, 4)


@pytest.mark.parametrize("missing", range(len(LIFE) - 1))
def test_any_missing_entry_is_seen(missing: int) -> None:
    assert tell(_entries(LIFE[:missing] + LIFE[missing + 1 :]))[1]


@pytest.mark.parametrize("doubled", [0, 1, 3, 4])
def test_a_doubled_entry_is_seen(doubled: int) -> None:
    assert tell(_entries(LIFE[: doubled + 1] + LIFE[doubled:]))[1]


def test_a_warning_that_came_too_late_is_seen() -> None:
    late = [("warned", 1, "", "10:59:30") if entry[0] == "warned" else entry for entry in LIFE]
    assert tell(_entries(late))[1]
