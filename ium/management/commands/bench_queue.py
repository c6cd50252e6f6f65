"""Let thousands of people wait, and measure promoting the first of them beside a bare locked transaction."""

import json
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from ium.directory.models import Device, User
from ium.directory.services import token_hash
from ium.lib import clock
from slots.models import LicencePool, LossReason, QueueEntry, Slot, SlotSession, SlotState
from slots.services import pool_dispatch, pool_lock
from slots.signals import slot_change_wanted

BATCH = 2000
PATIENCE = timedelta(hours=1)
STAYS, STAY = 50, timedelta(minutes=35)
# What has to be written for one promotion, as short as it can be said: lock, head, slot, entry, journal.
BARE_HEAD = """
SELECT id, user_id FROM slots_queueentry
WHERE pool_id = %s AND closed_at IS NULL AND alive_until >= %s ORDER BY priority DESC, seq LIMIT 1
"""
BARE_SLOT = """
UPDATE slots_slot SET state = 'granting', holder_id = %s, fence = fence + 1, granted_at = %s, clock_from = %s,
seen_at = %s, queue_entry_id = %s WHERE id = %s AND state = 'free'
"""
BARE_ENTRY = "UPDATE slots_queueentry SET closed_at = %s, close_reason = 'served' WHERE id = %s"
BARE_JOURNAL = """
INSERT INTO slots_journalentry (at, event, pool_id, user_id, slot_id, reason, details)
VALUES (%s, 'granted', %s, %s, %s, '', '{}')
"""


class Command(BaseCommand):
    """The last line is JSON: tokens of the waiting in their order, or {"bare", "promotion"} in seconds."""

    help = "A step of ./ium.sh bench queue_poll, on a database made by bench_prepare."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the step and its size."""
        parser.add_argument("step", choices=("fill", "promote"))
        parser.add_argument("--number", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the step."""
        pool = LicencePool.objects.get()
        if pool.access_group.group_id != "access":
            raise CommandError("This is no database of bench_prepare.")
        step = {"fill": _fill, "promote": _promote}[options["step"]]
        self.stdout.write(json.dumps(step(pool, options["number"])))


def _fill(pool: LicencePool, number: int) -> list[str]:
    """Let so many people without a slot wait, each with a token; note some finished stays."""
    at = clock.now()
    people = list(User.objects.filter(slots=None).exclude(account_id=None).order_by("pk")[:number])
    QueueEntry.objects.bulk_create(
        [
            QueueEntry(
                pool=pool, user=user, seq=seq, joined_at=at, seen_at=at, alive_until=at + PATIENCE
            )
            for seq, user in enumerate(people, start=1)
        ],
        BATCH,
    )
    LicencePool.objects.update(next_seq=len(people) + 1)
    _note_stays(pool, people[0], at)
    tokens = [f"queue-token-of-{user.pk}" for user in people]
    devices = [
        Device(user=user, token_hash=token_hash(token), last_used_at=at)
        for user, token in zip(people, tokens, strict=True)
    ]
    Device.objects.bulk_create(devices, BATCH)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the database does by itself, some time after so many rows
    return tokens


def _note_stays(pool: LicencePool, user: User, at: datetime) -> None:
    SlotSession.objects.bulk_create(
        SlotSession(
            pool=pool,
            user=user,
            waited_seconds=0,
            granted_at=at - STAY,
            confirmed_at=at - STAY,
            ended_at=at,
            loss_reason=LossReason.SWEEP,
        )
        for _ in range(STAYS)
    )


def _promote(pool: LicencePool, number: int) -> dict[str, float]:
    """Return the median times of a promotion and of the bare transaction, taken in turn.

    Without the message to a worker: that is a call to the broker, after the transaction.
    """
    slot_change_wanted.receivers.clear()
    slot_change_wanted.sender_receivers_cache.clear()
    QueueEntry.objects.filter(closed_at=None).update(alive_until=clock.now() + PATIENCE)
    slots = list(pool.slots.order_by("pk").values_list("pk", flat=True)[:number])
    bare, promotion = [], []
    for slot_id in slots:
        promotion.append(_timed(slot_id, lambda _slot_id: _promotion(pool.pk)))
        bare.append(_timed(slot_id, lambda slot_id: _bare(pool.pk, slot_id)))
    return {"bare": statistics.median(bare), "promotion": statistics.median(promotion)}


def _timed(slot_id: int, step: Callable[[int], None]) -> float:
    """Make the slot free, then time a step that gives it away."""
    Slot.objects.filter(pk=slot_id).update(
        state=SlotState.FREE, holder=None, granted_at=None, confirmed_at=None, queue_entry=None
    )
    began = time.perf_counter()
    step(slot_id)
    took = time.perf_counter() - began
    if Slot.objects.get(pk=slot_id).state != SlotState.GRANTING:
        raise CommandError("The slot was given to nobody.")
    return took


@transaction.atomic
def _promotion(pool_id: int) -> None:
    pool_dispatch(pool=pool_lock(pool_id), at=clock.now())


@transaction.atomic
def _bare(pool_id: int, slot_id: int) -> None:
    now = clock.now()
    lock = "" if connection.vendor == "sqlite" else " FOR NO KEY UPDATE"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM slots_licencepool WHERE id = %s{lock}", [pool_id])  # noqa: S608
        cursor.execute(BARE_HEAD, [pool_id, now])
        entry_id, user_id = cursor.fetchone()
        cursor.execute(BARE_SLOT, [user_id, now, now, now, entry_id, slot_id])
        cursor.execute(BARE_ENTRY, [now, entry_id])
        cursor.execute(BARE_JOURNAL, [now, pool_id, user_id, slot_id])
