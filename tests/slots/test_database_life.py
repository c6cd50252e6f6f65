"""A database that was started again may have lost its last moments: nothing is given before Jira was read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from slots import services
from slots.models import JournalEntry, LicencePool, Slot, SlotState
from slots.services import database_life
from tests import factories
from tests.factories import AT, FakeJira, PoolFactory, events_in, seconds

pytestmark = pytest.mark.django_db


@pytest.fixture
def pool() -> LicencePool:
    """Two licences, in use since this database was started."""
    factories.trusted(AT)
    made: LicencePool = PoolFactory.create(assigned_licences=2)
    services.pool_upkeep(pool_id=made.pk, at=AT)
    return made


def restarted(pool: LicencePool) -> None:
    """Let the rows be of an earlier life."""
    LicencePool.objects.filter(pk=pool.pk).update(database_life="an earlier one")


def used(pool: LicencePool) -> int:
    return pool.slots.used().count()


def test_a_pool_remembers_the_life_of_its_database(pool: LicencePool) -> None:
    before = LicencePool.objects.get(pk=pool.pk).database_life
    assert before
    services.pool_upkeep(pool_id=pool.pk, at=AT + seconds(10))
    assert LicencePool.objects.get(pk=pool.pk).database_life == before
    assert "paused" not in events_in(pool)


def test_nothing_is_given_after_a_restart_until_jira_was_read(pool: LicencePool) -> None:
    person = factories.waiting(pool, AT)
    Slot.objects.update(state=SlotState.FREE, holder=None, granted_at=None, queue_entry=None)
    restarted(pool)
    services.pool_upkeep(pool_id=pool.pk, at=AT + seconds(10))
    services.slot_request(user=person, pool=pool, return_url=None, at=AT + seconds(11))
    assert used(pool) == 0
    fresh = LicencePool.objects.get(pk=pool.pk)
    assert services.awaits_comparison(fresh)
    assert "started again" in fresh.paused_message
    found = JournalEntry.objects.filter(pool=pool, reason="database_restarted")
    assert sorted(found.values_list("event", flat=True)) == ["clocks_reset", "paused"]


def test_members_that_no_row_knows_of_are_found_and_the_pool_opens(pool: LicencePool) -> None:
    """The lost second: somebody was given the slot that looks free."""
    restarted(pool)
    services.pool_upkeep(pool_id=pool.pk, at=AT)
    lost = [factories.member(pool) for _ in range(2)]
    waits = factories.waiting(pool, AT)
    at = JournalEntry.objects.filter(event="paused").latest("at").at + timedelta(seconds=91)
    services.pool_reconcile(
        pool_id=pool.pk,
        member_ids=[person.account_id or "" for person in lost],
        read_at=at,
        at=at,
        people_are_fresh=True,
    )
    holders = set(pool.slots.used().values_list("holder", flat=True))
    assert holders == {person.pk for person in lost}
    assert waits.pk not in holders
    assert LicencePool.objects.get(pk=pool.pk).paused_until is None


def test_an_addition_on_its_way_waits(pool: LicencePool) -> None:
    """In the lost second it may have been carried out, taken back, and the slot given to somebody else."""
    person = factories.member(pool)
    services.slot_request(user=person, pool=pool, return_url=None, at=AT)
    slot = pool.slots.get(holder=person)
    restarted(pool)
    assert services.change_claim(slot_id=slot.pk, at=AT + seconds(1)) is None
    services.pool_upkeep(pool_id=pool.pk, at=AT + seconds(2))
    assert services.change_claim(slot_id=slot.pk, at=AT + seconds(3)) is None


def test_a_removal_on_its_way_goes_on(pool: LicencePool) -> None:
    person = FakeJira().holder(pool)
    services.slot_release(user=person, pool=pool, at=AT + seconds(1))
    restarted(pool)
    slot = pool.slots.get(holder=person)
    assert services.change_claim(slot_id=slot.pk, at=AT + seconds(2)) is not None


def test_a_dry_run_gives_on(pool: LicencePool) -> None:
    LicencePool.objects.update(dry_run=True)
    restarted(pool)
    services.pool_upkeep(pool_id=pool.pk, at=AT)
    assert not services.awaits_comparison(LicencePool.objects.get(pk=pool.pk))


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="of SQLite")
def test_the_life_of_sqlite_is_the_boot_of_its_machine(
    pool: LicencePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connection.vendor == "sqlite"
    monkeypatch.setattr(database_life, "_boot", lambda: "another boot")
    services.pool_upkeep(pool_id=pool.pk, at=AT)
    assert services.awaits_comparison(LicencePool.objects.get(pk=pool.pk))
