"""What the journal tells of a pool's slots and waits in some time, as changes in the order in which they happened.

The order is that of the entries' numbers: they are written under the pool lock, times are taken before it. How things
stood before follows from the first entry about each slot and wait; about those without any, from the rows as they are
now. Nothing is carried on from earlier records, so a mistake cannot last.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Min

from ium.usage.recording.sweepline import Change, Level
from slots.models import Event, JournalEntry, LicencePool, LossReason, SlotState

# Warnings stand for minutes; somebody may wait for the pool lock for some seconds.
LEAD = timedelta(minutes=20)
_OF_SLOTS = (
    Event.GRANTED,
    Event.CONFIRMED,
    Event.WARNED,
    Event.KEPT,
    Event.REVOKING,
    Event.FREED,
    Event.GRANT_FAILED,
    Event.REPAIRED,
)
_OF_WAITS = (Event.JOINED, Event.LEFT_QUEUE, Event.GONE, Event.REFUSED)
_RESETS = (Event.CLOCKS_RESET,)


class Entry(NamedTuple):
    """What is needed of a journal entry."""

    pk: int
    at: datetime
    event: str
    reason: str
    slot_id: int | None
    fence: int | None
    details: dict[str, Any]

    @property
    def seq(self) -> int | None:
        """The number of the wait that it is about."""
        return self.details.get("seq")

    @property
    def gives(self) -> bool:
        """Whether the slot was free until then."""
        return self.event == Event.GRANTED or (
            self.event == Event.REPAIRED and self.reason == "adopted"
        )

    @property
    def frees(self) -> bool:
        """Whether the slot is free, or gone, from then on."""
        return self.event in {Event.FREED, Event.GRANT_FAILED} or (
            self.event == Event.REPAIRED and self.reason == "not_in_jira"
        )


@dataclass
class Now:
    """How the rows stand now: read before the journal, so that later entries are in it."""

    used: set[int]
    warned: set[int]
    waiting: set[int]

    @classmethod
    def read(cls, pool: LicencePool) -> "Now":
        """Read the pool's slots and open waits."""
        used = pool.slots.used()
        return cls(
            used=set(used.values_list("pk", flat=True)),
            warned=set(
                used.filter(state=SlotState.ACTIVE, warned_at__isnull=False).values_list(
                    "pk", flat=True
                )
            ),
            waiting=set(pool.entries.waiting().values_list("seq", flat=True)),
        )


def entries_between(
    pool: LicencePool, since: datetime, until: datetime | None, after: int = 0
) -> list[Entry]:
    """Return the pool's entries that bear a time in between, in their order; `after`: only with a higher number."""
    rows = JournalEntry.objects.filter(
        pool=pool, at__gte=since, pk__gt=after, event__in=(*_OF_SLOTS, *_OF_WAITS, *_RESETS)
    )
    if until is not None:
        rows = rows.filter(at__lt=until)
    columns = ("pk", "at", "event", "reason", "slot_id", "fence", "details")
    return [Entry(*row) for row in rows.order_by("pk").values_list(*columns).iterator(5000)]


def used_after(pool: LicencePool, now: Now, until: datetime) -> set[int]:
    """Return the slots that were in use at a moment in the past: as the first later entry about each tells."""
    later = JournalEntry.objects.filter(pool=pool, at__gte=until, event__in=_OF_SLOTS)
    firsts = later.exclude(slot_id=None).values("slot_id").annotate(first=Min("pk"))
    numbers = [row["first"] for row in firsts]
    used = set(now.used)
    for start in range(0, len(numbers), 1000):
        some = JournalEntry.objects.filter(pk__in=numbers[start : start + 1000])
        for event, reason, slot_id in some.values_list("event", "reason", "slot_id"):
            entry = Entry(0, until, event, reason, slot_id, None, {})
            (used.discard if entry.gives else used.add)(slot_id or 0)
    return used


