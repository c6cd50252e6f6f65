"""What an administrator wants for teams: places ahead, reserved slots, caps. Most pools have none."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.model.base import NUMBER, Rules
from tests.model.teams import Team

AHEAD, RESERVED = st.sampled_from([0, 0, 1, 3]), st.sampled_from([0, 0, 1, 2])
# Above the reservation; None: no cap.
SPARE = st.sampled_from([None, None, 0, 1])
TEAMS = st.builds(
    Team,
    members=st.frozensets(st.integers(0, 5), max_size=4),
    ahead=AHEAD,
    reserved=RESERVED,
    spare=SPARE,
)


class TeamRules(Rules):
    """Rules of the admin about groups."""

    @precondition(lambda self: self.world.check.teams)
    @rule(which=NUMBER, ahead=AHEAD, reserved=RESERVED, spare=SPARE)
    def a_team_is_treated_differently(
        self, which: int, ahead: int, reserved: int, spare: int | None
    ) -> None:
        """The rule for a group changes."""
        teams = list(self.world.check.teams)
        number = which % len(teams)
        teams[number] = replace(teams[number], ahead=ahead, reserved=reserved, spare=spare)
        self.world.change_teams(teams)
