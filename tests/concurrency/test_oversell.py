"""Never too many, under real concurrency (promise 1): rows give safety, the lock gives order."""

import threading
from collections.abc import Iterator
from functools import partial

import pytest
from django.conf import settings
from django.db import connection

from ium.directory.models import User
from slots.models import LicencePool, QueueEntry, Slot, SlotState
from slots.services import slot_request
from tests.concurrency.hammering import (
    SharedJira,
    check_limit,
    check_one_place_each,
    check_order,
    crowd,
    hammer,
)
from tests.concurrency.threads import PATIENCE, together
from tests.factories import AT, PoolFactory, holder, member, trusted

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite has one writer: nothing races there"),
    pytest.mark.django_db(transaction=True),
]
LICENCES, THREADS, EACH = 50, 32, 3


@pytest.fixture
def pool() -> LicencePool:
    """A pool of fifty licences."""
    trusted(AT)
    made: LicencePool = PoolFactory.create(assigned_licences=LICENCES)
    return made


def unlocked(pool_id: int) -> LicencePool:
    """Return the pool without locking it."""
    return LicencePool.objects.select_related("site").get(pk=pool_id)


@pytest.fixture
def _without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes the pool lock: only the rows and their constraints are left."""
    for module in ("asking", "requests", "confirming", "refusing", "losses", "upkeep"):
        monkeypatch.setattr(f"slots.services.{module}.pool_lock", unlocked)


@pytest.fixture
def _without_constraints(pool: LicencePool) -> Iterator[None]:
    """The database allows everything: only the lock is left."""
    constraints = [
        (model, constraint)
        for model in (Slot, QueueEntry)
        for constraint in model._meta.constraints
    ]
    with connection.schema_editor() as editor:
        for model, constraint in constraints:
            editor.remove_constraint(model, constraint)
    yield
    Slot.objects.all().delete()
    QueueEntry.objects.all().delete()
    with connection.schema_editor() as editor:
        for model, constraint in constraints:
            editor.add_constraint(model, constraint)


def test_control_counting_and_then_inserting_without_a_lock_oversells(pool: LicencePool) -> None:
    pool.slots.all().delete()
    people = crowd(pool, 8)
    counted = threading.Barrier(8, timeout=PATIENCE)

    def take(user: User) -> None:
        free = pool.slots.count() < 3
        counted.wait()
        if free:
            Slot.objects.create(pool=pool, state=SlotState.ACTIVE, holder=user)

    together([partial(take, person) for person in people])
    assert pool.slots.count() == 8, "the race is not seen: the other tests prove nothing"


@pytest.mark.usefixtures("_without_lock", "_without_constraints")
def test_control_without_lock_and_constraints_somebody_gets_two_slots(pool: LicencePool) -> None:
    ann = member(pool)
    ask = partial(slot_request, user=ann, pool=pool, return_url=None, at=AT)
    for _ in range(20):
        together([ask] * 8)
        if Slot.objects.filter(holder=ann).count() > 1:
            return
        Slot.objects.filter(holder=ann).update(state="free", holder=None)
    pytest.fail("the race is not seen: the other tests prove nothing")


def test_many_asking_at_once_get_no_more_than_there_is_in_exact_order(pool: LicencePool) -> None:
    jira = SharedJira()
    watcher = hammer(pool, threads=THREADS, each=EACH, jira=jira)
    check_limit(pool, watcher, jira)
    check_order(pool)
    check_one_place_each(pool)


@pytest.mark.usefixtures("_without_lock")
def test_rows_and_constraints_alone_do_not_oversell(pool: LicencePool) -> None:
    jira = SharedJira()
    watcher = hammer(pool, threads=THREADS, each=EACH, jira=jira)
    assert watcher.highest <= LICENCES
    assert jira.highest_of(pool) <= LICENCES
    assert pool.slots.count() == LICENCES
    assert jira.objections > 0, "nothing raced"


@pytest.mark.usefixtures("_without_constraints")
def test_the_lock_alone_does_not_oversell(pool: LicencePool) -> None:
    jira = SharedJira()
    watcher = hammer(pool, threads=THREADS, each=EACH, jira=jira)
    check_limit(pool, watcher, jira)
    check_order(pool)
    check_one_place_each(pool)


def test_one_person_asking_eight_times_at_once_gets_one_slot(pool: LicencePool) -> None:
    ann = member(pool)
    results = together([partial(slot_request, user=ann, pool=pool, return_url=None, at=AT)] * 8)
    assert results == [None] * 8
    assert Slot.objects.filter(holder=ann).count() == 1
    assert QueueEntry.objects.filter(user=ann).count() == 1


def test_one_person_asking_eight_times_at_once_waits_once() -> None:
    pool = PoolFactory.create(assigned_licences=1)
    holder(pool)
    ben = member(pool)
    results = together([partial(slot_request, user=ben, pool=pool, return_url=None, at=AT)] * 8)
    assert results == [None] * 8
    assert QueueEntry.objects.filter(user=ben).count() == 1