@dataclass
class History:
    """Goes through the entries of one pool and tells how many slots were used and how many people waited."""

    entries: list[Entry]
    now: Now
    used: set[int] = field(default_factory=set)
    warned: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    last_of_wait: dict[int, int] = field(default_factory=dict)
    granted_by: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Work out how things stood before the first entry."""
        slots = {entry.slot_id for entry in self.entries if entry.slot_id is not None}
        seqs = {entry.seq for entry in self.entries if entry.seq is not None}
        self.used = self.now.used - slots
        self.warned = self.now.warned - slots
        self.waiting = self.now.waiting - seqs
        seen_slots: set[int] = set()
        seen_waits: set[int] = set()
        for entry in self.entries:
            if entry.slot_id is not None and entry.slot_id not in seen_slots:
                seen_slots.add(entry.slot_id)
                self._slot_before(entry, entry.slot_id)
            if entry.seq is not None:
                if entry.seq not in seen_waits and entry.event != Event.JOINED:
                    self.waiting.add(entry.seq)
                seen_waits.add(entry.seq)
                self.last_of_wait[entry.seq] = entry.pk

    def _slot_before(self, entry: Entry, slot_id: int) -> None:
        if not entry.gives:
            self.used.add(slot_id)
        if entry.event == Event.KEPT or entry.details.get("warned_at"):
            self.warned.add(slot_id)

    def levels(self) -> Iterable[tuple[datetime, Level]]:
        """Return each entry's time and how things stood after it (without the limit)."""
        for entry in self.entries:
            self._take(entry)
            yield entry.at, self.level

    @property
    def level(self) -> Level:
        """How things stand after the entries taken so far."""
        return Level(len(self.used), len(self.waiting), len(self.warned & self.used))

    def _take(self, entry: Entry) -> None:
        if entry.event == Event.CLOCKS_RESET:
            self.warned.clear()
        if entry.slot_id is not None:
            self._take_slot(entry, entry.slot_id)
        if entry.seq is not None:
            (self.waiting.add if entry.event == Event.JOINED else self.waiting.discard)(entry.seq)

    def _take_slot(self, entry: Entry, slot_id: int) -> None:
        (self.used.discard if entry.frees else self.used.add)(slot_id)
        (self.warned.add if entry.event == Event.WARNED else self.warned.discard)(slot_id)
        if entry.event == Event.GRANTED and entry.seq is not None:
            self.granted_by[slot_id] = entry.seq
        elif entry.event == Event.CONFIRMED:
            self.granted_by.pop(slot_id, None)
        elif self._undone(entry):
            self._wait_again(self.granted_by.pop(slot_id, None), entry)

    @staticmethod
    def _undone(entry: Entry) -> bool:
        taken = entry.event in {Event.REVOKING, Event.FREED}
        return entry.event == Event.GRANT_FAILED or (
            taken and entry.reason == LossReason.ADMINISTRATOR
        )

    def _wait_again(self, seq: int | None, entry: Entry) -> None:
        """Let the wait behind a grant that came to nothing go on, if it did: nothing of its own says so."""
        if seq is None:
            return
        if self.last_of_wait.get(seq, 0) > entry.pk or seq in self.now.waiting:
            self.waiting.add(seq)


def _as_committed(history: History) -> Iterator[tuple[datetime, Level]]:
    """Return how things stood after each transaction: its entries bear the same time, and nobody saw what lay between.

    Whoever asks while a slot is free joins the queue and leaves it again in one, and did not wait.
    """
    for at, levels in groupby(history.levels(), key=lambda each: each[0]):
        *_, (_, last) = levels
        yield at, last


def changes_of(
    history: History, limits: Sequence[tuple[datetime, int]], start: datetime
) -> tuple[Level, list[Change]]:
    """Return how things stood at the start, and every change from then on, with the limit of its time.

    `limits`: since when which; the first one holds from the beginning.
    """
    level, (_, limit), *later = history.level, limits[0], *limits[1:]
    before, changes = level._replace(limit=limit), []
    # Times are taken before the lock, so they may go back a little; what happened is in the order of the numbers.
    latest = float("-inf")
    for at, after in [*_as_committed(history), (None, None)]:
        while later and (at is None or later[0][0] <= at):
            moment, limit = later.pop(0)
            changes.append(Change(moment.timestamp(), level._replace(limit=limit)))
        if at is not None and after is not None:
            level, latest = after, max(latest, at.timestamp())
            changes.append(Change(latest, level._replace(limit=limit)))
    first = start.timestamp()
    earlier = [change for change in changes if change.at < first]
    return (earlier[-1].level if earlier else before), [c for c in changes if c.at >= first]
