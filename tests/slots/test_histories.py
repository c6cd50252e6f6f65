"""Long random histories: the promises hold after every single step.

People ask, poll, leave, work and hand back; Jira answers, refuses, loses calls and lets them land late; the
limit changes; jobs run. After each step the rows, the journal and Jira's own membership are compared.
"""

import random
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db.models import F

from ium.directory.models import User
from slots.models import CloseReason, JournalEntry, LicencePool, QueueEntry, Slot, SlotState
from slots.services import (
    WantedChange,
    change_confirm,
    change_postpone,
    change_refuse,
    pool_apply_limit,
    pool_reconcile,
    pool_upkeep,
    slot_activity,
    slot_release,
    slot_request,
    sweep_revoke,
    sweep_warn,
)
from tests.factories import FakeJira, member, seconds, trusted
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db
STEPS = 250
PEOPLE = 6
# The client gives a call up within its claim; what was lost lands within the time in which IUM expects it.
CLAIM, GIVEN_UP, LANDS_WITHIN = seconds(60), seconds(50), seconds(85)
EXPLAINED_BY = {
    (SlotState.FREE, SlotState.GRANTING): {"granted"},
    (SlotState.GRANTING, SlotState.ACTIVE): {"confirmed"},
    (SlotState.GRANTING, SlotState.REVOKING): {"revoking"},
    (SlotState.GRANTING, SlotState.FREE): {"grant_failed"},
    (SlotState.GRANTING, SlotState.GRANTING): {"grant_failed", "granted"},
    (SlotState.ACTIVE, SlotState.REVOKING): {"revoking"},
    (SlotState.ACTIVE, SlotState.GRANTING): {"repaired"},
    (SlotState.REVOKING, SlotState.FREE): {"freed"},
    (SlotState.REVOKING, SlotState.GRANTING): {"freed", "granted"},
    (SlotState.FREE, SlotState.ACTIVE): {"repaired"},
}
Snapshot = dict[int, tuple[SlotState, int | None]]


