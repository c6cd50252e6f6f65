"""Comparing with Jira, and repairing in the safe direction only (promises 6 and 7)."""

from datetime import datetime

import pytest

from slots.models import JournalEntry, LicencePool, SlotState
from slots.services import Difference, pool_reconcile, slot_release
from tests.factories import (
    FakeJira,
    MembershipFactory,
    UserFactory,
    confirmed,
    entry_of,
    events_of,
    holder,
    member,
    minutes,
    seconds,
    slot_of,
    waiting,
)

pytestmark = pytest.mark.django_db


def compare(pool: LicencePool, members: set[str], at: datetime) -> Difference:
    """Compare with members read a second ago."""
    return pool_reconcile(pool_id=pool.pk, member_ids=members, read_at=at - seconds(1), at=at)


def test_the_same_members_agree(single: LicencePool, at: datetime, jira: FakeJira) -> None:
    jira.holder(single, at)
    difference = compare(single, jira.members_of(single), at + minutes(5))
    assert difference.agreed
    assert difference == Difference(missing=0, adopted=0, strangers=0)


def test_a_holder_whose_membership_is_gone_gets_it_back(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    jira.members_of(single).clear()
    difference = compare(single, set(), at + minutes(5))
    assert (difference.missing, difference.agreed) == (1, False)
    slot = slot_of(ann)
    assert (slot.state, slot.fence) == (SlotState.GRANTING, 2)
    jira.settle(at + minutes(5))
    assert jira.members_of(single) == {ann.account_id}
    assert "repaired" in events_of(ann)


def test_a_repair_takes_a_warning_back(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    single.slots.update(warned_at=at, revoke_at=at + minutes(1))
    compare(single, set(), at + minutes(5))
    assert slot_of(ann).warned_at is None


def test_a_reading_older_than_the_confirmation_is_ignored(
    single: LicencePool, at: datetime
) -> None:
    ann = holder(single, at)
    difference = pool_reconcile(pool_id=single.pk, member_ids=[], read_at=at, at=at + seconds(9))
    assert difference.agreed
    assert slot_of(ann).state == SlotState.ACTIVE


@pytest.mark.parametrize("state", [SlotState.GRANTING, SlotState.REVOKING])
def test_slots_on_their_way_are_left_to_those_who_carry_them_out(
    single: LicencePool, at: datetime, state: SlotState
) -> None:
    ann = waiting(single, at)
    if state == SlotState.REVOKING:
        slot_release(user=ann, pool=single, at=at)
    assert compare(single, set(), at + minutes(5)).agreed
    assert compare(single, {str(ann.account_id)}, at + minutes(5)).agreed
    assert slot_of(ann).state == state


def test_a_member_without_a_slot_gets_a_free_row_so_that_the_count_is_true(
    pool: LicencePool, at: datetime
) -> None:
    ann = member(pool)
    assert compare(pool, {str(ann.account_id)}, at).adopted == 1
    slot = slot_of(ann)
    assert (slot.state, slot.granted_at, slot.confirmed_at) == (SlotState.ACTIVE, at, at)
    assert JournalEntry.objects.get(user=ann).reason == "adopted"
    assert compare(pool, {str(ann.account_id)}, at + minutes(5)).agreed


def test_a_member_without_a_slot_is_only_reported_when_no_row_is_free(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    jira.holder(single, at)
    ben = member(single)
    difference = compare(single, jira.members_of(single) | {str(ben.account_id)}, at)
    assert difference == Difference(missing=0, adopted=0, strangers=1)
    assert events_of(ben) == ["stranger"]
    assert single.slots.count() == 1


def test_adopting_never_passes_the_number_of_rows(pool: LicencePool, at: datetime) -> None:
    people = [member(pool) for _ in range(3)]
    difference = compare(pool, {str(person.account_id) for person in people}, at)
    assert (difference.adopted, difference.strangers) == (2, 1)


def test_a_waiting_member_without_a_slot_is_adopted_and_does_not_wait_on(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    single.site.connection_state = "unreachable"
    single.site.save()
    ben = waiting(single, at)
    compare(single, {str(ben.account_id)}, at)
    assert slot_of(ben).state == SlotState.ACTIVE
    assert entry_of(ben).close_reason == "served"


def test_a_stranger_is_reported_once_a_day_and_never_removed(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    boss = UserFactory.create(is_protected=True)
    MembershipFactory.create(group=single.user_group, user=boss)
    for hours in (0, 1, 23, 24):
        difference = compare(single, {str(boss.account_id)}, at + minutes(60 * hours))
        assert difference.strangers == 1
    assert events_of(boss) == ["stranger", "stranger"]
    assert jira.settle(at + minutes(60 * 24)) == 0


def test_a_member_ium_never_heard_of_is_counted_and_left_alone(
    single: LicencePool, at: datetime
) -> None:
    assert compare(single, {"712020:ghost"}, at).strangers == 1
    assert not single.slots.used().exists()


def test_somebody_removed_since_the_reading_began_is_no_stranger(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    slot_release(user=ann, pool=single, at=at)
    confirmed(ann, at + seconds(5))
    difference = pool_reconcile(
        pool_id=single.pk,
        member_ids=[str(ann.account_id)],
        read_at=at + seconds(4),
        at=at + seconds(6),
    )
    assert difference.agreed
    assert not single.slots.used().exists()


def test_reconciling_twice_repairs_once(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    later = at + minutes(5)
    assert [compare(single, set(), later).missing, compare(single, set(), later).missing] == [1, 0]
    assert events_of(ann).count("repaired") == 1


def test_an_administrator_of_jira_is_not_put_back(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    ann.is_protected = True
    ann.save()
    compare(single, set(), at + minutes(5))
    assert "repaired" not in events_of(ann)
    assert single.slots.get().state == SlotState.FREE
