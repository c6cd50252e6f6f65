"""Two things at once: whoever commits first wins, and the other one sees it."""

import threading
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db import connection, transaction

from activity.models import LastActivity
from ium.directory.models import User
from ium.lib.errors import Busy
from slots.models import JournalEntry, LicencePool, Slot, SlotState
from slots.services import (
    change_claim,
    change_confirm,
    pool_apply_limit,
    pool_lock,
    pool_reconcile,
    slot_activity,
    slot_release,
    slot_request,
    sweep_revoke,
    sweep_warn,
)
from slots.services.journal import journal_write
from tests.api.conftest import problem_of, with_token
from tests.concurrency.threads import PATIENCE, apart, run_before, together
from tests.factories import (
    AT,
    FakeJira,
    PoolFactory,
    claimed,
    events_of,
    holder,
    member,
    minutes,
    slot_of,
    trusted,
    waiting,
)

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite has one writer: nothing races there"),
    pytest.mark.django_db(transaction=True),
]
WARNING, SWEEP = AT + minutes(59), AT + minutes(60)
ROUNDS = 8


def make_pool(licences: int) -> LicencePool:
    """Create a pool."""
    pool: LicencePool = PoolFactory.create(assigned_licences=licences)
    return pool


@pytest.fixture
def pool() -> LicencePool:
    """A pool of one licence."""
    return make_pool(1)


@pytest.fixture
def warned(pool: LicencePool) -> User:
    """Somebody who was warned and is to lose the slot now."""
    ann = holder(pool)
    trusted(WARNING)
    sweep_warn(pool_id=pool.pk, at=WARNING)
    trusted(SWEEP)
    return ann


def fresh(pool: LicencePool) -> LicencePool:
    """The pool as a request reads it."""
    return LicencePool.objects.select_related("site").get(pk=pool.pk)


def work(user: User, pool: LicencePool, at: datetime = SWEEP) -> None:
    """Report activity now."""
    slot_activity(user=user, pool=pool, idle=timedelta(0), source="extension", at=at)


def test_four_sweeps_at_once_take_each_slot_once() -> None:
    pool = make_pool(12)
    people = [holder(pool) for _ in range(12)]
    trusted(WARNING)
    assert together([partial(sweep_warn, pool_id=pool.pk, at=WARNING)] * 4).count(12) == 1
    trusted(SWEEP)
    taken = together([partial(sweep_revoke, pool_id=pool.pk, at=SWEEP)] * 4)
    assert sorted(map(str, taken)) == ["0", "0", "0", "12"]
    assert JournalEntry.objects.filter(event="warned").count() == 12
    assert JournalEntry.objects.filter(event="revoking").count() == 12
    assert all(slot_of(person).fence == 2 for person in people)


def test_activity_that_commits_before_the_sweep_takes_the_slot_keeps_it(
    pool: LicencePool, warned: User
) -> None:
    with run_before("slots.services.losses.revoke", partial(apart, partial(work, warned, pool))):
        assert sweep_revoke(pool_id=pool.pk, at=SWEEP) == 0
    slot = slot_of(warned)
    assert (slot.state, slot.warned_at, slot.fence) == (SlotState.ACTIVE, None, 1)
    assert events_of(warned)[-1] == "kept"


