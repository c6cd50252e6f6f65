"""One step of the measurement `hand_over`: prepare, take all slots, or tell who followed whom."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from activity.models import Intake
from ium.demo.organisation import demo_prepare
from ium.directory.models import User
from ium.lib import clock
from slots.models import Event, JournalEntry, LicencePool, QueueEntry, SlotState
from slots.services import pool_apply_limit, sweep_revoke

WARNED_AGO = timedelta(minutes=2)
PATIENCE = timedelta(hours=1)


class Command(BaseCommand):
    """The last line is JSON."""

    help = "A step of ./ium.sh bench hand_over, with the simulated Jira."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the step and the number of slots."""
        parser.add_argument("step", choices=("prepare", "give", "take", "state", "pairs"))
        parser.add_argument("--slots", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the step."""
        if (
            settings.IUM_SIMULATOR_URL
            not in LicencePool.objects.values_list("site__url", flat=True)
            and LicencePool.objects.exists()
        ):
            raise CommandError("Measurements work with the simulated Jira only.")
        step = getattr(self, f"_{options['step']}")
        self.stdout.write(json.dumps(step(options["slots"])))

    def _prepare(self, slots: int) -> int:
        """Read the people of the simulated Jira; twice as many as slots wait, for an hour."""
        pool = demo_prepare()
        LicencePool.objects.update(assigned_licences=0)
        pool_apply_limit(pool_id=pool.pk, at=clock.now())
        at = clock.now()
        people = User.objects.filter(memberships__group=pool.user_group, is_protected=False)
        waiting = [
            QueueEntry(
                pool=pool, user=user, seq=seq, joined_at=at, seen_at=at, alive_until=at + PATIENCE
            )
            for seq, user in enumerate(people.order_by("pk")[: 2 * slots], start=1)
        ]
        QueueEntry.objects.bulk_create(waiting, 500)
        LicencePool.objects.update(next_seq=len(waiting) + 1)
        return len(waiting)

    def _give(self, slots: int) -> int:
        """Open so many slots: each is given to somebody at once."""
        LicencePool.objects.update(assigned_licences=slots)
        pool_apply_limit(pool_id=LicencePool.objects.get().pk, at=clock.now())
        return slots

    def _take(self, slots: int) -> int:
        """Let the sweep take all slots at once."""
        pool, at = LicencePool.objects.get(), clock.now()
        Intake.objects.update_or_create(pk=1, defaults={"seen_at": at})
        long_ago = at - timedelta(hours=2)
        pool.slots.filter(state=SlotState.ACTIVE).update(
            clock_from=long_ago, confirmed_at=long_ago, warned_at=at - WARNED_AGO, revoke_at=at
        )
        return sweep_revoke(pool_id=pool.pk, at=at)

    def _state(self, _slots: int) -> dict[str, int]:
        """Count the slots by state."""
        states = LicencePool.objects.get().slots.values_list("state", flat=True)
        return {state.value: list(states).count(state) for state in SlotState}

    def _pairs(self, _slots: int) -> list[tuple[str | None, str | None]]:
        """Return who lost a slot and who got it, by account id."""
        told = JournalEntry.objects.filter(event__in=[Event.FREED, Event.GRANTED]).order_by("pk")
        left: dict[int | None, str | None] = {}
        pairs = []
        for event, slot_id, account_id in told.values_list("event", "slot_id", "user__account_id"):
            if event == Event.FREED:
                left[slot_id] = account_id
            elif slot_id in left:
                pairs.append((left.pop(slot_id), account_id))
        return pairs
