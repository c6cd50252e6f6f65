"""How long somebody will probably wait.

The sum over the people ahead of 1 / (slots / mean hold + people * rate of giving up): the best of eight
estimators in our own simulation, thinned by those who leave. Shown as a range, never as a point.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Sum

from slots.models import CloseReason, LicencePool, QueueEntry

RECENT_SESSIONS = 50
ENOUGH_SESSIONS = 30
RECENT = timedelta(hours=1)
SPREAD_LOW, SPREAD_HIGH = 0.6, 1.5
SLACK_SECONDS = 120


@dataclass(frozen=True)
class Pace:
    """How fast a pool's queue moves: mean hold in seconds, and how often one waiting person gives up per second."""

    mean_hold: float
    giving_up: float


def pool_pace(pool: LicencePool, at: datetime) -> Pace | None:
    """Return the pool's pace from its last 50 stays; None until there were 30."""
    held = ExpressionWrapper(F("ended_at") - F("granted_at"), output_field=DurationField())
    recent = pool.sessions.order_by("-ended_at")[:RECENT_SESSIONS]
    stays = pool.sessions.filter(pk__in=list(recent.values_list("pk", flat=True))).aggregate(
        mean=Avg(held), number=Count("pk")
    )
    if stays["number"] < ENOUGH_SESSIONS:
        return None
    return Pace(mean_hold=max(1.0, stays["mean"].total_seconds()), giving_up=_giving_up(pool, at))


def _giving_up(pool: LicencePool, at: datetime) -> float:
    waited = ExpressionWrapper(F("closed_at") - F("joined_at"), output_field=DurationField())
    ended = QueueEntry.objects.filter(pool=pool, closed_at__gt=at - RECENT)
    total = ended.aggregate(total=Sum(waited))["total"]
    left = ended.filter(
        close_reason__in=[CloseReason.LEFT, CloseReason.REMOVED, CloseReason.GONE]
    ).count()
    seconds = total.total_seconds() if total is not None else 0.0
    return left / seconds if seconds > 0 else 0.0


def expected_wait(pace: Pace | None, *, slots: int, ahead: int) -> tuple[int, int] | None:
    """Return the expected wait as (low, high) in seconds, for somebody with so many living people ahead.

    None while it is not known: without a pace, or in a pool without slots.
    """
    if pace is None or slots < 1:
        return None
    rate = slots / pace.mean_hold
    wait = sum(1 / (rate + people * pace.giving_up) for people in range(ahead + 1))
    return (
        max(0, round(wait * SPREAD_LOW - SLACK_SECONDS)),
        round(wait * SPREAD_HIGH + SLACK_SECONDS),
    )
