# ruff: noqa: S311 - a random history needs no secrets
"""Five minutes of a pool, against what the rows really were after every step of a random history."""

# mypy: allow-untyped-calls

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
import time_machine

from ium.directory.models import User
from ium.usage.models import Gap, GapReason, IntervalUse
from ium.usage.recording.intervals import record_intervals
from slots import services
from slots.models import LicencePool, Slot
from tests import factories
from tests.factories import AT, FakeJira, PoolFactory, minutes, seconds

pytestmark = pytest.mark.django_db
FIVE = minutes(5)


@dataclass
class Look:
    """How the rows of a pool stood from a moment on."""

    at: datetime
    occupied: int
    waiting: int
    warned: int
    limit: int


@dataclass
class Life:
    """A pool in which random things happen, and somebody who counts after each."""

    rng: Random
    travel: Callable[[datetime], None]
    at: datetime = AT
    looks: list[Look] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.jira = FakeJira()
        self.travel(self.at)
        self.pool: LicencePool = PoolFactory.create(
            assigned_licences=self.rng.randint(1, 3),
            inactivity_minutes=5,
            sweep_interval_minutes=1,
            claim_seconds=90,
            reclaim_on_request=self.rng.random() < 0.5,
        )
        self.people = [factories.member(self.pool) for _ in range(6)]
        factories.trusted(self.at)
        self.look()

    def look(self) -> None:
        pool = LicencePool.objects.get(pk=self.pool.pk)
        used = pool.slots.used()
        warned = used.filter(warned_at__isnull=False).count()
        waiting = pool.entries.waiting().count()
        self.looks.append(Look(self.at, used.count(), waiting, warned, pool.slot_count))

    def step(self) -> None:
        self.at += seconds(self.rng.choice([1, 7, 20, 45, 100]))
        self.travel(self.at)
        services.intake_observe(at=self.at)
        self.look()
        self.at += seconds(0.5)
        self.travel(self.at)
        self.rng.choice(
            [self.ask] * 2
            + [self.answer] * 3
            + [self.sweep] * 2
            + [self.refuse, self.leave, self.upkeep, self.work, self.limit, self.take]
        )()
        self.look()

    def who(self) -> User:
        return self.rng.choice(self.people)

    def ask(self) -> None:
        services.slot_request(user=self.who(), pool=self.pool, return_url=None, at=self.at)

    def answer(self) -> None:
        for change in self.jira.claim_all(self.at)[:1]:
            services.change_confirm(change=change, at=self.at)

    def refuse(self) -> None:
        for change in self.jira.claim_all(self.at)[:1]:
            whole = self.rng.random() < 0.5
            services.change_refuse(
                change=change, whole_pool=whole, message="No.", code="refused", at=self.at
            )

    def leave(self) -> None:
        services.slot_release(user=self.who(), pool=self.pool, at=self.at)

    def sweep(self) -> None:
        job = self.rng.choice([services.sweep_warn, services.sweep_revoke])
        job(pool_id=self.pool.pk, at=self.at)

    def upkeep(self) -> None:
        services.pool_upkeep(pool_id=self.pool.pk, at=self.at)

    def work(self) -> None:
        services.slot_activity(
            user=self.who(), pool=self.pool, idle=timedelta(0), source="extension", at=self.at
        )

    def limit(self) -> None:
        pool = LicencePool.objects.get(pk=self.pool.pk)
        pool.assigned_licences = self.rng.randint(1, 4)
        services.pool_configure(pool=pool, at=self.at)

    def take(self) -> None:
        slot = Slot.objects.filter(pool=self.pool).order_by("?").first()
        if slot is not None:
            services.slot_take_back(slot_id=slot.pk, at=self.at, actor=None)

    def between(self, begin: datetime, end: datetime) -> list[Look]:
        """Return every look that stood at some time in between."""
        before = [look for look in self.looks if look.at < begin]
        return before[-1:] + [look for look in self.looks if begin <= look.at < end]


@pytest.fixture
def travel() -> Iterator[Callable[[datetime], None]]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller.move_to


@pytest.mark.parametrize("seed", range(5))
def test_every_interval_is_what_somebody_saw_who_counted_after_every_step(
    seed: int, travel: Callable[[datetime], None]
) -> None:
    life = Life(Random(seed), travel)
    for number in range(110):
        life.step()
        if number % 9 == 0:
            record_intervals(pool_id=life.pool.pk, at=life.at)
    record_intervals(pool_id=life.pool.pk, at=life.at)
    rows = list(IntervalUse.objects.order_by("at"))
    assert len(rows) > 5
    for row in rows:
        looks = life.between(row.at, row.at + FIVE)
        assert row.max_occupied == max(look.occupied for look in looks), row.at
        assert row.max_waiting == max(look.waiting for look in looks), row.at
        last = looks[-1]
        assert (row.occupied, row.waiting, row.warned, row.limit) == (
            last.occupied,
            last.waiting,
            last.warned,
            last.limit,
        ), row.at
        assert row.free == max(0, last.limit - last.occupied)
        assert row.draining == max(0, last.occupied - last.limit)
        full = sum(
            (after.at - max(look.at, row.at)).total_seconds()
            for look, after in zip(
                looks, [*looks[1:], Look(row.at + FIVE, 0, 0, 0, 0)], strict=True
            )
            if look.occupied >= look.limit
        )
        assert row.full_seconds == pytest.approx(full)


