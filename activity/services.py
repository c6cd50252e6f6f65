"""The only writes to activity."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from activity.models import Intake, LastActivity
from ium.directory.models import Site, User

# The intake is refreshed every 30 s; a longer hole than this is a gap in which activity may be lost.
GAP = timedelta(seconds=120)
# Clocks that were set back by more than this cannot be compared with stored times.
BACKWARD = timedelta(seconds=5)


def activity_record(
    *, user: User, site: Site, product: str, active_at: datetime, source: str, at: datetime
) -> None:
    """Note that the person was active at `active_at`; older evidence never replaces newer.

    A time in the future (browser and server disagree) counts as now.
    """
    active_at = min(active_at, at)
    changed = LastActivity.objects.filter(user=user, site=site, product=product).update(
        last_active_at=_later("last_active_at", active_at), received_at=at, source=source
    )
    if not changed:
        _, created = LastActivity.objects.get_or_create(
            user=user,
            site=site,
            product=product,
            defaults={"last_active_at": active_at, "received_at": at, "source": source},
        )
        if not created:  # somebody else made the row in between: now it can be updated
            activity_record(
                user=user, site=site, product=product, active_at=active_at, source=source, at=at
            )


def _later(column: str, moment: datetime) -> Greatest:
    return Greatest(F(column), moment)


@transaction.atomic
def intake_pulse(*, at: datetime) -> timedelta | None:
    """Note that activity can be received now; return the length of the gap that this ends, if any.

    A clock that went backwards is a gap too: stored times cannot be compared with it.
    """
    intake = Intake.objects.select_for_update().filter(pk=1).first()
    if intake is None:
        Intake.objects.create(pk=1, seen_at=at)
        return None
    away = at - intake.seen_at
    gap = away if away > GAP or away < -BACKWARD else None
    intake.seen_at = at
    if gap is not None:
        intake.gap_ended_at, intake.gap_seconds = at, gap.total_seconds()
    intake.save(update_fields=["seen_at", "gap_ended_at", "gap_seconds"])
    return gap


def intake_is_trusted(*, at: datetime) -> bool:
    """Tell whether activity could be received up to now; without it nothing may be taken from anybody."""
    intake = Intake.objects.filter(pk=1).first()
    return intake is not None and -BACKWARD <= at - intake.seen_at <= GAP
