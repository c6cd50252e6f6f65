"""What a web process remembers of all pools: who holds, who waits, in one reading a second.

It answers those who only want to know (look, poll, report activity), and only the ordinary cases: whatever is not
plain from it is looked up by itself (`slots.document`), and whatever changes something goes the locked way.
"""

import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q

from ium.directory.models import AccountStatus, GroupMembership
from ium.lib import clock
from ium.lib.ticker import Ticker
from slots.eta import Timetable
from slots.eta_facts import timetable_of
from slots.models import LicencePool, QueueEntry, Slot, SlotLock
from slots.services.losses import could_reclaim, reclaimable_holders

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Seconds: what is told is not older as long as the machine keeps up...
FRESH_FOR = 1.0
# ...and while it does not, and a newer one is being read, never older than this.
USABLE_FOR = 3.0
# A report of somebody whose slot a request could take is written before it is answered. Long enough before, so that
# one that still waits to be written (a second) while the snapshot is in use (three) is written by then.
RECLAIM_AHEAD = timedelta(seconds=10)
# The ticker renews a snapshot that somebody asked for so lately; otherwise nothing is read.
WANTED_FOR = 5.0


class Held(NamedTuple):
    """What a slot's holder is told of it: the columns of `Slot` with the same names."""

    state: str
    confirmed_at: datetime | None
    seen_at: datetime | None
    warned_at: datetime | None
    revoke_at: datetime | None
    return_url: str
    opening: str

    @property
    def was_claimed(self) -> bool:
        """Whether the holder was heard of since Jira confirmed the slot (as `Slot.was_claimed`)."""
        return bool(self.confirmed_at and self.seen_at and self.seen_at >= self.confirmed_at)


class Waiting(NamedTuple):
    """What somebody who waits is told: the columns of `QueueEntry` with the same names."""

    pk: int
    priority: int
    seq: int
    places_ahead: int
    joined_at: datetime
    alive_until: datetime
    return_url: str
    is_managed: bool


def order_of(entry: Waiting | QueueEntry) -> tuple[int, int, int]:
    """Return where an entry stands (as `slots.models.queue.IN_ORDER`): smaller is earlier."""
    return -entry.priority, entry.seq - entry.places_ahead, -entry.seq


@dataclass
class PoolSnapshot:
    """One pool as it was when the snapshot was taken."""

    pool: LicencePool
    # By person; the columns of `Held` and `Waiting` as they came from the database.
    held: dict[int, Sequence[Any]] = field(default_factory=dict)
    waiting: dict[int, Sequence[Any]] = field(default_factory=dict)
    # Of entries that are alive, sorted.
    orders: list[tuple[int, int, int]] = field(default_factory=list)
    locked: set[int] = field(default_factory=set)
    # Whose slot somebody else's request could take while the snapshot is in use.
    reclaimable: set[int] = field(default_factory=set)
    free: int = 0
    timetable: Timetable | None = None
    reclaims: bool = False

    def held_by(self, user_id: int) -> Held | None:
        """Return the person's slot, if any."""
        columns = self.held.get(user_id)
        return None if columns is None else Held._make(_typed(columns, Held._fields))

    def wait_of(self, user_id: int) -> Waiting | None:
        """Return the person's wait, if any."""
        columns = self.waiting.get(user_id)
        return None if columns is None else Waiting._make(_typed(columns, Waiting._fields))

    def ahead_of(self, entry: "Waiting | QueueEntry") -> int:
        """Return how many people who are there stand before this entry."""
        return bisect_left(self.orders, order_of(entry))


@dataclass(frozen=True)
class Snapshot:
    """All pools at one moment. `began`: this process's clock when the reading began."""

    pools: list[LicencePool]
    by_key: Mapping[str, PoolSnapshot]
    began: float


