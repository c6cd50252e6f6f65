"""What web processes collected for a second, written together.

What is lost when such a process is killed costs nobody a slot:

* Whoever was not warned yet is warned at least 60 seconds before anything is taken, and reports again meanwhile:
  reports of warned people are written before they are answered.
* Who was warned in the very second in which a report was lost may have disproved the warning with it: from then on
  nothing is taken (`activity.services.intake_is_trusted`), until the process is replaced, which takes such warnings
  back, or is given up, which lets every holder's inactivity count anew.
"""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from activity.buffer import Collected, Key, Poll, Report
from activity.models import Receiver
from activity.services import activity_record_many, receiver_pulse
from slots.models import Event, LicencePool, QueueEntry, Slot, SlotState
from slots.services.journal import journal_write
from slots.services.pools import pool_lock
from slots.services.requests import clear_warning
from slots.services.waits import ALIVE_FOR

AT_ONCE = 500
# Between the last report that was surely written and the first warning that a lost one could disprove: the age of a
# snapshot, and what a transaction takes.
MARGIN = timedelta(seconds=10)


@dataclass(frozen=True)
class ReceiverId:
    """A web process: a name that no other ever had, its host, and its number there."""

    name: str
    host: str
    process: int


@transaction.atomic
def reports_write(*, collected: Collected, receiver: ReceiverId, at: datetime) -> None:
    """Write reports, take back the warnings they disprove, and say that nothing is missing until `at`."""
    activity_record_many(collected.reports)
    if collected.reports:
        _take_warnings_back(collected.reports, at)
    receiver_pulse(name=receiver.name, host=receiver.host, process=receiver.process, at=at)


def _take_warnings_back(reports: Mapping[Key, Report], at: datetime) -> None:
    """As `slot_activity` does for one; few people are warned at a time."""
    warned = Slot.objects.filter(revoke_at__isnull=False, state=SlotState.ACTIVE)
    for slot in warned.select_related("pool__site", "holder").order_by("pk"):
        pool = slot.pool
        report = reports.get(Key(slot.holder_id or 0, pool.site_id, pool.product))
        if report is not None:
            clear_warning(slot, pool, report.active_at, at)


def polls_write(*, polls: Mapping[Poll, datetime]) -> None:
    """Note when people who wait asked again, pool by pool. Raises Busy when a pool stays locked."""
    by_pool: defaultdict[int, list[int]] = defaultdict(list)
    for poll in sorted(polls):
        by_pool[poll.pool_id].append(poll.entry_id)
    existing = set(LicencePool.objects.filter(pk__in=by_pool).values_list("pk", flat=True))
    for pool_id, entries in by_pool.items():
        if pool_id not in existing:
            continue
        # At most a second too late for some: of no account beside the 90 seconds they count for.
        _note_polls(pool_id, entries, max(polls[Poll(pool_id, entry)] for entry in entries))


@transaction.atomic
def _note_polls(pool_id: int, entries: list[int], at: datetime) -> None:
    pool_lock(pool_id)
    for start in range(0, len(entries), AT_ONCE):
        QueueEntry.objects.waiting().filter(
            pk__in=entries[start : start + AT_ONCE], seen_at__lt=at
        ).update(seen_at=at, alive_until=at + ALIVE_FOR)


@transaction.atomic
def receivers_replace(*, receiver: ReceiverId, at: datetime) -> int:
    """Take over from web processes of this host that were killed; return how many there were.

    A second of their reports is lost. Warnings that one of these may have disproved are taken back.
    """
    others = Receiver.objects.filter(host=receiver.host).exclude(name=receiver.name)
    dead = [other for other in others if _is_dead(other.process)]
    for other in dead:
        _doubt_warnings(other.seen_at - MARGIN, at)
        other.delete()
    return len(dead)


def _is_dead(process: int) -> bool:
    if process == os.getpid():  # somebody before us had our number
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _doubt_warnings(since: datetime, at: datetime) -> None:
    doubtful = Slot.objects.filter(Q(warned_at__gte=since), state=SlotState.ACTIVE)
    for slot in doubtful.select_related("pool", "holder").order_by("pk"):
        kept = Slot.objects.filter(pk=slot.pk, fence=slot.fence, warned_at=slot.warned_at).update(
            warned_at=None, revoke_at=None
        )
        if kept:
            journal_write(
                event=Event.KEPT,
                at=at,
                pool=slot.pool,
                user=slot.holder,
                slot=slot,
                reason="reports_lost",
            )
