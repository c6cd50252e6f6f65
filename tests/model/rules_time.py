"""Time: it passes, IUM is away for a while, clocks jump."""

from datetime import datetime, timedelta

from django.db.models import Min
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from slots import services
from slots.models import Slot
from tests.model.base import Rules

# Around the moment from which a gap is noticed, and hours.
LENGTHS = [-3600, -200, -6, -4, 30, 119, 121, 3600]


class TimeRules(Rules):
    """Rules of the clock."""

    @rule(seconds=st.sampled_from([1, 3, 10, 30, 61, 91, 300]))
    def time_passes(self, seconds: int) -> None:
        """Some time passes while IUM runs."""
        self.world.wait(timedelta(seconds=seconds), alive=True)

    @precondition(lambda self: self.world.holders())
    @rule()
    def the_warning_comes(self) -> None:
        """Time passes until everybody in is inactive and the next sweep is near; the warning job runs."""
        pool = self.world.fresh_pool()
        interval = pool.sweep_interval_minutes * 60
        at = self.world.at + pool.inactivity - pool.warning
        second = -(-at.timestamp() // interval) * interval - pool.warning_seconds - 10
        self._until(datetime.fromtimestamp(second, tz=at.tzinfo))
        self.world.act(lambda: services.sweep_warn(pool_id=pool.pk, at=self.world.at))

    @precondition(lambda self: self.world.holders())
    @rule(seconds=st.sampled_from([-1, 0, 0, 1]))
    def the_next_moment_comes(self, seconds: int) -> None:
        """Time passes until just about the next moment that is written in a slot row."""
        names = ("revoke_at", "claimed_until", "unsettled_until", "next_attempt_at")
        moments = Slot.objects.aggregate(**{name: Min(name) for name in names}).values()
        later = [moment for moment in moments if moment is not None and moment > self.world.at]
        if later:
            self._until(min(later) + timedelta(seconds=seconds))

    def _until(self, moment: datetime) -> None:
        if moment > self.world.at:
            self.world.wait(moment - self.world.at, alive=True)

    @rule()
    def the_intake_is_seen_working(self) -> None:
        """The job that notes that activity can be received runs."""
        self.world.pulse()

    @rule(what=st.sampled_from(["away", "jump"]), seconds=st.sampled_from(LENGTHS))
    def time_goes_wrong(self, what: str, seconds: int) -> None:
        """IUM is down for a while, nothing runs, nothing is noted; or somebody sets the clock."""
        length = timedelta(seconds=seconds)
        if what == "jump":
            self.world.jump(length)
        else:
            self.world.wait(abs(length), alive=False)
