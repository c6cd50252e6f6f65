"""What people do: ask, poll, fall silent (by not polling), work, hand back, leave."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from slots import services
from tests.model.base import NUMBER, Rules


class PeopleRules(Rules):
    """Rules of users with a browser."""

    @rule(who=NUMBER)
    def asks(self, who: int) -> None:
        """Somebody asks for a slot, or polls."""
        self.world.ask(who)

    @rule(who=NUMBER)
    def asks_again(self, who: int) -> None:
        """Somebody polls; the same as asking, and as frequent as in life."""
        self.world.ask(who)

    @precondition(lambda self: self.world.check.waiting)
    @rule(silent=NUMBER)
    def everybody_polls_but_one(self, silent: int) -> None:
        """Everybody in the queue polls, except one."""
        for number, user in enumerate(self.world.people):
            if user.pk in self.world.check.waiting and number != silent:
                self.world.ask(number)

    @rule(who=NUMBER)
    def polls_without_joining(self, who: int) -> None:
        """A second device goes on asking: whoever is outside stays outside."""
        check, user = self.world.check, self.world.person(who)
        missed = any(s.holder == user.pk and s.state == "revoking" for s in check.told.values())
        outside = user.pk not in check.waiting and not missed
        self.world.ask(who, join=False)
        assert not (outside and user.pk in check.waiting), "a poll put somebody into the queue"

    @precondition(lambda self: self.world.inside())
    @rule(who=NUMBER)
    def hands_back(self, who: int) -> None:
        """Somebody hands the slot back or leaves the queue."""
        self.world.hand_back(str(self.world.somebody_inside(who).account_id))

    @precondition(lambda self: self.world.inside())
    @rule(who=NUMBER, idle=st.sampled_from([0, 0, 3, 20, 70, 299, 400, 4000]))
    def works(self, who: int, idle: int) -> None:
        """Somebody was active so many seconds ago: fresh evidence, or evidence that comes late."""
        world = self.world
        user, pool = world.somebody_inside(who), world.fresh_pool()
        active_at = world.at - timedelta(seconds=idle)
        world.act(
            lambda: services.slot_activity(
                user=user,
                pool=pool,
                idle=timedelta(seconds=idle),
                source="extension",
                at=world.at,
            )
        )
        world.check.was_active(user, active_at)
        slot = next((s for s in world.check.told.values() if s.holder == user.pk), None)
        if slot and slot.state == "active" and slot.confirmed and active_at >= slot.confirmed:
            world.check.seen[user.pk] = world.at
