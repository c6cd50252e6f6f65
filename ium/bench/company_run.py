"""The running rules, driven by a company: the product's own services, with time passed in, and a Jira that answers.

People here do what no replay assumes of them: they work span by span, wait with their own patience, go to their
meetings whether they got their slot or not. Everything that is said about slots comes from the services and the rows
they write. Slow on purpose; for the bench and for tests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from math import inf
from typing import Any

from activity.buffer import Collected, Key, Poll, Report
from activity.models import Intake, Source
from ium.directory.models import Group, GroupMembership, Site, User
from ium.lib.errors import NotEntitled
from ium.usage.demand import Demand, Span, Want
from ium.usage.replay.options import Delays
from slots.models import CloseReason, GroupRule, LicencePool, QueueEntry, Slot, SlotLock
from slots.rules import sweep_after
from slots.services import (
    WantedChange,
    change_claim,
    change_confirm,
    pool_apply_limit,
    pool_upkeep,
    slot_request,
    sweep_revoke,
    sweep_warn,
)
from slots.services.reports import ReceiverId, polls_write, reports_write

JOBS_EVERY, POLLS_EVERY = 10.0, 30.0
(ANSWERED, COME, STOP, GIVE_UP, POLLS, JOBS, SWEEP, UPKEEP, POLL_ONCE) = range(9)
OUT, INSIDE, TAKEN = "out", "inside", "taken"
_RECEIVER = ReceiverId("company", "company", 1)


@dataclass(frozen=True)
class Sitting:
    """What somebody does at a stretch: asks, is active in the spans, must stop then, and gives up after so long."""

    ask: float
    spans: tuple[Span, ...]
    stop: float = inf
    home: float = inf
    patience: float = inf


@dataclass
class _Person:
    user: User
    sittings: Sequence[Sitting]
    number: int = 0
    span: int = 0
    late: float = 0.0
    state: str = OUT
    reason: str = ""
    confirmed: float = inf
    present: bool = False
    waits: bool = False
    visit: int = 0
    working: Span | None = None
    reported: float = -inf
    done: list[Span] = field(default_factory=list)
    asked: float | None = None
    wants: list[Want] = field(default_factory=list)


def moment(at: float) -> datetime:
    """Return a moment of the services."""
    return datetime.fromtimestamp(at, tz=UTC)


def make_pool(*, rules: Sequence[dict[str, Any]] = (), at: float, **options: Any) -> LicencePool:
    """Make a site and a pool with its slots; `rules` are those for groups, each with a group of its own."""
    site = Site.objects.create(
        name="Company", url="https://company.atlassian.net", org_id="1", connection_state="ok"
    )
    groups = [
        Group.objects.create(site=site, group_id=name, name=name) for name in ("access", "users")
    ]
    pool = LicencePool.objects.create(
        key="company",
        name="Company",
        site=site,
        access_group=groups[0],
        user_group=groups[1],
        **options,
    )
    for number, rule in enumerate(rules):
        group = Group.objects.create(site=site, group_id=f"rule-{number}", name=f"rule-{number}")
        GroupRule.objects.create(pool=pool, group=group, **rule)
    LicencePool.objects.filter(pk=pool.pk).update(has_group_rules=bool(rules))
    Intake.objects.update_or_create(pk=1, defaults={"seen_at": moment(at)})
    pool_apply_limit(pool_id=pool.pk, at=moment(at))
    return LicencePool.objects.select_related("site").get(pk=pool.pk)


def make_people(pool: LicencePool, groups: Sequence[frozenset[int]]) -> list[User]:
    """Make the pool's IUM users; the groups are ids of Jira groups they are in besides."""
    names = [f"712020:company-{number}" for number in range(len(groups))]
    User.objects.bulk_create([User(account_id=name, username=name) for name in names])
    people = list(User.objects.filter(account_id__in=names).order_by("pk"))
    people.sort(key=lambda user: int((user.account_id or "").rsplit("-", 1)[1]))
    GroupMembership.objects.bulk_create(
        GroupMembership(group_id=group, user=user)
        for user, mine in zip(people, groups, strict=True)
        for group in (pool.user_group_id, *mine)
    )
    return people


