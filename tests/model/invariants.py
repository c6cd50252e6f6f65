"""What must hold after every step: the promises of the design, checked against the simulated Jira's own counts.

The checker keeps a picture of its own, made from the journal and from what the machine did, and compares the rows
with it. It shares no rule with the product: what it knows about time, activity and eligibility is written down here
a second time, in other words.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.signals import post_save
from greenlet import getcurrent, greenlet

from ium.directory.models import ConnectionState, GroupMembership, Site, User
from slots.models import JournalEntry, LicencePool, QueueEntry, Slot, SlotLock
from tests.model.jira import InProcessJira
from tests.model.teams import Fairness, Team

MINUTE = timedelta(minutes=1)
INACTIVITY = 5 * MINUTE
CLAIM = timedelta(seconds=90)
GAP, BACKWARD = timedelta(seconds=120), timedelta(seconds=5)
DOWN = {ConnectionState.UNREACHABLE, ConnectionState.REFUSED}


# A slot's id, state, holder and whether it was warned.
Row = tuple[int, str, int | None, bool]


def slot_rows() -> list[Row]:
    """Return all slots. Plain SQL: this is read after every step, and Django's builder costs ten times the query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, state, holder_id, warned_at IS NOT NULL FROM slots_slot")
        return list(cursor.fetchall())


