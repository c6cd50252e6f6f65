"""Handing a slot back, leaving the queue, leaving the user group, and the administrator's hand."""

from datetime import datetime

import pytest

from ium.lib.errors import Refused
from slots.models import CloseReason, JournalEntry, LicencePool, LossReason, SlotState
from slots.services import (
    pool_people_left,
    queue_entry_move_up,
    queue_entry_remove,
    queue_give_slot,
    slot_release,
    slot_take_back,
)
from tests.factories import (
    FakeJira,
    UserFactory,
    entry_of,
    events_in,
    events_of,
    holder,
    member,
    seconds,
    slot_of,
    waiting,
)

pytestmark = pytest.mark.django_db


def test_a_slot_handed_back_counts_as_used_until_jira_confirms(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    ben = waiting(single, at)
    slot_release(user=ann, pool=single, at=at)
    slot = slot_of(ann)
    assert (slot.state, slot.loss_reason) == (SlotState.REVOKING, LossReason.RELEASED)
    assert entry_of(ben).closed_at is None
    jira.settle(at)
    assert slot_of(ben).state == SlotState.ACTIVE
    assert jira.highest_of(single) == 1


def test_handing_back_twice_is_harmless(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    slot_release(user=ann, pool=single, at=at)
    slot_release(user=ann, pool=single, at=at)
    assert events_of(ann).count("revoking") == 1


def test_a_slot_can_be_handed_back_before_jira_confirmed_it(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = waiting(single, at)
    slot_release(user=ann, pool=single, at=at)
    jira.settle(at)
    assert jira.calls == [("remove", ann.account_id)]
    assert not single.slots.used().exists()


def test_handing_back_leaves_the_queue(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    slot_release(user=ben, pool=single, at=at + seconds(5))
    entry = entry_of(ben)
    assert (entry.close_reason, entry.closed_at) == (CloseReason.LEFT, at + seconds(5))
    assert JournalEntry.objects.get(user=ben, event="left_queue").actor == ben


def test_handing_back_without_anything_writes_nothing(pool: LicencePool, at: datetime) -> None:
    before = events_in(pool)
    slot_release(user=member(pool), pool=pool, at=at)
    assert events_in(pool) == before


def test_an_administrator_takes_a_slot_without_a_warning(single: LicencePool, at: datetime) -> None:
    boss = UserFactory.create(account_id=None, username="boss")
    ann = holder(single, at)
    assert slot_take_back(slot_id=slot_of(ann).pk, at=at, actor=boss)
    assert slot_of(ann).loss_reason == LossReason.ADMINISTRATOR
    assert JournalEntry.objects.get(user=ann, event="revoking").actor == boss
    assert not slot_take_back(slot_id=slot_of(ann).pk, at=at, actor=boss)


def test_who_leaves_the_user_group_loses_slot_and_place(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    ben = waiting(single, at)
    assert pool_people_left(pool_id=single.pk, user_ids=[ann.pk, ben.pk], at=at) == 1
    assert slot_of(ann).loss_reason == LossReason.LEFT
    assert entry_of(ben).close_reason == CloseReason.REMOVED
    assert pool_people_left(pool_id=single.pk, user_ids=[ann.pk, ben.pk], at=at) == 0


def test_an_administrator_of_jira_who_leaves_the_user_group_is_not_touched(
    single: LicencePool, at: datetime
) -> None:
    ann = holder(single, at)
    ann.is_protected = True
    ann.save()
    assert pool_people_left(pool_id=single.pk, user_ids=[ann.pk], at=at) == 0
    assert slot_of(ann).state == SlotState.ACTIVE


def test_an_administrator_moves_somebody_before_everybody_else(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    boss = UserFactory.create(account_id=None, username="boss")
    ann = jira.holder(single, at)
    waiting(single, at)
    cleo = waiting(single, at)
    queue_entry_move_up(entry_id=entry_of(cleo).pk, at=at, actor=boss)
    queue_entry_move_up(entry_id=entry_of(cleo).pk, at=at, actor=boss)
    assert JournalEntry.objects.get(user=cleo, event="moved").actor == boss
    slot_release(user=ann, pool=single, at=at)
    jira.settle(at)
    assert slot_of(cleo).state == SlotState.ACTIVE


def test_an_administrator_takes_somebody_out_of_the_queue_once(
    single: LicencePool, at: datetime
) -> None:
    boss = UserFactory.create(account_id=None, username="boss")
    holder(single, at)
    entry = entry_of(waiting(single, at))
    queue_entry_remove(entry_id=entry.pk, at=at, actor=boss)
    with pytest.raises(Refused) as refusal:
        queue_entry_remove(entry_id=entry.pk, at=at, actor=boss)
    assert refusal.value.code == "not_waiting"


def test_an_administrator_gives_a_free_slot_to_somebody_silent(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    boss = UserFactory.create(account_id=None, username="boss")
    ann = jira.holder(single, at)
    ben = waiting(single, at)
    later = at + seconds(200)
    with pytest.raises(Refused) as refusal:
        queue_give_slot(entry_id=entry_of(ben).pk, at=later, actor=boss)
    assert refusal.value.code == "no_free_slot"
    slot_release(user=ann, pool=single, at=later)
    jira.settle(later)
    queue_give_slot(entry_id=entry_of(ben).pk, at=later, actor=boss)
    assert slot_of(ben).state == SlotState.GRANTING


def test_an_administrator_cannot_give_a_slot_to_somebody_who_must_not_have_one(
    single: LicencePool, at: datetime
) -> None:
    boss = UserFactory.create(account_id=None, username="boss")
    holder(single, at)
    ben = waiting(single, at)
    ben.memberships.all().delete()
    with pytest.raises(Refused) as refusal:
        queue_give_slot(entry_id=entry_of(ben).pk, at=at, actor=boss)
    assert refusal.value.code == "not_in_user_group"
