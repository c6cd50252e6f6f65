"""What an administrator of IUM does: rarely, compared with everything else."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from slots import services
from tests.model.base import NUMBER, Rules

CHANGES: list[dict[str, object]] = [
    {"enabled": True},
    {"enabled": True},
    {"enabled": False},
    {"reclaim_on_request": True},
    {"reclaim_on_request": False},
    {"lock_minutes": 0},
    {"lock_minutes": 2},
    {"assigned_licences": 3, "buffer_licences": 1},
]
CHANGES += [{"assigned_licences": number, "buffer_licences": 0} for number in range(5)]


class AdminRules(Rules):
    """Rules of the admin."""

    @rule(change=st.sampled_from(CHANGES))
    def settings_change(self, change: dict[str, object]) -> None:
        """The limit, the switch, reclaim or the lock time changes."""
        self.world.change_settings(**change)

    @precondition(lambda self: self.world.inside())
    @rule(
        which=NUMBER, what=st.sampled_from(["move up", "to the end", "remove", "give", "take back"])
    )
    def the_administrator_acts(self, which: int, what: str) -> None:
        """Somebody is moved up, taken out of the queue, given a slot, or loses one."""
        entry, slot = self.world.open_entry(which), self.world.used_slot(which)
        at, actor = self.world.at, self.world.admin
        steps: dict[str, Callable[[], object]] = {
            "move up": lambda: services.queue_entry_move_up(entry_id=entry, at=at, actor=actor),
            "to the end": lambda: services.queue_entry_move_to_end(
                entry_id=entry, at=at, actor=actor
            ),
            "remove": lambda: services.queue_entry_remove(entry_id=entry, at=at, actor=actor),
            "give": lambda: services.queue_give_slot(entry_id=entry, at=at, actor=actor),
            "take back": lambda: services.slot_take_back(slot_id=slot, at=at, actor=actor),
        }
        if (slot if what == "take back" else entry) is not None:
            self.world.act(steps[what])
