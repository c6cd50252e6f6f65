"""Periodic jobs, one at a time and all together."""

from django.db.models import Min
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ium.directory.models import Site
from jira_sync import services as jobs
from slots import services
from slots.models import Slot
from tests.model.base import Rules


class JobRules(Rules):
    """Rules of Beat."""

    @precondition(lambda self: self.world.holders())
    @rule(warns=st.booleans())
    def sweeps(self, warns: bool) -> None:
        """The sweep or the warning job runs."""
        if warns:
            self._warn()
        else:
            self._sweep()

    @precondition(lambda self: self.world.warned())
    @rule()
    def the_sweep_comes(self) -> None:
        """Time passes until the sweep that was announced, and it runs."""
        moment = Slot.objects.aggregate(moment=Min("revoke_at"))["moment"]
        if moment is not None and moment > self.world.at:
            self.world.wait(moment - self.world.at, alive=True)
        self._sweep()

    @rule()
    def keeps_up(self) -> None:
        """Upkeep runs."""
        self._keep_up()

    @rule(pulse=st.booleans())
    def all_jobs_run(self, pulse: bool) -> None:
        """All jobs run once, and Jira answers."""
        if pulse:
            self.world.pulse()
        self._warn()
        self._sweep()
        self._keep_up()
        site = Site.objects.get()
        if site.is_down:
            self.world.run_job(lambda: jobs.probe_site(site_id=site.pk))
        self.world.carry_on()

    @rule()
    def all_goes_well(self) -> None:
        """Everything that is under way comes to its end without a fault: the usual thing."""
        self.world.carry_on()

    def _warn(self) -> None:
        pool = self.world.pool.pk
        self.world.act(lambda: services.sweep_warn(pool_id=pool, at=self.world.at))

    def _sweep(self) -> None:
        pool = self.world.pool.pk
        self.world.act(lambda: services.sweep_revoke(pool_id=pool, at=self.world.at))

    def _keep_up(self) -> None:
        pool = self.world.pool.pk
        self.world.act(
            lambda: services.pool_upkeep(pool_id=pool, at=self.world.at), dispatches=True
        )
