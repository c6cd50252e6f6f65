"""What a web process remembers of all pools: who holds, who waits, in one reading a second.

It answers those who only want to know (look, poll, report activity), and only the ordinary cases: whatever is not
plain from it is looked up by itself (`slots.document`), and whatever changes something goes the locked way.
"""

import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from ium.directory.models import AccountStatus, GroupMembership
from ium.lib import clock
from ium.lib.ticker import Ticker
from slots.eta import Timetable
from slots.eta_facts import timetable_of
from slots.models import LicencePool, QueueEntry, Slot, SlotLock
from slots.services.losses import could_reclaim

# Seconds: what is told is never older.
FRESH_FOR = 1.0
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
    held: dict[int, Held] = field(default_factory=dict)
    waiting: dict[int, Waiting] = field(default_factory=dict)
    # Of entries that are alive, sorted.
    orders: list[tuple[int, int, int]] = field(default_factory=list)
    locked: set[int] = field(default_factory=set)
    free: int = 0
    timetable: Timetable | None = None
    reclaims: bool = False

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
        """Return a snapshot that is at most a second old."""
        self._asked = now = time.monotonic()
        latest = self._latest
        if latest is not None and now - latest.began < FRESH_FOR:
            return latest
        with self._lock:  # one thread reads, the others wait for what it finds
            latest = self._latest
            if latest is None or now - latest.began >= FRESH_FOR:
                latest = self._read()
            return latest

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
        for each in found.values():
            if each.waiting:
                each.timetable = timetable_of(each.pool, at)
                each.reclaims = could_reclaim(pool=each.pool, at=at)
        self._latest = Snapshot(pools, {each.pool.key: each for each in found.values()}, began)
        for user_id, moment in list(self._touched.items()):
            if moment < began:
                self._touched.pop(user_id, None)
        return self._latest


def _read_slots(found: Mapping[int, PoolSnapshot]) -> None:
    rows = Slot.objects.values_list("pool_id", "holder_id", *Held._fields)
    for pool_id, holder_id, *columns in rows.iterator(chunk_size=5000):
        if pool_id not in found:
            continue
        if holder_id is None:
            found[pool_id].free += 1
        else:
            found[pool_id].held[holder_id] = Held(*columns)


def _read_queue(found: Mapping[int, PoolSnapshot], at: datetime) -> None:
    shares = GroupMembership.objects.filter(
        group=OuterRef("pool__user_group"), user=OuterRef("user")
    )
    rows = QueueEntry.objects.filter(closed_at=None).values_list(
        "pool_id",
        "user_id",
        *Waiting._fields[:-1],
        "user__is_protected",
        "user__account_status",
        Exists(shares),
    )
    orders: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for pool_id, user_id, *columns, protected, status, member in rows.iterator(chunk_size=5000):
        if pool_id not in found:
            continue
        managed = member and not protected and status == AccountStatus.ACTIVE
        entry = Waiting._make([*columns, managed])
        found[pool_id].waiting[user_id] = entry
        if entry.alive_until >= at:
            orders[pool_id].append(order_of(entry))
    for pool_id, places in orders.items():
        found[pool_id].orders = sorted(places)
