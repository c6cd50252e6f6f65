"""A company at work under the running rules, and what the replay said beforehand. Needs Django and a database."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from ium.bench.company_run import CompanyRun, Sitting, make_people, make_pool, plans_of, waits_of
from ium.usage.demand import Demand
from ium.usage.replay.blocks import blocks_of
from ium.usage.replay.company import Company, company_demand, recorded
from ium.usage.replay.engine import replay
from ium.usage.replay.options import Delays, Habits, Options
from ium.usage.replay.outcome import Outcome, quantile
from slots.models import LicencePool
from slots.rules import Timing

INACTIVITY_MINUTES = 15
PATIENCE = 3600.0
DELAYS = Delays()
# Of the true peak: with how many licences the company works while it is recorded, and about how many it asks.
WHILE_RECORDED, ASKED_ABOUT = 0.93, 0.85
OPTIONS: dict[str, Any] = {"inactivity_minutes": INACTIVITY_MINUTES, "minimum_hold_seconds": 120}


@dataclass(frozen=True)
class Waits:
    """The waits that were not served at once: how many were served, how long (seconds), how many gave up."""

    served: int
    gave_up: int
    median: float
    p95: float

    @classmethod
    def of(cls, waits: Iterable[tuple[float, bool]]) -> "Waits":
        """Summarise (seconds, served)."""
        waits = list(waits)
        lengths = sorted(seconds for seconds, served in waits if served)
        gave_up = len(waits) - len(lengths)
        return cls(len(lengths), gave_up, quantile(lengths, 0.5), quantile(lengths, 0.95))


@dataclass(frozen=True)
class Prediction:
    """What the replay said from two kinds of records, and what was true."""

    peak: int
    licences: int
    recorded_with: int
    true: Waits
    from_measuring: Waits
    from_running: Waits

    def ratios(self) -> Iterator[tuple[str, float]]:
        """Return predicted to true, by name."""
        for source in ("from_measuring", "from_running"):
            for name in ("median", "p95"):
                said = getattr(getattr(self, source), name)
                yield f"{source}.{name}", said / max(getattr(self.true, name), 1e-9)


def predicted(company: Company) -> Prediction:
    """Let the company work twice under the running rules; predict the second time beforehand."""
    demand = company_demand(company)
    draw = random.Random(company.seed + 1)  # noqa: S311 - a simulation
    plans = plans_of(demand, [draw.expovariate(1 / PATIENCE) for one in demand for _ in one.wants])
    measured = recorded(demand)
    peak = _replayed(measured, 10**6, None).most_used
    asked, before = max(1, round(ASKED_ABOUT * peak)), max(1, round(WHILE_RECORDED * peak))
    earlier, seen = _worked(plans, before)
    patience = _patience(earlier)
    true, _ = _worked(plans, asked)
    return Prediction(
        peak=peak,
        licences=asked,
        recorded_with=before,
        true=Waits.of(true),
        from_measuring=_waits(_replayed(measured, asked, PATIENCE)),
        from_running=_waits(_replayed(recorded(seen), asked, patience)),
    )


def _patience(waits: list[tuple[float, bool]]) -> float | None:
    """Return the mean patience that follows from recorded waits: time waited for each who gave up."""
    gave_up = sum(not served for _, served in waits)
    return sum(seconds for seconds, _ in waits) / gave_up if gave_up else None


def _replayed(demand: list[Demand], slots: int, patience: float | None) -> Outcome:
    pool = LicencePool(**OPTIONS)
    options = Options(slots, Timing.of(float, **pool.lengths), 60.0 * pool.sweep_interval_minutes)
    blocks = blocks_of(demand, inactivity=60 * INACTIVITY_MINUTES)
    return replay(blocks, options, DELAYS, Habits(patience=patience))


def _waits(outcome: Outcome) -> Waits:
    return Waits.of((wait.seconds, wait.served) for wait in outcome.waits)


def _worked(
    plans: list[list[Sitting]], slots: int
) -> tuple[list[tuple[float, bool]], list[Demand]]:
    """Let the company work with so many licences; return its waits and what was recorded. Leaves no rows."""
    with transaction.atomic():
        begin = min(plan[0].ask for plan in plans if plan)
        pool = make_pool(at=begin - 3600, assigned_licences=slots, buffer_licences=0, **OPTIONS)
        run = CompanyRun(pool, make_people(pool, [frozenset()] * len(plans)), plans, DELAYS)
        run.run()
        waits, seen = waits_of(pool), run.recorded()
        transaction.set_rollback(True)
    return waits, seen