class CompanyRun:
    """A pool, its people and the clock."""

    def __init__(
        self,
        pool: LicencePool,
        users: Sequence[User],
        plans: Sequence[Sequence[Sitting]],
        delays: Delays,
    ) -> None:
        """Put everybody's first wish and the first sweep on the agenda."""
        self.pool, self.delays = pool, delays
        self.people = [_Person(user, plan) for user, plan in zip(users, plans, strict=True)]
        self._by_account = {person.user.account_id: n for n, person in enumerate(self.people)}
        self._agenda: list[tuple[float, int, int, int, Any]] = []
        self._count = 0
        self._reports: dict[Key, Report] = {}
        self._entries: dict[int, int] = {}
        self._inside: set[int] = set()
        self._polling = False
        for number, person in enumerate(self.people):
            if person.sittings:
                self._later(person.sittings[0].ask, COME, number)
        self._to_come = len(self._agenda)
        if self._agenda:
            earliest = self._agenda[0][0] + pool.warning_seconds + 3 * JOBS_EVERY
            self._jobs_around(sweep_after(earliest, 60 * pool.sweep_interval_minutes))

    def run(self) -> None:
        """Let everything happen."""
        steps: dict[int, Callable[[float, int, Any], None]] = {
            ANSWERED: self._answered,
            COME: self._come,
            STOP: self._stop,
            GIVE_UP: self._give_up,
            POLLS: self._polls,
            JOBS: self._jobs,
            SWEEP: self._sweep,
            UPKEEP: self._upkeep,
            POLL_ONCE: self._poll_once,
        }
        while self._agenda:
            at, kind, _, number, detail = heappop(self._agenda)
            steps[kind](at, number, detail)

    def _later(self, at: float, kind: int, number: int = 0, detail: Any = None) -> None:
        self._count += 1
        heappush(self._agenda, (at, kind, self._count, number, detail))

    # --- People ---------------------------------------------------------------------------------

    def _come(self, at: float, number: int, _: Any) -> None:
        """Somebody wants to work now: in a new sitting, or going on after a pause."""
        person = self.people[number]
        if person.span and at >= person.sittings[person.number].stop:
            self._next_sitting(at, number)
            return
        person.present = True
        if person.asked is None:
            person.asked = at
        if person.state == INSIDE:
            self._begin(at, number)
        else:
            self._ask(at, number)

    def _ask(self, at: float, number: int) -> None:
        person = self.people[number]
        if person.done:
            self._note_want(person, at)
            person.asked = at
        self._flush(at)
        try:
            slot_request(user=person.user, pool=self.pool, return_url=None, at=moment(at))
        except NotEntitled:
            lock = SlotLock.objects.get(pool=self.pool, user=person.user)
            self._later(lock.until.timestamp(), COME, number)
            return
        person.waits = True
        self._carry_out(at)
        entry = self.pool.entries.waiting().filter(user=person.user).first()
        if entry is None:
            return
        self._entries[number] = entry.pk
        person.visit += 1
        sitting = person.sittings[person.number]
        patience = min(at + sitting.patience, max(sitting.home, at + 900))
        self._later(patience, GIVE_UP, number, person.visit)
        if not self._polling:
            self._polling = True
            self._later(at + POLLS_EVERY, POLLS)

    def _begin(self, at: float, number: int) -> None:
        """Begin, or go on, once Jira's pages open."""
        person = self.people[number]
        opens = person.confirmed + self.delays.opening
        if at < opens < inf:
            self._later(opens, COME, number)
            return
        if opens == inf:
            return  # Jira's answer comes first
        if person.waits or not person.span:
            slot_request(
                user=person.user, pool=self.pool, return_url=None, at=moment(at), join=False
            )
            person.waits = False
        sitting = person.sittings[person.number]
        start, end = sitting.spans[person.span]
        begin = max(at, start)
        until = max(begin, min(begin + end - start, sitting.stop))
        person.late = begin - start
        person.working = (begin, until)
        self._report(begin, number)
        self._later(until, STOP, number)

    def _stop(self, at: float, number: int, _: Any) -> None:
        """A span is over: a pause, or the end of the sitting."""
        person = self.people[number]
        assert person.working is not None  # noqa: S101 - only who works stops
        person.done.append(person.working)
        person.working, person.present = None, False
        self._report(at, number)
        self._later(at + 60 * self.pool.inactivity_minutes + self.delays.polling, POLL_ONCE)
        sitting = person.sittings[person.number]
        person.span += 1
        if person.span < len(sitting.spans):
            back = sitting.spans[person.span][0] + person.late
            if back < sitting.stop:
                self._later(back, COME, number)
                return
        self._next_sitting(at, number)

    def _next_sitting(self, at: float, number: int) -> None:
        person = self.people[number]
        self._note_want(person, at)
        person.done, person.asked, person.span, person.late = [], None, 0, 0.0
        person.number += 1
        if person.number < len(person.sittings):
            self._later(max(at, person.sittings[person.number].ask), COME, number)
        else:
            self._to_come -= 1

    @staticmethod
    def _note_want(person: _Person, at: float) -> None:
        """Note what a recorder would have seen of the last want."""
        if person.asked is None:
            return
        done = tuple(person.done)
        if done:
            person.wants.append(Want(min(person.asked, done[0][0]), done[-1][1], done))
        else:
            person.wants.append(Want(person.asked, at, ()))
        person.done, person.asked = [], None

    def _give_up(self, at: float, number: int, visit: int) -> None:
        person = self.people[number]
        if person.visit != visit or number not in self._entries:
            return
        polls_write(polls={Poll(self.pool.pk, self._entries.pop(number)): moment(at)})
        person.present, person.waits = False, False
        self._later(_upkeep_after(at + self.pool.place_kept_seconds + 0.001), UPKEEP)
        self._next_sitting(at, number)

    def _polls(self, at: float, _number: int, _: Any) -> None:
        """Everybody who waits asks again."""
        if not self._entries:
            self._polling = False
            return
        polls_write(polls={Poll(self.pool.pk, key): moment(at) for key in self._entries.values()})
        self._later(at + POLLS_EVERY, POLLS)

    def _poll_once(self, at: float, _number: int, _: Any) -> None:
        """Who waits asks in the usual way: that may reclaim somebody's slot."""
        if not self.pool.reclaim_on_request or not self._entries:
            return
        self._flush(at)
        for number in list(self._entries):
            if number in self._entries:
                slot_request(
                    user=self.people[number].user, pool=self.pool, return_url=None, at=moment(at)
                )
                self._carry_out(at)

    # --- Reports --------------------------------------------------------------------------------

    def _report(self, at: float, number: int) -> None:
        person = self.people[number]
        person.reported = at
        key = Key(person.user.pk, self.pool.site_id, self.pool.product)
        self._reports[key] = Report(moment(at), moment(at), Source.EXTENSION)

    def _flush(self, at: float) -> None:
        """Write what was reported, as web processes do every second; who works on reports often enough."""
        often = 60 * self.pool.inactivity_minutes / 3
        for number in self._inside:
            person = self.people[number]
            if person.working and person.working[0] <= at and person.reported < at - often:
                self._report(min(at, person.working[1]), number)
        Intake.objects.update(seen_at=moment(at))
        reports_write(collected=Collected(self._reports, {}), receiver=_RECEIVER, at=moment(at))
        self._reports = {}

    # --- Jobs -----------------------------------------------------------------------------------

    def _jobs_around(self, sweep_at: float) -> None:
        """Put the jobs around a sweep on the agenda: at other times they find nothing to do."""
        first = sweep_at - self.pool.warning_seconds - 3 * JOBS_EVERY
        for tick in range(4):
            self._later(first + JOBS_EVERY * tick, JOBS, tick, sweep_at)
        self._later(sweep_at + self.delays.sweeping, SWEEP)

    def _jobs(self, at: float, tick: int, sweep_at: float) -> None:
        if tick == 0 and (self._inside or self._to_come):
            self._jobs_around(sweep_at + 60 * self.pool.sweep_interval_minutes)
        if self._inside:
            self._flush(at)
            sweep_warn(pool_id=self.pool.pk, at=moment(at))

    def _sweep(self, at: float, _number: int, _: Any) -> None:
        if self._inside:
            self._flush(at)
            if sweep_revoke(pool_id=self.pool.pk, at=moment(at)):
                self._carry_out(at)

    def _upkeep(self, at: float, _number: int, _: Any) -> None:
        self._flush(at)
        pool_upkeep(pool_id=self.pool.pk, at=moment(at))
        self._carry_out(at)

    # --- Jira -----------------------------------------------------------------------------------

    def _carry_out(self, at: float) -> None:
        """Begin every call that is wanted; Jira answers later."""
        wanted = Slot.objects.unfinished(moment(at)).order_by("pk").values_list("pk", flat=True)
        for key in list(wanted):
            change = change_claim(slot_id=key, at=moment(at))
            if change is None:
                continue
            number = self._by_account[change.account_id]
            self._claimed(number, change, at)
            delay = self.delays.adding if change.add else self.delays.removing
            self._later(at + delay, ANSWERED, number, change)

    def _claimed(self, number: int, change: WantedChange, at: float) -> None:
        person = self.people[number]
        if not change.add:
            person.state, person.confirmed = TAKEN, inf
            person.reason = Slot.objects.values_list("loss_reason", flat=True).get(
                pk=change.slot_id
            )
            return
        self._entries.pop(number, None)
        person.state, person.confirmed = INSIDE, inf
        self._inside.add(number)

    def _answered(self, at: float, number: int, change: WantedChange) -> None:
        person = self.people[number]
        change_confirm(change=change, at=moment(at))
        if change.add:
            person.confirmed = at
            if person.present:
                noticing = self.delays.noticing if self._waited(number) else 0.0
                self._later(at + self.delays.opening + noticing, COME, number)
            else:
                self._later(_upkeep_after(at + self.pool.claim_seconds), UPKEEP)
        else:
            person.state = OUT
            self._inside.discard(number)
            if person.reason == "unclaimed":
                self._later(_upkeep_after(at + self.pool.place_kept_seconds + 0.001), UPKEEP)
            if self.pool.lock_minutes and number in self._entries:
                self._later(_upkeep_after(at + 60 * self.pool.lock_minutes), UPKEEP)
            self._carry_out(at)

    def _waited(self, number: int) -> bool:
        entry = QueueEntry.objects.filter(user=self.people[number].user).order_by("-seq").first()
        return (
            entry is not None and entry.closed_at is not None and entry.closed_at > entry.joined_at
        )

    # --- What came of it ------------------------------------------------------------------------

    def recorded(self) -> list[Demand]:
        """Return what a recorder would have seen of everybody, waits included."""
        return [
            Demand(number, frozenset(), tuple(person.wants))
            for number, person in enumerate(self.people)
            if person.wants
        ]


def waits_of(pool: LicencePool) -> list[tuple[float, bool]]:
    """Return how long each wait that was not served at once lasted (seconds), and whether it was served."""
    rows = pool.entries.exclude(closed_at=None).values_list(
        "joined_at", "closed_at", "close_reason"
    )
    return [
        ((closed - joined).total_seconds(), reason == CloseReason.SERVED)
        for joined, closed, reason in rows
        if closed is not None and closed > joined
    ]


def plans_of(demands: Sequence[Demand], patience: Sequence[float]) -> list[list[Sitting]]:
    """Return what people do when they may have to wait: until their next appointment, with their own patience."""
    drawn = iter(patience)
    plans = []
    for demand in demands:
        homes = [want.end for want in demand.wants]
        for index in range(len(homes) - 2, -1, -1):
            if demand.wants[index + 1].start - homes[index] < 6 * 3600:
                homes[index] = homes[index + 1]
        plans.append(
            [
                Sitting(want.start, want.spans, want.end, home, next(drawn))
                for want, home in zip(demand.wants, homes, strict=True)
            ]
        )
    return plans


def _upkeep_after(at: float) -> float:
    return sweep_after(at, JOBS_EVERY)