def test_activity_that_commits_before_the_sweep_keeps_the_slot_also_without_the_lock(
    pool: LicencePool, warned: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slots.services.losses.pool_lock", _unlocked)
    with run_before("slots.services.losses.revoke", partial(apart, partial(work, warned, pool))):
        assert sweep_revoke(pool_id=pool.pk, at=SWEEP) == 0
    assert slot_of(warned).state == SlotState.ACTIVE


def _unlocked(pool_id: int) -> LicencePool:
    return LicencePool.objects.select_related("site").get(pk=pool_id)


def test_a_sweep_that_commits_first_wins_over_activity_and_nothing_claims_otherwise(
    pool: LicencePool, warned: User
) -> None:
    sweep = partial(sweep_revoke, pool_id=pool.pk, at=SWEEP)
    with run_before("slots.services.requests.clear_warning", partial(apart, sweep)) as ran:
        work(warned, pool)
    assert ran == [1]
    assert slot_of(warned).state == SlotState.REVOKING
    assert "kept" not in events_of(warned)


def test_no_slot_is_taken_from_somebody_whose_activity_can_be_seen(
    pool: LicencePool, warned: User
) -> None:
    noted, taken = threading.Event(), threading.Event()

    def work_slowly() -> None:
        def wait() -> None:
            noted.set()
            taken.wait(PATIENCE)

        with run_before("slots.services.requests.clear_warning", wait):
            work(warned, pool)
        connection.close()

    thread = threading.Thread(target=work_slowly)

    def can_be_seen() -> bool:
        thread.start()
        noted.wait(PATIENCE)
        return apart(LastActivity.objects.filter(user=warned).exists)

    with run_before("slots.services.losses.revoke", can_be_seen) as seen:
        sweep_revoke(pool_id=pool.pk, at=SWEEP)
    taken.set()
    thread.join(PATIENCE)
    assert slot_of(warned).state == SlotState.ACTIVE or seen == [False]


def test_activity_that_commits_before_reclaim_takes_the_slot_keeps_it(pool: LicencePool) -> None:
    LicencePool.objects.filter(pk=pool.pk).update(reclaim_on_request=True)
    ann = holder(pool)
    trusted(SWEEP)
    ben = member(pool)
    working = partial(apart, partial(work, ann, pool))
    with run_before("slots.services.losses.revoke", working):
        slot_request(user=ben, pool=fresh(pool), return_url=None, at=SWEEP)
    assert slot_of(ann).state == SlotState.ACTIVE
    assert "revoking" not in events_of(ann)


def test_a_sweep_and_reclaim_of_the_same_slot_take_it_once(pool: LicencePool, warned: User) -> None:
    LicencePool.objects.filter(pk=pool.pk).update(reclaim_on_request=True)
    ben = member(pool)
    ask = partial(slot_request, user=ben, pool=fresh(pool), return_url=None, at=SWEEP)
    together([partial(sweep_revoke, pool_id=pool.pk, at=SWEEP), ask])
    assert events_of(warned).count("revoking") == 1
    assert (slot_of(warned).state, slot_of(warned).fence) == (SlotState.REVOKING, 2)


def test_a_sweep_waits_for_activity_that_is_about_to_commit(
    pool: LicencePool, warned: User
) -> None:
    cleared, sweeping = threading.Event(), threading.Event()

    def work_slowly() -> None:
        with transaction.atomic():
            work(warned, pool)
            cleared.set()
            sweeping.wait(PATIENCE)

    def sweep() -> int:
        cleared.wait(PATIENCE)
        with run_before("slots.services.losses.revoke", sweeping.set):
            return sweep_revoke(pool_id=pool.pk, at=SWEEP)

    results = together([work_slowly, sweep])
    assert results == [None, 0]
    assert slot_of(warned).state == SlotState.ACTIVE


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_slot_freed_while_somebody_joins_does_not_stay_free(
    pool: LicencePool, round_number: int
) -> None:
    ann, ben = holder(pool), member(pool)
    slot_release(user=ann, pool=pool, at=AT)
    removal = claimed(ann, AT)
    results = together(
        [
            partial(change_confirm, change=removal, at=AT),
            partial(slot_request, user=ben, pool=pool, return_url=None, at=AT),
        ]
    )
    assert results == [True, None]
    assert slot_of(ben).state == SlotState.GRANTING
    assert pool.slots.count() == 1


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_limit_lowered_while_somebody_asks_is_kept_to(round_number: int) -> None:
    pool = make_pool(2)
    ann, ben = holder(pool), member(pool)

    def shrink() -> None:
        LicencePool.objects.filter(pk=pool.pk).update(assigned_licences=1)
        pool_apply_limit(pool_id=pool.pk, at=AT)

    ask = partial(slot_request, user=ben, pool=pool, return_url=None, at=AT)
    assert together([shrink, ask]) == [None, None]
    assert pool.slots.count() == 1
    assert slot_of(ann).state == SlotState.ACTIVE
    assert pool.entries.waiting().get().user == ben


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_of_many_workers_one_carries_out_a_change(pool: LicencePool, round_number: int) -> None:
    slot = slot_of(waiting(pool))
    claims = together([partial(change_claim, slot_id=slot.pk, at=AT)] * 6)
    assert sum(claim is not None for claim in claims) == 1
    assert not any(isinstance(claim, Exception) for claim in claims)
    assert Slot.objects.get().attempts == 1


def test_a_change_confirmed_by_two_at_once_counts_once(pool: LicencePool) -> None:
    change = claimed(waiting(pool), AT)
    confirmations = together([partial(change_confirm, change=change, at=AT)] * 4)
    assert sorted(map(str, confirmations)) == ["False", "False", "False", "True"]
    assert JournalEntry.objects.filter(event="confirmed").count() == 1


def test_a_claim_and_a_withdrawal_at_once_never_lose_a_call() -> None:
    for _ in range(ROUNDS):
        pool = make_pool(1)
        slot = slot_of(waiting(pool))
        LicencePool.objects.filter(pk=pool.pk).update(assigned_licences=0)
        change, _ = together(
            [
                partial(change_claim, slot_id=slot.pk, at=AT),
                partial(pool_apply_limit, pool_id=pool.pk, at=AT),
            ]
        )
        row = pool.slots.first()
        assert (change is None) == (row is None), "a call is under way for a row that is gone"
        assert row is None or row.state == SlotState.REVOKING


def test_two_reconcilers_at_once_repair_each_difference_once() -> None:
    pool = make_pool(6)
    for _ in range(3):
        holder(pool)
    outsiders = {str(member(pool).account_id) for _ in range(2)}
    compare = partial(
        pool_reconcile,
        pool_id=pool.pk,
        member_ids=outsiders,
        read_at=AT + minutes(5),
        at=AT + minutes(5),
    )
    results = together([compare] * 3)
    assert not any(isinstance(result, Exception) for result in results)
    repairs = JournalEntry.objects.filter(event="repaired").order_by("reason")
    assert [repair.reason for repair in repairs] == ["adopted"] * 2 + ["missing"] * 3
    assert pool.slots.used().count() == 5


def test_two_first_reports_of_activity_at_once_make_one_row(pool: LicencePool) -> None:
    ann = member(pool)
    reports = [partial(work, ann, pool, AT + timedelta(seconds=n)) for n in range(6)]
    assert together(reports) == [None] * 6
    assert LastActivity.objects.get(user=ann).last_active_at == AT + timedelta(seconds=5)


def test_a_pool_that_stays_locked_is_busy_and_the_caller_is_told_when_to_come_back(
    pool: LicencePool, utc_now: object
) -> None:
    client = with_token(member(pool))
    locked, answered = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            pool_lock(pool.pk)
            locked.set()
            answered.wait(PATIENCE)

    def ask() -> None:
        locked.wait(PATIENCE)
        try:
            answer = client.post("/api/v1/slot", {}, format="json")
            problem_of(answer, 503, "busy")
            assert answer["Retry-After"] == "3"
        finally:
            answered.set()

    assert together([hold, ask]) == [None, None]


def test_the_lock_of_one_pool_does_not_hold_up_another_nor_the_journal(
    pool: LicencePool,
) -> None:
    other = make_pool(1)
    with transaction.atomic():
        pool_lock(pool.pk)
        apart(partial(waiting, other))
        apart(partial(journal_write, event="paused", at=AT, pool=pool))  # type: ignore[arg-type]
        with pytest.raises(Busy):
            apart(partial(_lock_at_once, pool.pk))


def _lock_at_once(pool_id: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        pool_lock_statement = "SET LOCAL lock_timeout = '50ms'"
        cursor.execute(pool_lock_statement)
        try:
            list(LicencePool.objects.select_for_update(no_key=True).filter(pk=pool_id))
        except Exception as error:
            raise Busy(str(error)) from error


def test_many_full_rounds_at_once_end_as_they_should(jira: FakeJira) -> None:
    pool = make_pool(3)
    people = [waiting(pool) for _ in range(9)]
    jira.settle(AT)
    together([partial(slot_release, user=person, pool=pool, at=AT) for person in people[:6]])
    while jira.settle(AT):
        pass
    assert {slot.holder for slot in pool.slots.used()} == set(people[6:])
    assert jira.highest_of(pool) == 3
