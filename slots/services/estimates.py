"""What people were promised about their wait, and what came of it: written down, so that the error is measured."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min, QuerySet

from slots.eta import Timetable, Wait, shown
from slots.eta_facts import timetable_of
from slots.models import (
    CloseReason,
    LicencePool,
    Outcome,
    QueueEntry,
    Slot,
    SlotSession,
    WaitEstimate,
)
from slots.place import place_of
from slots.services.dispatch import grants_rest

# In pools with rules for groups every place costs queries of its own: at most so many in one run.
PLACES_AT_ONCE = 100
# Rows that one run judges, or removes.
BATCH = 5000


def estimates_note(pool: LicencePool, entries: Sequence[QueueEntry], *, at: datetime) -> None:
    """Write down what those who joined are told, if it is known. In the transaction in which the waits begin.

    `entries` are in the order in which they joined, at one moment.
    """
    timetable = _timetable(pool, at) if entries else None
    if timetable is None:
        return
    notes = [
        _estimate(pool, entry.pk, ahead, wait, at)
        for entry, ahead in zip(entries, _places(pool, entries, at), strict=True)
        if ahead is not None and (wait := timetable.wait(ahead)) is not None
    ]
    WaitEstimate.objects.bulk_create(notes)


def _places(pool: LicencePool, entries: Sequence[QueueEntry], at: datetime) -> Sequence[int | None]:
    """Return how many people stand before each; None where nobody can tell.

    Without rules they stand one behind the other, so the first one's place tells all.
    """
    if pool.has_group_rules:
        places = [place_of(entry, pool, at) for entry in entries]
        return [place.ahead if place.predictable else None for place in places]
    first = place_of(entries[0], pool, at).ahead
    return list(range(first, first + len(entries)))


@transaction.atomic
def estimates_follow(*, pool_id: int, at: datetime) -> int:
    """Judge the estimates of waits that ended, and note new ones where the number of people ahead has halved.

    Returns how many rows that were. Needs no pool lock: it reads what is committed, and changes nothing but estimates.
    """
    pool = LicencePool.objects.select_related("site").get(pk=pool_id)
    return _judge(pool) + _note_later(pool, at)


def _timetable(pool: LicencePool, at: datetime) -> Timetable | None:
    """Return the timetable people are told from; None while nothing is promised."""
    return None if grants_rest(pool, at) else timetable_of(pool, at)


def _estimate(
    pool: LicencePool, entry_id: int, ahead: int, wait: Wait, at: datetime
) -> WaitEstimate:
    low, high = shown(wait)
    return WaitEstimate(
        pool=pool,
        entry_id=entry_id,
        made_at=at,
        ahead=ahead,
        low_seconds=low,
        expected_seconds=round(wait.point),
        high_seconds=high,
    )


def _judge(pool: LicencePool) -> int:
    rows = pool.estimates.filter(outcome=Outcome.OPEN, entry__closed_at__isnull=False)
    ended = list(rows.select_related("entry")[:BATCH])
    for estimate in ended:
        entry = estimate.entry
        served = entry.close_reason == CloseReason.SERVED
        estimate.outcome = Outcome.SERVED if served else Outcome.ENDED
        if entry.closed_at is not None:
            wait = (entry.closed_at - estimate.made_at).total_seconds()
            estimate.actual_seconds = max(0, round(wait))
    WaitEstimate.objects.bulk_update(ended, ["outcome", "actual_seconds"], batch_size=200)
    return len(ended)


def _note_later(pool: LicencePool, at: datetime) -> int:
    timetable = _timetable(pool, at)
    if timetable is None:
        return 0
    notes = [
        _estimate(pool, entry_id, ahead, wait, at)
        for entry_id, ahead in _moved(pool, at)
        if (wait := timetable.wait(ahead)) is not None
    ]
    WaitEstimate.objects.bulk_create(notes, batch_size=500, ignore_conflicts=True)
    return len(notes)


def _moved(pool: LicencePool, at: datetime) -> Iterator[tuple[int, int]]:
    """Return (entry, people ahead) where that is at most half of what it was at the last estimate, or none was made."""
    last: dict[int, int] = dict(
        WaitEstimate.objects.filter(pool=pool, entry__closed_at=None)
        .values_list("entry")
        .annotate(Min("ahead"))
    )
    alive = pool.entries.alive(at).values_list("pk", flat=True)
    moved = [
        (pk, ahead)
        for ahead, pk in enumerate(alive)
        if pk not in last or _has_halved(ahead, last[pk])
    ]
    if not pool.has_group_rules:
        yield from moved
        return
    for entry in pool.entries.filter(pk__in=[pk for pk, _ in moved[:PLACES_AT_ONCE]]):
        place = place_of(entry, pool, at)
        halved = entry.pk not in last or _has_halved(place.ahead, last[entry.pk])
        if halved and place.predictable:
            yield entry.pk, place.ahead


def _has_halved(ahead: int, before: int) -> bool:
    return ahead < before and 2 * ahead <= before


def records_prune(*, at: datetime, days: int | None = None) -> int:
    """Remove waits, with their estimates, and stays that ended longer ago than they are kept; return how many.

    At most 5000 of each in one run, so that no transaction becomes long. What the state document and the estimate look
    at is never older than hours, or the last 200 stays; a wait behind a slot in use is kept. `days`: instead of
    IUM_RECORD_DAYS.
    """
    before = at - timedelta(days=settings.IUM_RECORD_DAYS if days is None else days)
    behind = Slot.objects.exclude(queue_entry=None).values("queue_entry")
    waits = QueueEntry.objects.filter(closed_at__lt=before).exclude(pk__in=behind)
    return sum(_remove(rows) for rows in (waits, SlotSession.objects.filter(ended_at__lt=before)))


@transaction.atomic
def _remove(rows: "QuerySet[QueueEntry] | QuerySet[SlotSession]") -> int:
    keys: Iterable[int] = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    rows.model._default_manager.filter(pk__in=keys).delete()
    return len(list(keys))