class Snapshots:
    """The latest snapshot of this process."""

    def __init__(self, by: Ticker) -> None:
        """Remember only while the ticker renews it."""
        self._ticker = by
        self._lock = threading.Lock()
        self._latest: Snapshot | None = None
        self._asked = float("-inf")
        self._touched: dict[int, float] = {}

    def get(self) -> Snapshot:
        """Return a snapshot that is at most a second old; of up to three while another thread reads a newer one."""
        self._asked = now = time.monotonic()
        latest = self._latest
        age = float("inf") if latest is None else now - latest.began
        if latest is not None and age < FRESH_FOR:
            return latest
        # One thread reads; the others wait for it only if what they have is too old.
        if not self._lock.acquire(blocking=latest is None or age >= USABLE_FOR):
            assert latest is not None  # noqa: S101 - otherwise it would have waited
            return latest
        try:
            latest = self._latest
            if latest is None or now - latest.began >= FRESH_FOR:
                latest = self._read()
            return latest
        finally:
            self._lock.release()

    def touch(self, user_id: int) -> None:
        """Note that this process changed something for the person: older snapshots tell them nothing any more."""
        if self._ticker.is_running:
            self._touched[user_id] = time.monotonic()

    def knows(self, user_id: int, snapshot: Snapshot) -> bool:
        """Whether the snapshot was taken after the last change by this process for this person."""
        return self._touched.get(user_id, float("-inf")) < snapshot.began

    def forget(self) -> None:
        """Remember nothing any more."""
        self._latest = None
        self._touched.clear()

    def refresh(self) -> None:
        """Read again if somebody may ask soon: so nobody has to wait for it."""
        if time.monotonic() - self._asked < WANTED_FOR:
            with self._lock:
                self._read()

    def _read(self) -> Snapshot:
        began, at = time.monotonic(), clock.soon_now()
        pools = list(
            LicencePool.objects.select_related("site", "user_group", "access_group").order_by("pk")
        )
        found = {pool.pk: PoolSnapshot(pool) for pool in pools}
        _read_slots(found)
        _read_queue(found, at)
        for lock in SlotLock.objects.filter(until__gt=at).values_list("pool_id", "user_id"):
            if lock[0] in found:
                found[lock[0]].locked.add(lock[1])
        until = at + RECLAIM_AHEAD
        for each in found.values():
            each.reclaimable = reclaimable_holders(pool=each.pool, until=until)
            if each.waiting:
                each.timetable = timetable_of(each.pool, at)
                each.reclaims = could_reclaim(pool=each.pool, at=at)
        self._latest = Snapshot(pools, {each.pool.key: each for each in found.values()}, began)
        for user_id, moment in list(self._touched.items()):
            if moment < began:
                self._touched.pop(user_id, None)
        return self._latest


def _read_slots(found: Mapping[int, PoolSnapshot]) -> None:
    for row in _raw(Slot.objects.values_list("pool_id", "holder_id", *Held._fields)):
        pool_id, holder_id = row[:2]
        if pool_id not in found:
            continue
        if holder_id is None:
            found[pool_id].free += 1
        else:
            found[pool_id].held[holder_id] = row[2:]


def _read_queue(found: Mapping[int, PoolSnapshot], at: datetime) -> None:
    shares = GroupMembership.objects.filter(
        group=OuterRef("pool__user_group"), user=OuterRef("user")
    )
    managed = Q(Exists(shares), user__is_protected=False, user__account_status=AccountStatus.ACTIVE)
    rows = QueueEntry.objects.waiting().annotate(
        is_managed=ExpressionWrapper(managed, BooleanField()),
        is_alive=ExpressionWrapper(Q(alive_until__gte=at), BooleanField()),
    )
    for row in _raw(rows.values_list("pool_id", "user_id", "is_alive", *Waiting._fields)):
        pool_id, user_id, is_alive, _pk, priority, seq, places_ahead = row[:7]
        if pool_id not in found:
            continue
        found[pool_id].waiting[user_id] = row[3:]
        if is_alive:
            found[pool_id].orders.append((-priority, seq - places_ahead, -seq))


def _raw(rows: "QuerySet[Any, Any]") -> list[Sequence[Any]]:
    """Return the rows as the driver has them: of ten thousand, only those asked for are made into Python's types."""
    statement, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _typed(columns: Sequence[Any], fields: Sequence[str]) -> list[Any]:
    """Return the values of a row in Python's types: SQLite's driver knows no time zones, and truth is a number."""
    return [
        _TYPES[field](value) if field in _TYPES and value is not None else value
        for field, value in zip(fields, columns, strict=True)
    ]


def _moment(value: datetime) -> datetime:
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


_TYPES: dict[str, Callable[[Any], Any]] = {
    "is_managed": bool,
    **dict.fromkeys(
        ("confirmed_at", "seen_at", "warned_at", "revoke_at", "joined_at", "alive_until"), _moment
    ),
}
