"""Teams, and what their rules mean: written down a second time, without a look at the product's own code."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from slots.models import QueueEntry

T = TypeVar("T")


@dataclass(frozen=True)
class Team:
    """A Jira group with a rule; members by their place in the list of people."""

    members: frozenset[int]
    ahead: int = 0
    reserved: int = 0
    spare: int | None = None

    @property
    def most(self) -> int | None:
        """The cap, which is never below the reservation nor zero."""
        return None if self.spare is None else max(1, self.reserved + self.spare)


class Fairness:
    """Judges grants: who may get a slot, and before whom."""

    def __init__(self, person: Callable[[int], int]) -> None:
        """Take the way from a primary key to a place in the list of people."""
        self.person = person
        # By the number of who waits: the numbers of later ones who were served before.
        self.overtakers: dict[int, set[int]] = {}
        self.most_ahead = 0

    def remember(self, teams: Sequence[Team]) -> None:
        """Take note of the most places that any rule ever gave: waits keep what they began with."""
        self.most_ahead = max([self.most_ahead, *(team.ahead for team in teams)])

    def of(self, teams: Sequence[Team], user_id: int) -> list[Team]:
        """Return somebody's teams."""
        return [team for team in teams if self.person(user_id) in team.members]

    def capped(self, teams: Sequence[Team], holders: Collection[int], user_id: int) -> bool:
        """Whether somebody's team has all slots that it may have."""
        return any(
            team.most is not None and self._used(team, holders) >= team.most
            for team in self.of(teams, user_id)
        )

    def _used(self, team: Team, holders: Collection[int]) -> int:
        return sum(self.person(holder) in team.members for holder in holders)

    def _owed(self, teams: Sequence[Team], holders: Collection[int], user_id: int) -> bool:
        return any(self._used(team, holders) < team.reserved for team in self.of(teams, user_id))

    def judge(
        self,
        teams: Sequence[Team],
        holders: Collection[int],
        wait: QueueEntry,
        others: Collection[QueueEntry],
    ) -> None:
        """Check a grant to `wait`, while `holders` had slots and `others` could have had it too."""
        assert not self.capped(teams, holders, wait.user_id), "a team has more slots than its cap"
        rivals = [one for one in others if not self.capped(teams, holders, one.user_id)]
        owed = [one for one in rivals if self._owed(teams, holders, one.user_id)]
        if self._owed(teams, holders, wait.user_id):
            rivals = owed
        else:
            assert not owed, f"a slot reserved for {owed[0]} went to {wait}"
            self._count(wait, rivals)
        better = [one for one in rivals if _order(one) < _order(wait)]
        assert not better, f"{better[0]} was overtaken by {wait}"

    def _count(self, wait: QueueEntry, rivals: list[QueueEntry]) -> None:
        """Nobody starves: a class overtakes somebody at most as often as it stands places ahead."""
        for one in rivals:
            if one.seq < wait.seq and one.priority == wait.priority:
                passed = self.overtakers.setdefault(one.seq, set())
                passed.add(wait.seq)
                assert len(passed) <= self.most_ahead, f"{one} is overtaken again and again"


def _order(entry: QueueEntry) -> tuple[int, int, int]:
    return -entry.priority, entry.seq - entry.places_ahead, -entry.seq