class History:
    """One pool, some people, a Jira that fails now and then, and a clock."""

    def __init__(self, seed: int, at: datetime) -> None:
        """Begin with a pool of three licences."""
        self.choice = random.Random(seed)  # noqa: S311 - no secret
        self.at = at
        self.pool = make_pool(
            assigned_licences=3,
            inactivity_minutes=5,
            sweep_interval_minutes=1,
            reclaim_on_request=bool(seed % 2),
            lock_minutes=seed % 3,
        )
        self.people = [member(self.pool) for _ in range(PEOPLE)]
        self.jira = FakeJira()
        self.in_flight: list[WantedChange] = []
        self.lost: list[tuple[datetime, WantedChange]] = []
        self.ceiling = 3

    # --- What can happen ------------------------------------------------------------------------

    def somebody(self) -> User:
        """Choose a person."""
        return self.choice.choice(self.people)

    def ask(self) -> None:
        """Somebody asks for a slot, or polls; the locked are refused."""
        from contextlib import suppress

        from ium.lib.errors import NotEntitled

        with suppress(NotEntitled):
            slot_request(user=self.somebody(), pool=self.pool, return_url=None, at=self.at)

    def hand_back(self) -> None:
        """Somebody hands the slot back or leaves the queue."""
        slot_release(user=self.somebody(), pool=self.pool, at=self.at)

    def work(self) -> None:
        """Somebody is active."""
        slot_activity(
            user=self.somebody(),
            pool=self.pool,
            idle=seconds(self.choice.choice([0, 5, 200])),
            source="extension",
            at=self.at,
        )

    def call(self) -> None:
        """Workers claim what is wanted; each call is under way from now on."""
        self.in_flight += self.jira.claim_all(self.at)

    def answer(self) -> None:
        """Jira answers a call: mostly well, sometimes not, and sometimes nobody hears it."""
        if not self.in_flight:
            return
        change = self.in_flight.pop(self.choice.randrange(len(self.in_flight)))
        fate = self.choice.random()
        if fate < 0.7:
            self.jira.call(change)
            change_confirm(change=change, at=self.at)
        elif fate < 0.8:
            change_postpone(change=change, error="503", unknown=False, delay=5, at=self.at)
        elif fate < 0.85 and change.add:
            whole = fate < 0.82
            change_refuse(change=change, whole_pool=whole, message="No.", code="no", at=self.at)
        else:
            self.lose(change)
            if fate < 0.95:
                change_postpone(change=change, error="lost", unknown=True, delay=5, at=self.at)

    def lose(self, change: WantedChange) -> None:
        """Nobody hears the answer to a call, which may still take effect for a while."""
        self.lost.append((change.claim - CLAIM + LANDS_WITHIN, change))

    def give_up(self) -> None:
        """Calls do not stay under way for ever: their workers time out, or die."""
        late = [call for call in self.in_flight if call.claim - CLAIM + GIVEN_UP < self.at]
        self.in_flight = [call for call in self.in_flight if call not in late]
        for change in late:
            self.lose(change)

    def land(self) -> None:
        """A lost call takes effect in Jira after all."""
        for lost in self.lost[:]:
            if self.at > lost[0]:
                self.lost.remove(lost)
            elif self.choice.random() < 0.5:
                self.lost.remove(lost)
                self.jira.call(lost[1])

    def jobs(self) -> None:
        """The periodic jobs run."""
        sweep_warn(pool_id=self.pool.pk, at=self.at)
        sweep_revoke(pool_id=self.pool.pk, at=self.at)
        pool_upkeep(pool_id=self.pool.pk, at=self.at)

    def compare(self) -> None:
        """The reconciler reads the members and compares."""
        pool_reconcile(
            pool_id=self.pool.pk,
            member_ids=set(self.jira.members_of(self.pool)),
            read_at=self.at,
            at=self.at,
        )

    def change_limit(self) -> None:
        """An administrator buys or gives up licences."""
        licences = self.choice.choice([1, 2, 3, 4])
        LicencePool.objects.filter(pk=self.pool.pk).update(assigned_licences=licences)
        pool_apply_limit(pool_id=self.pool.pk, at=self.at)

    def limit(self) -> int:
        """Return the licences assigned now."""
        return LicencePool.objects.get(pk=self.pool.pk).assigned_licences

    def step(self) -> None:
        """Let a few seconds pass and something happen."""
        self.at += seconds(self.choice.choice([0, 1, 3, 10]))
        trusted(self.at)
        self.give_up()
        happenings: list[tuple[Callable[[], None], int]] = [
            (self.ask, 30),
            (self.hand_back, 6),
            (self.work, 8),
            (self.call, 20),
            (self.answer, 25),
            (self.land, 8),
            (self.jobs, 15),
            (self.compare, 3),
            (self.change_limit, 1),
        ]
        happening = self.choice.choices(
            [what for what, _ in happenings], [often for _, often in happenings]
        )[0]
        happening()

    def run(self, steps: int) -> None:
        """Let many steps happen, and count members after each."""
        for _ in range(steps):
            self.step()
            self.check_members()

    # --- What must hold -------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return state and holder of each row."""
        rows = Slot.objects.filter(pool=self.pool).values_list("pk", "state", "holder_id")
        return {pk: (SlotState(state), holder) for pk, state, holder in rows}

    def expected_members(self) -> int:
        """Return how many members there are, with those whose call is under way already."""
        calls = [*self.in_flight, *(change for _, change in self.lost)]
        adding = {change.account_id for change in calls if change.add}
        return len(self.jira.members_of(self.pool) | adding)

    def check_members(self) -> None:
        """Check promise 1: never more members than licences, and after shrinking only fewer."""
        self.ceiling = max(self.limit(), min(self.ceiling, self.expected_members()))
        members = len(self.jira.members_of(self.pool))
        assert members <= self.ceiling, "too many members in Jira"
        holders = set(self.pool.slots.used().values_list("holder__account_id", flat=True))
        assert self.jira.members_of(self.pool) <= holders, "a member whose slot was given on"

    def check_nobody_waits_in_vain(self) -> None:
        """Check promise 3: no free slot while somebody alive waits who may have it."""
        pool = LicencePool.objects.select_related("site").get(pk=self.pool.pk)
        if pool.is_paused(self.at) or not pool.slots.filter(state=SlotState.FREE).exists():
            return
        holders = pool.slots.used().values("holder")
        locked = pool.locks.filter(until__gt=self.at).values("user")
        alive = pool.entries.alive(self.at).exclude(user__in=holders).exclude(user__in=locked)
        # Waking from a pause or a lock is noticed by the next job or poll, not by this step.
        pool_upkeep(pool_id=pool.pk, at=self.at)
        assert not (alive.exists() and pool.slots.filter(state=SlotState.FREE).exists())

    def check_explained(self, before: Snapshot, last: int) -> None:
        """Check promise 8: every change of a row has its journal entries."""
        entries = JournalEntry.objects.filter(pk__gt=last).values_list("slot_id", "event")
        told: dict[int | None, set[str]] = {}
        for slot_id, event in entries:
            told.setdefault(slot_id, set()).add(event)
        after = self.snapshot()
        for pk, (state, holder) in after.items():
            old_state, old_holder = before.get(pk, (SlotState.FREE, None))
            if (state, holder) == (old_state, old_holder):
                continue
            expected = EXPLAINED_BY[old_state, state]
            assert expected <= told.get(pk, set()), (old_state, state, told.get(pk))

    def check_order(self, open_before: set[int]) -> None:
        """Check promise 2: nobody alive, unlocked and without a slot of their own was overtaken."""
        served = QueueEntry.objects.filter(
            pk__in=open_before, close_reason=CloseReason.SERVED
        ).order_by("-priority", "seq")
        last = served.last()
        if last is None or last.closed_at != self.at:
            return
        holders = self.pool.slots.used().values("holder")
        locked = self.pool.locks.filter(until__gt=self.at).values("user")
        overtaken = (
            self.pool.entries.alive(self.at)
            .filter(seq__lt=last.seq, pk__in=open_before)
            .exclude(user__in=holders)
            .exclude(user__in=locked)
        )
        assert not overtaken.exists()


@pytest.mark.parametrize("seed", range(12))
def test_the_promises_hold_after_every_step(seed: int, at: datetime) -> None:
    history = History(seed, at)
    for _ in range(STEPS):
        before = history.snapshot()
        last = JournalEntry.objects.order_by("-pk").values_list("pk", flat=True)[0]
        waiting = set(history.pool.entries.alive(history.at).values_list("pk", flat=True))
        history.step()
        history.check_members()
        history.check_explained(before, last)
        history.check_order(waiting)
        history.check_nobody_waits_in_vain()
    assert JournalEntry.objects.filter(event="granted").count() > 3, "nothing happened"


def test_the_histories_can_see_an_oversell(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    # Control: a slot that is given on before Jira confirmed the removal is noticed.
    def free_at_once(*slots: Slot, **_: object) -> int:
        return Slot.objects.filter(pk__in=[slot.pk for slot in slots]).update(
            state="free", holder=None, fence=F("fence") + 1, warned_at=None, revoke_at=None
        )

    for place in ("requests", "losses", "upkeep", "freeing", "refusing"):
        monkeypatch.setattr(f"slots.services.{place}.revoke", free_at_once)
    history = History(1, at)
    with pytest.raises(AssertionError, match=r"a member whose slot was given on|too many"):
        history.run(STEPS)
