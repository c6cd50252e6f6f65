"""Times that IUM could not observe, from what the journal says of clocks that were started again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q

from ium.usage.models import INTERVAL, Gap, GapReason
from ium.usage.recording.sweepline import Piece
from slots.models import Event, JournalEntry, LicencePool


def floor(moment: datetime, length: timedelta = INTERVAL) -> datetime:
    """Return the begin of the interval in which a moment lies."""
    seconds = length.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, tz=moment.tzinfo)


def gaps_note(*, pool: LicencePool, since: datetime) -> int:
    """Write a row for every gap that ended since then; repeating changes nothing.

    Returns the number of the last journal entry before which times cannot be compared with those after it (the
    clock was set back, or a backup was restored); 0 without any.
    """
    barrier = _barrier(pool)
    resets = JournalEntry.objects.filter(
        pool=pool,
        event=Event.CLOCKS_RESET,
        at__gte=since,
        pk__gt=barrier,
        reason__in=["gap", "restored"],
    )
    for entry in resets.order_by("pk"):
        _note(pool, entry)
    return _barrier(pool)


def _barrier(pool: LicencePool) -> int:
    return Gap.objects.filter(pool=pool).aggregate(last=Max("journal_entry"))["last"] or 0


@transaction.atomic
def _note(pool: LicencePool, entry: JournalEntry) -> None:
    reason, begins_at = _gap_of(entry)
    alone = reason != GapReason.NOT_RUNNING
    if reason == GapReason.CLOCK:  # gaps that ended later were measured with a clock that was ahead
        wrong = Gap.objects.filter(Q(pool=pool) | Q(pool=None), ends_at__gt=entry.at)
        wrong.filter(begins_at__gte=entry.at).delete()
        wrong.update(ends_at=entry.at)
    Gap.objects.get_or_create(
        pool=pool if alone else None,
        begins_at=begins_at,
        ends_at=entry.at,
        defaults={"reason": reason, "journal_entry": entry.pk if alone else None},
    )


def _gap_of(entry: JournalEntry) -> tuple[GapReason, datetime]:
    seconds = float(entry.details.get("gap_seconds", 0))
    if seconds < 0:
        # What was recorded under later times is recorded anew; only this interval was seen in part.
        return GapReason.CLOCK, floor(entry.at)
    begins_at = entry.at - timedelta(seconds=seconds)
    restored = entry.reason == "restored"
    return (GapReason.RESTORED if restored else GapReason.NOT_RUNNING), begins_at


def holes_of(pool: LicencePool, since: datetime, until: datetime) -> Sequence[Piece]:
    """Return the pool's gaps between two moments, in seconds since the epoch."""
    rows = Gap.objects.filter(
        Q(pool=pool) | Q(pool=None), ends_at__gt=since, begins_at__lt=until
    ).values_list("begins_at", "ends_at")
    return [(begin.timestamp(), end.timestamp()) for begin, end in rows]
