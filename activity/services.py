"""The only writes to activity."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, Q
from django.db.models.functions import Greatest

from activity.buffer import Key, Report
from activity.models import Intake, LastActivity, Receiver
from activity.statements import MANY_POSTGRESQL, MANY_SQLITE
from ium.directory.models import Site, User

# The intake is refreshed every 30 s; a longer hole than this is a gap in which activity may be lost.
GAP = timedelta(seconds=120)
# Clocks that were set back by more than this cannot be compared with stored times.
BACKWARD = timedelta(seconds=5)
# A web process writes what it collected every second, and says so every five.
SILENT = timedelta(seconds=20)


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


def activity_record_many(reports: Mapping[Key, Report]) -> None:
    """Note many people's activity in one statement; older evidence never replaces newer.

    Reports of people and sites that are gone by now are dropped. In the order of the keys, so that two processes
    that write at the same moment wait for each other and never for themselves.
    """
    if not reports:
        return
    rows = [(*key, *reports[key]) for key in sorted(reports)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(MANY_POSTGRESQL, [list(column) for column in zip(*rows, strict=True)])
        else:
            adapt = connection.ops.adapt_datetimefield_value
            cursor.executemany(
                MANY_SQLITE,
                [
                    (u, s, p, adapt(active), adapt(got), src, u, s)
                    for u, s, p, active, got, src in rows
                ],
            )


def receiver_pulse(*, name: str, host: str, process: int, at: datetime) -> None:
    """Note that a web process has written everything it collected until now."""
    if not Receiver.objects.filter(name=name).update(seen_at=at):
        Receiver.objects.update_or_create(
            name=name, defaults={"host": host, "process": process, "seen_at": at}
        )


def receiver_ended(*, name: str) -> None:
    """Note that a web process ended in the normal way: nothing it collected is missing."""
    Receiver.objects.filter(name=name).delete()


def receivers_working(*, at: datetime) -> bool:
    """Tell whether at least one web process writes what it collects."""
    return Receiver.objects.exclude(_silent(at, SILENT)).exists()


def _silent(at: datetime, length: timedelta) -> Q:
    """Match receivers not heard of for so long, or whose time cannot be compared with the clock."""
    return Q(seen_at__lt=at - length) | Q(seen_at__gt=at + BACKWARD)


def _later(column: str, moment: datetime) -> Greatest:
    return Greatest(F(column), moment)


@transaction.atomic
def intake_pulse(*, at: datetime) -> timedelta | None:
    """Note that activity can be received now; return the length of the gap that this ends, if any.

    A clock that went backwards is a gap too: stored times cannot be compared with it. And so is a web process that
    was not heard of for as long as a gap takes: it is given up, and what it collected may be missing.
    """
    intake = Intake.objects.select_for_update().filter(pk=1).first()
    if intake is None:
        Intake.objects.create(pk=1, seen_at=at)
        return None
    away = _longer(at - intake.seen_at, _receivers_given_up(at))
    gap = away if away > GAP or away < -BACKWARD else None
    intake.seen_at = at
    if gap is not None:
        intake.gap_ended_at, intake.gap_seconds = at, gap.total_seconds()
    intake.save(update_fields=["seen_at", "gap_ended_at", "gap_seconds"])
    return gap


def _receivers_given_up(at: datetime) -> timedelta | None:
    silent = Receiver.objects.filter(_silent(at, GAP))
    last_seen = [receiver.seen_at for receiver in silent]
    if not last_seen:
        return None
    silent.delete()
    return at - min(last_seen)


def _longer(one: timedelta, other: timedelta | None) -> timedelta:
    return one if other is None or abs(one) >= abs(other) else other


def intake_is_trusted(*, at: datetime) -> bool:
    """Tell whether activity could be received up to now; without it nothing may be taken from anybody.

    It could when the intake was seen working, and no web process is silent that may hold reports it cannot write.
    """
    silent = Exists(Receiver.objects.filter(_silent(at, SILENT)))
    return Intake.objects.filter(
        ~silent, pk=1, seen_at__gte=at - GAP, seen_at__lte=at + BACKWARD
    ).exists()
