"""A group's cap holds when two dispatches run at the same moment; the control shows the race."""

import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from slots import shares
from slots.models import GroupRule, LicencePool, Slot
from slots.services import dispatch, group_rules_changed, picking, pool_lock, slot_request
from tests.concurrency.test_oversell import unlocked
from tests.concurrency.threads import PATIENCE, together
from tests.factories import AT, GroupFactory, MembershipFactory, PoolFactory, member, trusted

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(settings.IS_SQLITE, reason="SQLite has one writer: nothing races there"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def pool() -> LicencePool:
    """Two free slots, for two waiting people of a group that may have one."""
    trusted(AT)
    made: LicencePool = PoolFactory.create(assigned_licences=2)
    group = GroupFactory.create(site=made.site, name="team")
    GroupRule.objects.create(pool=made, group=group, max_slots=1)
    group_rules_changed(pool_id=made.pk, at=AT)
    made.slots.all().delete()
    for _ in range(2):
        person = member(made)
        MembershipFactory.create(group=group, user=person)
        slot_request(user=person, pool=made, return_url=None, at=AT)
    Slot.objects.bulk_create([Slot(pool=made) for _ in range(2)])
    return made


@pytest.fixture
def _crosswise(monkeypatch: pytest.MonkeyPatch) -> None:
    """For one of two dispatches the first person is silent: they want different slots for different people."""
    first: list[int] = []
    heads, free = dispatch._heads, dispatch.free_slots

    def turned() -> bool:
        me = threading.get_ident()
        if me != threading.main_thread().ident:
            first.append(me)
        return bool(first) and first[0] != me

    def some_heads(pool: LicencePool, at: datetime) -> Any:
        found = heads(pool, at)
        return found.exclude(pk=found[0].pk) if turned() else found

    def some_free(pool: LicencePool) -> Any:
        return free(pool)[::-1] if turned() else free(pool)

    monkeypatch.setattr(dispatch, "_heads", some_heads)
    monkeypatch.setattr(dispatch, "free_slots", some_free)


def both_dispatch(pool: LicencePool, lock: Callable[[int], LicencePool]) -> int:
    """Dispatch twice at once; return how many slots the group then has."""

    def once() -> None:
        with transaction.atomic():
            dispatch.pool_dispatch(pool=lock(pool.pk), at=AT)

    together([partial(once), partial(once)])
    return Slot.objects.exclude(holder=None).count()


@pytest.mark.usefixtures("_crosswise")
def test_control_without_the_lock_the_group_gets_more_than_its_cap(
    pool: LicencePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted, choose = threading.Barrier(2, timeout=PATIENCE), shares.choose

    def wait_for_the_other(*args: Any) -> Any:
        chosen = choose(*args)
        counted.wait()
        return chosen

    monkeypatch.setattr(picking, "choose", wait_for_the_other)
    assert both_dispatch(pool, unlocked) == 2, "the race is not seen: the other test proves nothing"


@pytest.mark.usefixtures("_crosswise")
def test_the_cap_holds_when_two_dispatches_run_at_once(pool: LicencePool) -> None:
    assert both_dispatch(pool, pool_lock) == 1
    assert pool.entries.waiting().count() == 1
