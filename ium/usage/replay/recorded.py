"""The recorded demand of a pool, and what was not recorded."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from ium.directory.models import GroupMembership
from ium.usage.demand import Demand, Span, Want
from ium.usage.models import ActivitySpan, Gap
from slots.models import CloseReason, LicencePool

Wait = tuple[float, float, bool]


def recorded_demand(pool: LicencePool, since: datetime, until: datetime) -> list[Demand]:
    """Return who wanted Jira when, from spans of activity and waits. A few queries, whatever the size."""
    rows = (
        ActivitySpan.objects.filter(pool=pool, started_at__gte=since, started_at__lt=until)
        .order_by("user_id", "imported_person_id", "started_at")
        .values_list("user_id", "imported_person_id", "started_at", "ended_at")
    )
    waits, groups = _waits(pool, since, until), _groups(pool)
    found: list[Demand] = []
    for (user, imported), some in groupby(rows.iterator(), key=lambda row: (row[0], row[1])):
        spans = [(begin.timestamp(), end.timestamp()) for _, _, begin, end in some]
        person = user if user is not None else -imported
        wants = tuple(_wants(spans, waits.pop(person, [])))
        found.append(Demand(person, groups.get(person, frozenset()), wants))
    for person, alone in waits.items():  # who never got in
        found.append(Demand(person, groups.get(person, frozenset()), tuple(_wants([], alone))))
    return found


def _waits(pool: LicencePool, since: datetime, until: datetime) -> dict[int, list[Wait]]:
    rows = pool.entries.filter(joined_at__gte=since, joined_at__lt=until).exclude(closed_at=None)
    found: dict[int, list[Wait]] = defaultdict(list)
    for user, joined, closed, reason in rows.order_by("joined_at").values_list(
        "user_id", "joined_at", "closed_at", "close_reason"
    ):
        if closed is not None and closed > joined:
            served = reason == CloseReason.SERVED
            found[user].append((joined.timestamp(), closed.timestamp(), served))
    return found


def _groups(pool: LicencePool) -> dict[int, frozenset[int]]:
    if not pool.has_group_rules:
        return {}
    named = pool.rules.values("group")
    found: dict[int, set[int]] = defaultdict(set)
    for user, group in GroupMembership.objects.filter(group__in=named).values_list(
        "user_id", "group_id"
    ):
        found[user].add(group)
    return {user: frozenset(groups) for user, groups in found.items()}


def _wants(spans: list[Span], waits: list[Wait]) -> Iterator[Want]:
    """Return each span as a want; after a served wait it begins with that, a wait in vain has no spans."""
    asked: dict[int, float] = {}
    alone: list[Want] = []
    begins = [begin for begin, _ in spans]
    for joined, ended, served in waits:
        index = bisect_left(begins, joined)
        free = index == 0 or spans[index - 1][1] <= joined
        if served and free and index < len(spans):
            asked.setdefault(index, joined)
        elif not served and free and (index == len(spans) or ended <= begins[index]):
            alone.append(Want(joined, joined, ()))
    own = [
        Want(asked.get(index, begin), end, ((begin, end),))
        for index, (begin, end) in enumerate(spans)
    ]
    end = float("-inf")
    for want in sorted([*own, *alone], key=lambda want: (want.start, want.end)):
        if want.start >= end:
            yield want
            end = want.end
        elif want.end > end:  # spans that overlap: of an import beside what was measured
            yield Want(end, want.end, ((end, want.end),))
            end = want.end


def patience_of(pool: LicencePool, since: datetime, until: datetime) -> float | None:
    """Return the mean patience (seconds) that follows from waits: time waited for each who gave up; None if nobody did.

    Those who were served before they lost patience count with the time they waited.
    """
    waits = [wait for some in _waits(pool, since, until).values() for wait in some]
    gave_up = sum(not served for _, _, served in waits)
    return sum(ended - joined for joined, ended, _ in waits) / gave_up if gave_up else None


def gap_hours(pool: LicencePool, since: datetime, until: datetime) -> float:
    """Return how many hours of the time IUM could not see."""
    gaps = Gap.objects.filter(ends_at__gt=since, begins_at__lt=until)
    of_pool = gaps.filter(pool=None) | gaps.filter(pool=pool)
    end, seconds = since, 0.0
    for gap in of_pool.order_by("begins_at"):
        begin, stop = max(gap.begins_at, end), min(gap.ends_at, until)
        seconds += max(0.0, (stop - begin).total_seconds())
        end = max(end, stop)
    return seconds / 3600
