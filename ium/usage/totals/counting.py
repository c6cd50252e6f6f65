"""Counting rows once: the cursor, what is before it, and what is after."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from ium.usage.models import Total, TotalCursor

# By labels: a number, or a number, a sum and buckets.
Numbers = dict[tuple[str, ...], list[float]]
# A transaction that began before this is over: rows it wrote are seen, whatever their number.
SETTLED = timedelta(seconds=30)
TRIES = 5


@dataclass(frozen=True)
class Series:
    """A kind of rows: what their numbers are from one position to another (exclusive to inclusive; None: the end)."""

    name: str
    count: Callable[[int, int | None], Numbers]
    # The position up to which rows are there now, and will not change any more.
    end: Callable[[datetime], int]


def add(one: Numbers, other: Numbers) -> Numbers:
    """Return the sum by labels."""
    found = {key: list(numbers) for key, numbers in one.items()}
    for key, numbers in other.items():
        known = found.get(key)
        found[key] = (
            [a + b for a, b in zip(known, numbers, strict=True)] if known else list(numbers)
        )
    return found


@transaction.atomic
def totals_advance(*, series: Series, at: datetime) -> int:
    """Count what is settled into the totals; return how many labels changed. The first call only begins.

    The numbers of rows are given out before their transactions end, so the end that is counted up to is the one of
    the look before, at least 30 s ago.
    """
    cursor, created = TotalCursor.objects.select_for_update().get_or_create(
        series=series.name,
        defaults={"position": (end := series.end(at)), "next_position": end, "looked_at": at},
    )
    if created or at - cursor.looked_at < SETTLED:
        return 0
    new = series.count(cursor.position, cursor.next_position)
    known = {row.key: row for row in Total.objects.filter(series=series.name)}
    for key, numbers in new.items():
        text = json.dumps(key)
        before = known[text].numbers if text in known else [0.0] * len(numbers)
        summed = [a + b for a, b in zip(before, numbers, strict=True)]
        Total.objects.update_or_create(series=series.name, key=text, defaults={"numbers": summed})
    TotalCursor.objects.filter(pk=cursor.pk).update(
        position=cursor.next_position,
        next_position=max(cursor.next_position, series.end(at)),
        looked_at=at,
    )
    return len(new)


def totals(series: Series) -> Numbers:
    """Return the totals up to now; nothing before the first `totals_advance`."""
    found: Numbers = {}
    for _try in range(TRIES):
        position = _position(series)
        if position is None:
            return {}
        rows = Total.objects.filter(series=series.name).values_list("key", "numbers")
        settled: Numbers = {tuple(json.loads(key)): numbers for key, numbers in rows}
        found = add(settled, series.count(position, None))
        # The job may have moved rows from one side to the other meanwhile.
        if _position(series) == position:
            break
    return found


def _position(series: Series) -> int | None:
    found = TotalCursor.objects.filter(series=series.name).values_list("position", flat=True)
    return found.first()
