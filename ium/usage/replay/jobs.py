"""Questions and their answers: asked as a row, answered by a worker, which may die at any moment."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.lib import clock
from ium.usage.models import WhatIf, WhatIfState
from ium.usage.replay.curve import Target, as_json, curve_of
from ium.usage.replay.observed import coverage_of, delays_of
from ium.usage.replay.options import Habits, Options
from ium.usage.replay.recorded import gap_hours, patience_of, recorded_demand
from ium.usage.zone import day_bounds, zone_of
from slots.rules import Timing
from slots.shares import shares_of

# A worker says that it is still there with each point of the curve.
CLAIM = timedelta(minutes=5)
# A job that takes too long is ended by Celery, one that needs too much memory by the system: neither gets better.
ATTEMPTS = 3
USUAL_PATIENCE = 3600.0


def what_if_ask(*, what_if: WhatIf, at: datetime, actor: User | None) -> None:
    """Save a question that a form has checked; a worker answers it."""
    what_if.created_at, what_if.created_by = at, actor
    what_if.save()


@transaction.atomic
def what_if_cancel(*, what_if_id: int, at: datetime) -> bool:
    """Stop a question that is not answered yet; return whether there was anything to stop."""
    open_ones = WhatIf.objects.filter(
        pk=what_if_id, state__in=[WhatIfState.WAITING, WhatIfState.RUNNING]
    )
    return bool(open_ones.update(state=WhatIfState.CANCELLED, finished_at=at, claimed_until=None))


def what_if_claim(*, at: datetime) -> WhatIf | None:
    """Claim the oldest question that nobody is at; None without one. Only one is answered at a time."""
    if WhatIf.objects.filter(state=WhatIfState.RUNNING, claimed_until__gt=at).exists():
        return None
    _give_up(at)
    free = Q(state=WhatIfState.WAITING) | Q(state=WhatIfState.RUNNING, claimed_until__lte=at)
    first = WhatIf.objects.filter(free).order_by("created_at", "pk").first()
    if first is None:
        return None
    claimed = WhatIf.objects.filter(free, pk=first.pk).update(
        state=WhatIfState.RUNNING,
        claimed_until=at + CLAIM,
        progress=0,
        attempts=F("attempts") + 1,
    )
    return WhatIf.objects.select_related("pool").get(pk=first.pk) if claimed else None


def _give_up(at: datetime) -> None:
    """End what was begun several times and never finished."""
    error = _(
        "Begun %(times)s times and never finished: it takes longer than a job may, or needs more memory than there"
        " is. Ask about fewer days. If the worker was restarted meanwhile, ask once more."
    )
    WhatIf.objects.filter(
        state=WhatIfState.RUNNING, claimed_until__lte=at, attempts__gte=ATTEMPTS
    ).update(
        state=WhatIfState.FAILED,
        error=error % {"times": ATTEMPTS},
        finished_at=at,
        claimed_until=None,
    )


def what_if_answer(*, what_if: WhatIf) -> bool:
    """Answer a claimed question; False when it was cancelled or somebody else has it by now."""
    claim = _Claim(what_if)
    try:
        result = _result(what_if, claim)
    except ValueError as error:
        return claim.end(state=WhatIfState.FAILED, error=str(error))
    if result is None:
        return False
    return claim.end(state=WhatIfState.DONE, result=result, progress=100)


class _Claim:
    """That this worker answers the question: renewed with every step, lost when somebody cancels."""

    def __init__(self, what_if: WhatIf) -> None:
        self._pk, self._until = what_if.pk, what_if.claimed_until

    def renew(self, done: float) -> bool:
        until = clock.now() + CLAIM
        renewed = self._mine().update(claimed_until=until, progress=round(100 * done))
        self._until = until
        return bool(renewed)

    def end(self, **values: Any) -> bool:
        return bool(self._mine().update(finished_at=clock.now(), claimed_until=None, **values))

    def _mine(self) -> Any:
        return WhatIf.objects.filter(
            pk=self._pk, state=WhatIfState.RUNNING, claimed_until=self._until
        )


def _result(what_if: WhatIf, claim: _Claim) -> dict[str, object] | None:
    pool, zone = what_if.pool, zone_of(what_if.pool)
    since, until = day_bounds(what_if.since, zone)[0], day_bounds(what_if.until, zone)[1]
    demand = recorded_demand(pool, since, until)
    if not demand:
        raise ValueError(_("Nothing was recorded in this time. Choose other days."))
    known = patience_of(pool, since, until)
    patience = 60.0 * what_if.patience_minutes if what_if.patience_minutes else known
    delays = delays_of(pool, since, until)
    curve = curve_of(
        demand,
        options_of(what_if),
        delays.values,
        Habits(patience=patience or USUAL_PATIENCE),
        target=Target(float(what_if.target_percent) / 100, float(what_if.target_seconds)),
        also=[pool.slot_count] if pool.slot_count else [],
        told=claim.renew,
    )
    if curve is None:
        return None
    return {
        **as_json(curve),
        "now": pool.slot_count,
        "gap_hours": gap_hours(pool, since, until),
        "coverage": coverage_of(pool, what_if.since, what_if.until),
        "adding": delays.values.adding,
        "removing": delays.values.removing,
        "delays_known": delays.known,
        "patience": patience or USUAL_PATIENCE,
        "patience_known": known is not None,
    }


def options_of(what_if: WhatIf) -> Options:
    """Return the pool's options with those that are asked about in their place."""
    pool = what_if.pool
    lengths = pool.lengths | {
        "inactivity": 60.0 * what_if.inactivity_minutes,
        "lock_time": 60.0 * what_if.lock_minutes,
        "minimum_hold": float(what_if.minimum_hold_seconds),
    }
    return Options(
        slots=pool.slot_count,
        timing=Timing.of(float, **lengths),
        sweep_every=60.0 * what_if.sweep_interval_minutes,
        reclaim=what_if.reclaim_on_request,
        shares=tuple(shares_of(pool)) if pool.has_group_rules else (),
    )
