"""Measuring mode: activity is recorded, and nothing else happens."""

# mypy: allow-untyped-calls

from datetime import timedelta

import pytest

from ium.lib.errors import NotEntitled, Refused
from jira_sync.services.reconciling import reconcile_pool
from jira_sync.sync.refusals import refuse_reset
from slots import services
from slots.document import slot_document
from slots.models import Event, JournalEntry, LicencePool, QueueEntry, Slot
from tests import factories
from tests.factories import AT, FakeJira, PoolFactory, minutes, seconds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("intake")]


def measuring(**fields: object) -> LicencePool:
    pool: LicencePool = PoolFactory.create(measuring=True, **fields)
    return pool


def test_nobody_gets_a_slot_and_nobody_waits() -> None:
    pool = measuring()
    user = factories.member(pool)
    with pytest.raises(NotEntitled) as refusal:
        services.slot_request(user=user, pool=pool, return_url=None, at=AT)
    assert refusal.value.code == "measuring"
    assert not QueueEntry.objects.exists()
    assert not Slot.objects.used().exists()
    assert not JournalEntry.objects.filter(event=Event.REFUSED).exists(), "it is no refusal"


@pytest.mark.parametrize("managed", [True, False])
def test_everybodys_activity_is_recorded(managed: bool) -> None:
    pool = measuring()
    user = factories.member(pool) if managed else factories.UserFactory.create()
    services.slot_activity(user=user, pool=pool, idle=seconds(10), source="extension", at=AT)
    assert factories.last_active(user) == AT - seconds(10)


def test_everybody_is_told_so() -> None:
    pool = measuring()
    document = slot_document(user=factories.UserFactory.create(), pool=pool, at=AT)
    assert (document.state, document.reason, document.automatic) == ("none", "measuring", False)
    assert "only measures" in document.message


def test_nobody_is_warned_or_loses_a_slot_even_if_there_is_one(jira: FakeJira) -> None:
    pool = PoolFactory.create()
    jira.holder(pool)
    LicencePool.objects.update(measuring=True)
    later = AT + timedelta(hours=3)
    factories.trusted(later)
    services.sweep_warn(pool_id=pool.pk, at=later - minutes(1))
    services.sweep_revoke(pool_id=pool.pk, at=later)
    slot = Slot.objects.used().get()
    assert (slot.state, slot.warned_at) == ("active", None)
    Slot.objects.used().update(state="granting")
    assert jira.settle(later) == 0, "no call"


def test_it_begins_only_without_slots_in_use_and_ends_the_waits(jira: FakeJira) -> None:
    pool = PoolFactory.create(assigned_licences=1)
    user = jira.holder(pool)
    waiting = factories.waiting(pool)
    actor = factories.UserFactory.create()
    with pytest.raises(Refused, match="1 still in use"):
        services.measuring_begin(pool_id=pool.pk, at=AT, actor=actor)
    services.slot_release(user=waiting, pool=pool, at=AT)
    services.slot_release(user=user, pool=pool, at=AT)
    jira.settle(AT)
    services.measuring_begin(pool_id=pool.pk, at=AT, actor=actor)
    assert not QueueEntry.objects.waiting().exists()
    assert LicencePool.objects.get().measuring


def test_it_ends_at_somebodys_word_and_the_journal_says_whose(jira: FakeJira) -> None:
    pool = measuring()
    actor = factories.UserFactory.create()
    assert services.measuring_end(pool_id=pool.pk, at=AT, actor=actor)
    assert not services.measuring_end(pool_id=pool.pk, at=AT, actor=actor), "once is enough"
    entry = JournalEntry.objects.get(event=Event.MEASURING)
    assert (entry.reason, entry.actor) == ("ended", actor)
    pool.refresh_from_db()
    assert jira.holder(pool).slots.exists()
    assert list(pool.history.values_list("measuring", flat=True)) == [False, True]


def test_saving_the_settings_does_not_end_it() -> None:
    pool = measuring()
    form = LicencePool.objects.get()
    form.measuring = False
    services.pool_configure(pool=form, at=AT)
    assert LicencePool.objects.get(pk=pool.pk).measuring


def test_the_access_group_is_not_compared_and_nobody_is_thrown_out() -> None:
    pool = measuring()
    assert reconcile_pool(pool_id=pool.pk) is None
    with pytest.raises(Refused) as refusal:
        refuse_reset(pool)
    assert refusal.value.code == "pool_measuring"
