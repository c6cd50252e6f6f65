"""What the steps of periodic jobs and of carrying out cost the database, pinned; the same for one slot and for many."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings

from slots.models import LicencePool
from slots.services import (
    Answer,
    change_claim,
    change_confirm,
    changes_confirm,
    pool_reconcile,
    pool_upkeep,
    slot_release,
    sweep_revoke,
    sweep_warn,
)
from tests.factories import claimed, holder, minutes, seconds, slot_of, trusted, waiting
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db
Counter = Callable[[int], AbstractContextManager[Any]]
# PostgreSQL is told how long to wait for the pool lock. Each service costs two more within a test: its savepoint.
LIMIT = 0 if settings.IS_SQLITE else 1


@pytest.fixture(params=[1, 12])
def full(request: pytest.FixtureRequest, at: datetime) -> LicencePool:
    """A pool whose holders were all active a moment ago."""
    pool = make_pool(assigned_licences=request.param)
    for _ in range(request.param):
        holder(pool, at)
    trusted(at + seconds(1))
    return pool


def test_looking_for_somebody_to_warn_or_to_sweep(
    full: LicencePool, at: datetime, django_assert_num_queries: Counter
) -> None:
    with django_assert_num_queries(3 + LIMIT):
        sweep_warn(pool_id=full.pk, at=at + seconds(1))
    with django_assert_num_queries(5 + LIMIT):
        sweep_revoke(pool_id=full.pk, at=at + seconds(1))


def test_upkeep_with_nothing_to_do(
    full: LicencePool, at: datetime, django_assert_num_queries: Counter
) -> None:
    pool_upkeep(pool_id=full.pk, at=at + seconds(1))  # remembers the database, once
    with django_assert_num_queries(9 + LIMIT):
        pool_upkeep(pool_id=full.pk, at=at + seconds(1))


def test_comparing_with_a_jira_that_agrees(
    full: LicencePool, at: datetime, django_assert_num_queries: Counter
) -> None:
    members = [str(slot.holder.account_id) for slot in full.slots.all() if slot.holder]
    with django_assert_num_queries(6 + LIMIT):
        pool_reconcile(pool_id=full.pk, member_ids=members, read_at=at + minutes(1), at=at)


def test_a_grant(at: datetime, django_assert_num_queries: Counter) -> None:
    pool = make_pool(assigned_licences=1)
    slot = slot_of(waiting(pool, at))
    with django_assert_num_queries(5):
        change = change_claim(slot_id=slot.pk, at=at)
    assert change is not None
    with django_assert_num_queries(6 + LIMIT):
        assert change_confirm(change=change, at=at)


def test_a_removal_and_the_next_grant(at: datetime, django_assert_num_queries: Counter) -> None:
    pool = make_pool(assigned_licences=1)
    ann = holder(pool, at)
    waiting(pool, at)
    slot_release(user=ann, pool=pool, at=at)
    change = claimed(ann, at)
    with django_assert_num_queries(14 + LIMIT):
        assert change_confirm(change=change, at=at)


@pytest.mark.parametrize("number", [2, 9])
def test_what_jira_confirms_at_the_same_moment_costs_as_much_for_many(
    number: int, at: datetime, django_assert_num_queries: Counter
) -> None:
    pool = make_pool(assigned_licences=2 * number)
    leaving = [holder(pool, at) for _ in range(number)]
    coming = [waiting(pool, at) for _ in range(2 * number)]
    for user in leaving:
        slot_release(user=user, pool=pool, at=at)
    changes = [claimed(user, at) for user in [*leaving, *coming[:number]]]
    answers = [Answer(change, goes_on=True) for change in changes]
    with django_assert_num_queries(18 + LIMIT):
        confirmed = changes_confirm(pool_id=pool.pk, answers=answers, at=at)
    assert all(one.counted for one in confirmed)
    follow = [one.follows.account_id for one in confirmed if one.follows is not None]
    assert follow == [user.account_id for user in coming[number:]]