def test_a_run_that_was_missed_is_caught_up_and_one_too_many_changes_nothing(
    travel: Callable[[datetime], None],
) -> None:
    life = Life(Random(99), travel)
    for _ in range(100):
        life.step()
    record_intervals(pool_id=life.pool.pk, at=life.at)
    once = list(IntervalUse.objects.order_by("at").values())
    assert once
    assert record_intervals(pool_id=life.pool.pk, at=life.at) == 2, "the last two are made again"
    assert list(IntervalUse.objects.order_by("at").values()) == once
    IntervalUse.objects.filter(at__gte=once[3]["at"]).delete()
    record_intervals(pool_id=life.pool.pk, at=life.at)
    again = list(IntervalUse.objects.order_by("at").values())
    assert [without_key(row) for row in again] == [without_key(row) for row in once]


def without_key(row: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "id"}


def seen(at: datetime) -> float | None:
    """Return how much of the interval was seen; None when there is none."""
    return IntervalUse.objects.filter(at=at).values_list("seen_seconds", flat=True).first()


def running(pool: LicencePool, begin: datetime, end: datetime) -> None:
    """Let IUM run: activity is received, and usage is recorded."""
    moment = begin
    while moment <= end:
        services.intake_observe(at=moment)
        record_intervals(pool_id=pool.pk, at=moment)
        moment += minutes(1)


def test_nothing_is_made_up_for_the_time_in_which_ium_did_not_run(
    travel: Callable[[datetime], None],
) -> None:
    pool = PoolFactory.create()
    running(pool, AT, AT + minutes(12))
    running(pool, AT + minutes(33), AT + minutes(50))
    assert [seen(AT + minutes(m)) for m in (5, 10, 15, 20, 25, 30, 35)] == [
        300,
        120,
        None,
        None,
        None,
        120,
        300,
    ]
    gap = Gap.objects.get()
    assert (gap.begins_at, gap.ends_at) == (AT + minutes(12), AT + minutes(33))
    assert (gap.pool, gap.reason) == (None, GapReason.NOT_RUNNING)


def test_while_ium_is_away_nothing_is_recorded_yet(travel: Callable[[datetime], None]) -> None:
    pool = PoolFactory.create()
    running(pool, AT, AT + minutes(12))
    record_intervals(pool_id=pool.pk, at=AT + minutes(30))
    assert [seen(AT + minutes(m)) for m in (5, 10)] == [300, None]


def test_after_the_clock_was_set_back_the_time_is_recorded_anew(
    travel: Callable[[datetime], None],
) -> None:
    pool = PoolFactory.create()
    ahead = AT + timedelta(days=1)
    running(pool, AT, AT + minutes(11))
    running(pool, ahead, ahead + minutes(30))
    assert seen(ahead + minutes(10)) == 300
    travel(AT + minutes(13))
    running(pool, AT + minutes(13), AT + minutes(30))
    assert seen(ahead + minutes(10)) is None
    assert [seen(AT + minutes(m)) for m in (5, 10, 15, 20)] == [300, 120, 300, 300]
    clock = Gap.objects.get(reason=GapReason.CLOCK)
    assert (clock.begins_at, clock.ends_at) == (AT + minutes(10), AT + minutes(13))
    # A day later the clock tells the wrong time's moments again: nothing of it comes back.
    travel(ahead)
    running(pool, ahead + minutes(1), ahead + minutes(16))
    assert [seen(ahead + minutes(m)) for m in (0, 5, 10)] == [240, 300, 300]


def test_a_restored_backup_leaves_a_gap_since_it_was_taken(
    travel: Callable[[datetime], None],
) -> None:
    pool = PoolFactory.create()
    running(pool, AT, AT + minutes(11))
    back = AT + minutes(61)
    services.pool_restored(pool_id=pool.pk, taken_at=AT + minutes(11), at=back)
    factories.trusted(back)
    running(pool, back, back + minutes(15))
    gap = Gap.objects.get()
    assert (gap.pool, gap.reason) == (pool, GapReason.RESTORED)
    assert (gap.begins_at, gap.ends_at) == (AT + minutes(11), back)
    assert [seen(AT + minutes(m)) for m in (5, 30, 60, 65)] == [300, None, 240, 300]


def test_the_first_interval_begins_with_the_pool(travel: Callable[[datetime], None]) -> None:
    travel(AT + minutes(2))
    pool = PoolFactory.create(assigned_licences=0)
    running(pool, AT + minutes(2), AT + minutes(12))
    assert [seen(AT + minutes(m)) for m in (-5, 0, 5)] == [None, 180, 300]


def test_the_work_does_not_grow_with_what_happened_before(
    django_assert_max_num_queries: Callable[[int], object], travel: Callable[[datetime], None]
) -> None:
    life = Life(Random(5), travel)
    for _ in range(80):
        life.step()
    with django_assert_max_num_queries(22):  # type: ignore[attr-defined]
        record_intervals(pool_id=life.pool.pk, at=life.at)