def waiting_people() -> list[int]:
    """Return the ids of people with an open queue entry."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id FROM slots_queueentry WHERE closed_at IS NULL")
        return [user_id for (user_id,) in cursor.fetchall()]


@dataclass
class Told:
    """What the journal has told about one slot row so far."""

    state: str = "free"
    holder: int | None = None
    fence: int = -1
    warned: datetime | None = None
    confirmed: datetime | None = None
    # When the inactivity began to count: confirmation or a gap.
    counts_from: datetime | None = None
    # Number of changes in Jira when the slot was given.
    given: int = 0
    refused: bool = False

    def empty(self) -> None:
        """Become free."""
        self.state, self.holder, self.warned = "free", None, None


@dataclass(eq=False)
class Reading:
    """One comparison with Jira under way, by this greenlet: who was freed since it began."""

    freed: set[int] = field(default_factory=set)
    reader: greenlet = field(default_factory=getcurrent)


class Checker:
    """Listens to the journal and compares; raises AssertionError with the promise that was broken."""

    def __init__(
        self,
        pool: LicencePool,
        jira: InProcessJira,
        now: Callable[[], datetime],
        adding: Callable[[], set[str]],
        people: list[int],
    ) -> None:
        """Begin with a pool without rows."""
        self.pool, self.jira, self.now, self.adding = pool, jira, now, adding
        self.told: dict[int, Told] = {}
        self.fresh: list[JournalEntry] = []
        self.entries = 0
        self.limit = pool.slot_count
        self.settings = {
            name: getattr(pool, name)
            for name in (
                "assigned_licences",
                "buffer_licences",
                "enabled",
                "reclaim_on_request",
                "minimum_hold_seconds",
                "lock_minutes",
            )
        }
        self.ceiling = self.limit
        self.outsiders: set[str] = set()
        self.rows = 0
        # Somebody else changed the access group in this step.
        self.excused = False
        self.pulsed: datetime | None = None
        self.gap = False
        self.evidence: dict[int, datetime] = {}
        self.seen: dict[int, datetime] = {}
        self.releasing: int | None = None
        self.waiting: set[int] = set()
        self.readings: list[Reading] = []
        self.accounts: dict[int, str] = {}
        self.teams: list[Team] = []
        self.fairness = Fairness(people.index)
        jira.watch = self._call
        post_save.connect(self._journalled, sender=JournalEntry, weak=False, dispatch_uid="model")

    def teams_are(self, teams: list[Team]) -> None:
        """Know the rules for groups from now on; who joined before keeps the places they had then."""
        self.teams = teams
        self.fairness.remember(teams)

    def close(self) -> None:
        """Stop listening."""
        post_save.disconnect(sender=JournalEntry, dispatch_uid="model")

    # --- What the machine tells -----------------------------------------------------------------

    def settings_change(self, fields: dict[str, Any]) -> None:
        """Know what the administrator chose."""
        self.settings |= {name: value for name, value in fields.items() if name in self.settings}
        self.limit = self.settings["assigned_licences"] - self.settings["buffer_licences"]

    def pulse(self, at: datetime) -> None:
        """Know that the intake was observed."""
        self.gap = self.pulsed is not None and not -BACKWARD <= at - self.pulsed <= GAP
        self.pulsed = at

    def trusts(self, at: datetime) -> bool:
        """Whether activity cannot have been missed up to now."""
        return self.pulsed is not None and -BACKWARD <= at - self.pulsed <= GAP

    def was_active(self, user: User, at: datetime) -> None:
        """Know what IUM was told."""
        self.evidence[user.pk] = max(at, self.evidence.get(user.pk, at))

    def account(self, user_id: int | None) -> str:
        """Return somebody's account id."""
        if user_id is None:
            return ""
        if user_id not in self.accounts:
            self.accounts[user_id] = str(User.objects.get(pk=user_id).account_id)
        return self.accounts[user_id]

    # --- At the moment something is written -----------------------------------------------------

    def hear(self, entry: JournalEntry) -> None:
        """Know an entry that was written without a signal."""
        self._journalled(entry)

    def _journalled(self, instance: JournalEntry, **_: object) -> None:
        self.fresh.append(instance)
        look = {
            "granted": self._given,
            "revoking": self._taken,
            "repaired": self._repaired,
            "freed": self._freed,
            "joined": self._joined,
        }.get(instance.event)
        if look is not None:
            look(instance)

    def resting(self) -> bool:
        """Whether nothing may be given: switched off, paused, or Jira away."""
        pool = LicencePool.objects.values("enabled", "paused_until", "site__connection_state").get()
        paused = pool["paused_until"] is not None and self.now() < pool["paused_until"]
        return not pool["enabled"] or paused or pool["site__connection_state"] in DOWN

    def eligible(self) -> "QuerySet[QueueEntry]":
        """Return waits of living people who may have a slot now."""
        at = self.now()
        shares = GroupMembership.objects.filter(group=self.pool.user_group_id).values("user")
        return QueueEntry.objects.filter(
            closed_at=None,
            alive_until__gte=at,
            user__is_protected=False,
            user__account_status="active",
            user__in=shares,
        ).exclude(
            Q(user__in=Slot.objects.exclude(holder=None).values("holder"))
            | Q(user__in=SlotLock.objects.filter(until__gt=at).values("user"))
        )

    def _given(self, entry: JournalEntry) -> None:
        assert not self.resting(), "a slot was given while nothing may be given"
        wait = QueueEntry.objects.select_related("user").get(seq=entry.details["seq"])
        assert wait.alive_until >= entry.at, "a slot was given to somebody who is not there"
        assert not self._not_managed(wait.user), "a slot was given to somebody IUM does not manage"
        locked = SlotLock.objects.filter(user=wait.user, until__gt=entry.at)
        assert not locked.exists(), "a slot was given to somebody who is locked"
        holders = Slot.objects.exclude(holder=None).exclude(pk=entry.slot_id)
        held = list(holders.values_list("holder_id", flat=True))
        if entry.actor_id is None:
            self.fairness.judge(self.teams, held, wait, self.eligible().select_related("user"))
        else:  # an administrator gives a slot before the turn; only the caps hold
            assert not self.fairness.capped(self.teams, held, wait.user_id), "above the cap"

    def _joined(self, entry: JournalEntry) -> None:
        if entry.reason in {"place_kept", "came_back"}:
            return
        teams = self.fairness.of(self.teams, entry.user_id or 0)
        wait = QueueEntry.objects.get(seq=entry.details["seq"])
        assert wait.places_ahead == max([0, *(team.ahead for team in teams)]), "the wrong class"

    def _not_managed(self, user: User) -> bool:
        shares = GroupMembership.objects.filter(group=self.pool.user_group_id, user=user)
        return user.is_protected or user.account_status != "active" or not shares.exists()

    def _taken(self, entry: JournalEntry) -> None:
        slot = self.told[entry.slot_id or 0]
        {
            "sweep": self._swept,
            "reclaim": self._reclaimed,
            "unclaimed": self._not_taken_up,
            "left": self._left,
            "released": self._released,
            "administrator": self._withdrawn,
        }.get(entry.reason, lambda *_: None)(entry, slot)

    def _may_take(self, entry: JournalEntry) -> None:
        state = Site.objects.values_list("connection_state", flat=True).get()
        assert self.settings["enabled"], "a slot was taken although the pool is off"
        assert state not in DOWN, "a slot was taken while Jira is away"
        assert self.trusts(entry.at), "a slot was taken although activity may be missing"
        user = User.objects.get(pk=entry.user_id)
        assert not user.is_protected, "a slot was taken from an administrator of Jira"

    def _inactive(self, entry: JournalEntry, slot: Told) -> None:
        self._may_take(entry)
        active = self.evidence.get(entry.user_id or 0)
        assert active is None or active + INACTIVITY <= entry.at, "taken from somebody active"
        assert slot.state == "active", "taken before it was in use"
        assert slot.confirmed is not None
        assert slot.counts_from is not None
        assert slot.counts_from + INACTIVITY <= entry.at, "taken before the time had passed"
        hold = timedelta(seconds=self.settings["minimum_hold_seconds"])
        assert slot.confirmed + hold <= entry.at, "taken within the minimum hold"

    def _swept(self, entry: JournalEntry, slot: Told) -> None:
        self._inactive(entry, slot)
        assert slot.warned is not None, "swept without a warning"
        assert entry.at - slot.warned >= MINUTE, "swept less than 60 s after the warning"
        active = self.evidence.get(entry.user_id or 0)
        assert active is None or active <= slot.warned, "swept although active after the warning"

    def _reclaimed(self, entry: JournalEntry, slot: Told) -> None:
        self._inactive(entry, slot)
        assert self.settings["reclaim_on_request"], "reclaimed although the option is off"
        assert QueueEntry.objects.filter(closed_at=None, alive_until__gte=entry.at).exists()

    def _not_taken_up(self, entry: JournalEntry, slot: Told) -> None:
        self._may_take(entry)
        if slot.state == "active":
            assert slot.counts_from is not None
            assert slot.counts_from + CLAIM <= entry.at, "taken within the claim time"
            seen, came = self.seen.get(entry.user_id or 0), slot.confirmed
            assert seen is None or came is None or seen < came, "taken although it was taken up"

    def _left(self, entry: JournalEntry, slot: Told) -> None:
        user = User.objects.get(pk=entry.user_id)
        assert self._not_managed(user), "taken from an IUM user as from one who left"
        member = self.account(entry.user_id) in self.jira.members
        assert not (user.is_protected and member), "taken from an administrator of Jira"

    def _released(self, entry: JournalEntry, slot: Told) -> None:
        assert entry.user_id == self.releasing, "handed back by nobody"

    def _withdrawn(self, entry: JournalEntry, slot: Told) -> None:
        if entry.actor_id is None and slot.state == "active":
            self._was_missing(entry, slot)

    def _was_missing(self, entry: JournalEntry, slot: Told) -> None:
        account = self.account(entry.user_id)
        gone = account not in self.jira.members or self.jira.removed.get(account, 0) > slot.given
        assert gone, "repaired although the person was a member all the time"

    def _repaired(self, entry: JournalEntry) -> None:
        slot = self.told[entry.slot_id or 0]
        if entry.reason == "missing":
            self._was_missing(entry, slot)
            return
        user = User.objects.get(pk=entry.user_id)
        assert not self._not_managed(user), "somebody IUM does not manage was adopted"
        for reading in self.readings:
            freed = reading.reader is getcurrent() and user.pk in reading.freed
            assert not freed, "somebody was adopted whose removal is confirmed"

    def _freed(self, entry: JournalEntry) -> None:
        for reading in self.readings:
            reading.freed.add(entry.user_id or 0)

    def _call(self, kind: str, account_id: str) -> None:
        if kind == "remove":
            slot = Slot.objects.filter(holder__account_id=account_id).first()
            assert slot is not None, "a person without a slot is removed from the access group"
            assert slot.state == "revoking", "a person is removed whose slot is not being taken"
        elif kind == "add":
            slot = Slot.objects.filter(holder__account_id=account_id).first()
            assert slot is not None, "a person without a slot is added to the access group"

    # --- After every step -----------------------------------------------------------------------

    def after_step(self, *, dispatches: bool) -> None:
        """Compare the rows, the queue and Jira with everything that was told."""
        rows, events = slot_rows(), {entry.event for entry in self.fresh}
        self._check_journal(rows, events)
        self._check_rows(rows)
        self.check_jira()
        self._check_queue(events)
        if dispatches or events & {"freed", "site_up"}:
            self._check_nobody_waits_in_vain(rows)
        if self.gap:
            assert "clocks_reset" in events, "a gap did not start the clocks again"
            self.gap = False
        self.entries += len(self.fresh)
        self.fresh = []

    def _check_journal(self, rows: list[Row], events: set[str]) -> None:
        before = set(self.told)
        for pk in {pk for pk, *_ in rows} - before:
            assert "limit_changed" in events, "a slot row appeared without an explanation"
            self.told[pk] = Told()
        for entry in self.fresh:
            self._tell(entry)
        for pk, state, holder, warned in rows:
            slot = self.told[pk]
            assert (state, holder) == (slot.state, slot.holder), (
                f"slot {pk} is {state} of {holder}; the journal says {slot.state} of {slot.holder}"
            )
            assert bool(warned) == (slot.warned is not None), f"slot {pk}: warned or not?"
        for pk in before - {pk for pk, *_ in rows}:
            assert self.told.pop(pk).state == "free", "a used slot row vanished"
            assert events & {"limit_changed", "freed", "grant_failed"}, "a slot row vanished"

    def _tell(self, entry: JournalEntry) -> None:
        if entry.event == "clocks_reset":
            self.seen = {user: min(seen, entry.at) for user, seen in self.seen.items()}
            for slot in self.told.values():
                slot.warned = None
                slot.confirmed = min(slot.confirmed, entry.at) if slot.confirmed else None
                slot.counts_from = entry.at if slot.state in {"active", "granting"} else None
            return
        if entry.slot_id is None:
            return
        slot = self.told[entry.slot_id]
        if entry.event in {"granted", "revoking", "repaired"}:
            assert (entry.fence or 0) > slot.fence, "the fence did not grow"
            slot.fence = entry.fence or 0
        self._turn(entry, slot)

    def _turn(self, entry: JournalEntry, slot: Told) -> None:
        event, was = entry.event, slot.state
        if event == "granted":
            self._expect(was == "free", entry, slot)
            slot.state, slot.holder = "granting", entry.user_id
            slot.counts_from, slot.confirmed, slot.given = entry.at, None, self.jira.changes
        elif event == "confirmed":
            self._expect(was == "granting" and slot.holder == entry.user_id, entry, slot)
            self._taken_up_before(slot, entry.at)
            slot.state, slot.confirmed, slot.counts_from = "active", entry.at, entry.at
        elif event == "revoking":
            refused = was == "free" and slot.refused
            self._expect(refused or slot.holder == entry.user_id, entry, slot)
            slot.state, slot.holder, slot.warned = "revoking", entry.user_id, None
        elif event == "freed":
            self._expect(was in {"revoking", "granting"}, entry, slot)
            slot.empty()
        elif event == "grant_failed":
            self._expect(was == "granting", entry, slot)
            slot.empty()
        elif event == "repaired":
            adopted = entry.reason == "adopted"
            self._expect(was == ("free" if adopted else "active"), entry, slot)
            slot.state, slot.holder = ("active" if adopted else "granting"), entry.user_id
            slot.warned = None
            if adopted:
                slot.confirmed = slot.counts_from = entry.at
                slot.given = self.jira.changes
                self.seen[entry.user_id or 0] = entry.at
        elif event in {"warned", "kept"}:
            self._expect(was == "active" and slot.holder == entry.user_id, entry, slot)
            slot.warned = entry.at if event == "warned" else None
        slot.refused = event == "grant_failed"

    def _taken_up_before(self, slot: Told, at: datetime) -> None:
        """A repaired membership need not be taken up a second time."""
        seen = self.seen.get(slot.holder or 0)
        if slot.holder and seen and slot.confirmed and seen >= slot.confirmed:
            self.seen[slot.holder] = at

    def _expect(self, right: bool, entry: JournalEntry, slot: Told) -> None:
        assert right, f"the journal says {entry.event} of {entry.user_id} about {slot}"

    def _check_rows(self, rows: list[Row]) -> None:
        holders = [holder for _, _, holder, _ in rows if holder]
        assert len(holders) == len(set(holders)), "somebody has two slots"
        used = sum(state != "free" for _, state, _, _ in rows)
        assert used == len(holders), "a free slot has a holder, or a used one none"
        assert len(rows) <= max(self.limit, self.rows), "more rows than licences"
        self.rows = len(rows)

    def check_jira(self) -> None:
        """Compare the members of the access group with the slots, by the simulator's own count."""
        group, jira = self.jira.access, self.jira
        used = [slot for slot in self.told.values() if slot.holder is not None]
        holders = {self.account(slot.holder) for slot in used}
        highest = group.highest_members - len(self.outsiders | jira.outsiders)
        # Somebody who was in it already is IUM's only when Jira has confirmed the slot. Who is put in between a removal
        # and its answer is not: the removal did what it says.
        jira.outsiders -= {self.account(s.holder) for s in used if s.state == "active"}
        jira.outsiders &= jira.members
        self.outsiders = set(jira.outsiders)
        put_in = jira.members - jira.outsiders
        assert put_in <= holders, f"{put_in - holders} are members without a slot"
        self.ceiling = max(self.limit, self.ceiling, len(put_in) if self.excused else 0)
        self.excused = False
        assert len(put_in) <= self.ceiling, f"{len(put_in)} members, {self.ceiling} allowed"
        assert highest <= self.ceiling, f"{highest} members in between, {self.ceiling} allowed"
        self.ceiling = max(self.limit, min(self.ceiling, len(put_in | self.adding())))
        group.highest_members = len(group.members)

    def _check_queue(self, events: set[str]) -> None:
        people = waiting_people()
        assert len(people) == len(set(people)), "somebody waits twice"
        named = {entry.user_id for entry in self.fresh}
        unexplained = self.waiting.symmetric_difference(people) - named
        assert not unexplained, f"{unexplained} came into the queue or left it unexplained"
        self.waiting = set(people)

    def _check_nobody_waits_in_vain(self, rows: list[Row]) -> None:
        free = sum(state == "free" for _, state, _, _ in rows)
        free = min(free, self.limit - (len(rows) - free))
        if free > 0 and self.waiting and not self.resting():
            held = [holder for _, _, holder, _ in rows if holder]
            left_out = [
                wait
                for wait in self.eligible()
                if not self.fairness.capped(self.teams, held, wait.user_id)
            ]
            assert not left_out, f"a slot is free and {left_out} wait"

    def check_settled(self) -> None:
        """Check what must be true once faults have stopped: nothing is under way, and Jira agrees."""
        rows = slot_rows()
        assert {state for _, state, _, _ in rows} <= {"free", "active"}, "something is unfinished"
        holders = {self.account(holder) for _, _, holder, _ in rows if holder}
        missing = holders - self.jira.members
        assert not missing, f"{missing} have a slot but are no members"
        assert self.jira.members - holders == self.jira.outsiders, "a member IUM forgot"
        assert JournalEntry.objects.count() == self.entries, "a journal entry is lost"
        used = len(holders)
        assert len(rows) == max(self.limit, used), "rows and licences do not fit"
        self._check_nobody_waits_in_vain(rows)
        people = User.objects.filter(pk__in=[h for _, _, h, _ in rows if h], is_protected=False)
        left = [user for user in people if self._not_managed(user)]
        assert not left, f"{left} are no IUM users any more and keep their slots"
