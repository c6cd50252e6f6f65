"""What is counted: events of the journal, hand-overs, calls to Jira."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Max, QuerySet

from ium.usage.models import CALL_BUCKETS, CallTime
from ium.usage.totals.counting import Numbers, Series, add
from slots.handovers import FENCES_BETWEEN
from slots.models import Event, JournalEntry

HAND_OVER_BUCKETS = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
# A row about the calls of an hour may still be written for so long after the hour.
LATE = timedelta(hours=1)
HOUR = 3600


def _entries(after: int, upto: int | None) -> QuerySet[JournalEntry]:
    rows = JournalEntry.objects.filter(pk__gt=after).order_by()
    return rows if upto is None else rows.filter(pk__lte=upto)


def _last_entry(_at: datetime) -> int:
    return JournalEntry.objects.aggregate(last=Max("pk"))["last"] or 0


def _events(after: int, upto: int | None) -> Numbers:
    """Count entries by pool, event and reason."""
    groups = _entries(after, upto).values_list("pool__key", "event", "reason")
    return {
        (pool or "", event, reason): [float(number)]
        for pool, event, reason, number in groups.annotate(number=Count("pk"))
    }


def _hand_overs(after: int, upto: int | None) -> Numbers:
    """Return how long slots took from the decision to take them until the next person heard of it, by pool."""
    rows = _entries(after, upto).filter(event=Event.CLAIMED, fence__isnull=False)
    claims = [
        (pool, slot, fence or 0, at)
        for pool, slot, fence, at in rows.values_list("pool__key", "slot_id", "fence", "at")
    ]
    taken = JournalEntry.objects.filter(
        event=Event.REVOKING,
        slot_id__in={slot for _pool, slot, _fence, _at in claims},
        fence__in={fence - FENCES_BETWEEN for _pool, _slot, fence, _at in claims},
    )
    decided = {(slot, fence): at for slot, fence, at in taken.values_list("slot_id", "fence", "at")}
    found: Numbers = {}
    for pool, slot, fence, at in claims:
        begin = decided.get((slot, fence - FENCES_BETWEEN))
        if begin is not None:
            seconds = max(0.0, (at - begin).total_seconds())
            found = add(found, {(pool or "",): measured(seconds, HAND_OVER_BUCKETS)})
    return found


def measured(seconds: float, buckets: tuple[float, ...]) -> list[float]:
    """Return one measured length as numbers: how many, their sum, and how many in each bucket and above the last."""
    counts = [0.0] * (len(buckets) + 1)
    counts[bisect_left(buckets, seconds)] = 1.0
    return [1.0, seconds, *counts]


def _hours(position: int) -> datetime:
    return datetime.fromtimestamp(position * HOUR, UTC)


def _last_hour(at: datetime) -> int:
    """Return the hour before which rows do not change any more."""
    return int((at - LATE).timestamp()) // HOUR - 1


def _calls(after: int, upto: int | None) -> Numbers:
    """Add up the calls of these hours by site and operation: how many, failed, seconds, and by length."""
    rows = CallTime.objects.filter(hour__gt=_hours(after)).order_by()
    if upto is not None:
        rows = rows.filter(hour__lte=_hours(upto))
    found: Numbers = {}
    for site, operation, count, failed, seconds, buckets in rows.values_list(
        "site__name", "operation", "count", "failed", "seconds_sum", "buckets"
    ):
        padded = [*buckets, *[0] * (len(CALL_BUCKETS) + 1 - len(buckets))]
        numbers = [float(number) for number in (count, seconds, *padded, failed)]
        found = add(found, {(site, operation): numbers})
    return found


EVENTS = Series("events", _events, _last_entry)
HAND_OVERS = Series("hand_overs", _hand_overs, _last_entry)
CALLS = Series("calls", _calls, _last_hour)
SERIES = (EVENTS, HAND_OVERS, CALLS)
