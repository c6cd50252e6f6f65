"""Who wanted Jira when, read from what was recorded or imported."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from ium.directory.models import GroupMembership
from ium.usage.demand import Demand, Span, Want
from ium.usage.models import ActivitySpan
from slots.models import LicencePool

# Activity with a shorter pause is one want: nobody stops working by reading or talking for so long.
PAUSE = 30 * 60.0
# No span is longer than a day: those that reach into a time begin at most so long before it.
LONGEST = timedelta(hours=24)
Wait = tuple[float, float]


def demand(pool: LicencePool, since: datetime, until: datetime) -> Iterator[Demand]:
    """Return what each person wanted of a pool between two moments, from measured and imported activity.

    A wait before the activity belongs to the same want, so what people did without is not lost; a wait that led to
    no activity is a want without spans. People whom IUM does not know have numbers below zero.
    """
    waits = _waits(pool, since, until)
    groups = _groups(pool)
    for person, spans in _spans(pool, since, until):
        wants = wants_of(spans, waits.pop(person, ()))
        yield Demand(person=person, groups=frozenset(groups.get(person, ())), wants=wants)
    for person, rest in waits.items():
        yield Demand(
            person=person, groups=frozenset(groups.get(person, ())), wants=wants_of((), rest)
        )


def wants_of(spans: Iterable[Span], waits: Sequence[Wait]) -> tuple[Want, ...]:
    """Return one person's wants, in order and without overlap, from spans of activity and waits in order."""
    found = [_Work(spans) for spans in _worked(_united(spans))]
    for begin, end in waits:
        following = next((work for work in found if work.spans and work.end > begin), None)
        if following is None or following.spans[0][0] > end + PAUSE:
            found.append(_Work([], begin, end))
        else:  # who waits while active elsewhere wants it since then all the same
            following.start = min(following.start, begin)
        found.sort(key=lambda work: (work.start, work.end))
    return tuple(_in_order(found))


class _Work:
    """A want that is being put together."""

    def __init__(self, spans: list[Span], start: float = 0.0, end: float = 0.0) -> None:
        self.spans = spans
        self.start = spans[0][0] if spans else start
        self.end = spans[-1][1] if spans else end


def _in_order(works: list[_Work]) -> Iterator[Want]:
    latest = float("-inf")
    for work in works:
        start = max(work.start, latest)
        if not work.spans and start >= work.end:  # lies within another want
            continue
        yield Want(start=start, end=max(start, work.end), spans=tuple(work.spans))
        latest = max(start, work.end)


def _united(spans: Iterable[Span]) -> list[Span]:
    """Return the same time in spans that do not overlap: files may tell twice of the same."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _worked(spans: list[Span]) -> Iterator[list[Span]]:
    """Return spans together that belong to one want."""
    together: list[Span] = []
    for span in spans:
        if together and span[0] - together[-1][1] > PAUSE:
            yield together
            together = []
        together.append(span)
    if together:
        yield together


def _spans(
    pool: LicencePool, since: datetime, until: datetime
) -> Iterator[tuple[int, Iterator[Span]]]:
    rows = (
        ActivitySpan.objects.filter(
            pool=pool,
            started_at__gte=since - LONGEST,
            started_at__lt=until,
            ended_at__gte=since,
        )
        .order_by("user_id", "imported_person_id", "started_at")
        .values_list("user_id", "imported_person_id", "started_at", "ended_at")
    )
    first, last = since.timestamp(), until.timestamp()
    for key, some in groupby(rows.iterator(5000), key=lambda row: row[:2]):
        person = key[0] if key[0] is not None else -(key[1] or 0)
        yield person, ((max(first, b.timestamp()), min(last, e.timestamp())) for *_, b, e in some)


def _waits(pool: LicencePool, since: datetime, until: datetime) -> dict[int, list[Wait]]:
    found: defaultdict[int, list[Wait]] = defaultdict(list)
    rows = pool.entries.filter(joined_at__gte=since, joined_at__lt=until).order_by("joined_at")
    for user_id, joined_at, closed_at in rows.values_list(
        "user_id", "joined_at", "closed_at"
    ).iterator(5000):
        end = min(closed_at or until, until)
        if end > joined_at:  # who got a slot at once did not wait
            found[user_id].append((joined_at.timestamp(), end.timestamp()))
    return dict(found)


def _groups(pool: LicencePool) -> dict[int, list[int]]:
    """Return the groups of people that the pool has rules for."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    rows = GroupMembership.objects.filter(group__rules__pool=pool).values_list(
        "user_id", "group_id"
    )
    for user_id, group_id in rows.iterator(5000):
        found[user_id].append(group_id)
    return dict(found)
