"""What warnings and the sweep cost the database, pinned: the same for one slot and for many."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings

from slots.models import LicencePool, SlotState
from slots.services import losses, sweep_revoke, sweep_warn
from tests.factories import active, events_of, holder, minutes, seconds, slot_of, trusted
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db
Counter = Callable[[int], AbstractContextManager[Any]]
# PostgreSQL is told how long to wait for the pool lock.
LIMIT = 0 if settings.IS_SQLITE else 1
WARNING, SWEEP = minutes(59), minutes(60)


def full_pool(holders: int, at: datetime) -> LicencePool:
    """Return a pool whose holders have all been inactive since."""
    pool = make_pool(assigned_licences=holders)
    for _ in range(holders):
        holder(pool, at)
    return pool


@pytest.mark.parametrize("holders", [1, 12])
def test_warning_and_sweep_cost_the_same_for_one_slot_and_for_many(
    holders: int, at: datetime, django_assert_num_queries: Counter, wanted: list[int]
) -> None:
    pool = full_pool(holders, at)
    wanted.clear()
    trusted(at + WARNING)
    with django_assert_num_queries(6 + LIMIT):
        assert sweep_warn(pool_id=pool.pk, at=at + WARNING) == holders
    trusted(at + SWEEP)
    with django_assert_num_queries(7 + LIMIT):
        assert sweep_revoke(pool_id=pool.pk, at=at + SWEEP) == holders


def test_a_sweep_of_several_batches_takes_everybody_and_tells_of_everybody_once(
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
    wanted: list[int],
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> None:
    monkeypatch.setattr(losses, "BATCH", 3)
    pool = full_pool(8, at)
    trusted(at + WARNING)
    sweep_warn(pool_id=pool.pk, at=at + WARNING)
    trusted(at + SWEEP)
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep_revoke(pool_id=pool.pk, at=at + SWEEP) == 8
    assert sorted(wanted) == sorted(pool.slots.values_list("pk", flat=True))
    assert set(pool.slots.values_list("state", "fence")) == {(SlotState.REVOKING, 2)}


def test_in_one_sweep_the_active_keep_and_the_inactive_lose_and_each_is_journalled(
    at: datetime,
) -> None:
    pool = make_pool(assigned_licences=4)
    ann, ben, eva, tom = (holder(pool, at) for _ in range(4))
    trusted(at + WARNING)
    sweep_warn(pool_id=pool.pk, at=at + WARNING)
    active(ben, pool, at + WARNING + seconds(1))
    tom.is_protected = True
    tom.save()
    trusted(at + SWEEP)
    assert sweep_revoke(pool_id=pool.pk, at=at + SWEEP) == 2
    last = {
        person: (slot_of(person).state, events_of(person)[-1]) for person in (ann, ben, eva, tom)
    }
    lost, kept = (SlotState.REVOKING, "revoking"), (SlotState.ACTIVE, "kept")
    assert last == {ann: lost, ben: kept, eva: lost, tom: kept}
