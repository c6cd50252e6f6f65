"""What an administrator of IUM does: rarely, compared with everything else."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from slots import services
from tests.model.base import NUMBER, Rules

OPTIONS: list[dict[str, object]] = [
    {"enabled": True},
    {"enabled": True},
    {"enabled": False},
    {"reclaim_on_request": True},
    {"reclaim_on_request": False},
    {"lock_minutes": 0},
    {"lock_minutes": 2},
]


class AdminRules(Rules):
    """Rules of the admin."""

    @rule(licences=st.integers(0, 4), kept_back=st.sampled_from([0, 0, 0, 1]))
    def the_limit_changes(self, licences: int, kept_back: int) -> None:
        """More or fewer licences are assigned."""
        self.world.change_settings(
            assigned_licences=licences, buffer_licences=min(kept_back, licences)
        )

    @rule(option=st.sampled_from(OPTIONS))
    def an_option_changes(self, option: dict[str, object]) -> None:
        """The switch is turned, or reclaim and lock time are chosen."""
        self.world.change_settings(**option)

    @precondition(lambda self: self.world.inside())
    @rule(which=NUMBER, what=st.sampled_from(["move up", "remove", "give", "take back"]))
    def the_administrator_acts(self, which: int, what: str) -> None:
        """Somebody is moved up, taken out of the queue, given a slot, or loses one."""
        entry, slot = self.world.open_entry(which), self.world.used_slot(which)
        at, actor = self.world.at, self.world.admin
        steps: dict[str, Callable[[], object]] = {
            "move up": lambda: services.queue_entry_move_up(entry_id=entry, at=at, actor=actor),
            "remove": lambda: services.queue_entry_remove(entry_id=entry, at=at, actor=actor),
            "give": lambda: services.queue_give_slot(entry_id=entry, at=at, actor=actor),
            "take back": lambda: services.slot_take_back(slot_id=slot, at=at, actor=actor),
        }
        if (slot if what == "take back" else entry) is not None:
            self.world.act(steps[what], dispatches=what == "give")
