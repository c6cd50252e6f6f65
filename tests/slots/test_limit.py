"""Growing and shrinking the number of licences (promise 1)."""

from datetime import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from slots.models import JournalEntry, LicencePool, QueueEntry, Slot, SlotState
from slots.services import (
    pool_apply_limit,
    pool_configure,
    pool_dispatch,
    pool_lock,
    pool_reconcile,
    pool_upkeep,
    slot_release,
    slot_request,
)
from tests.factories import (
    FakeJira,
    UserFactory,
    claimed,
    entry_of,
    events_in,
    holder,
    member,
    seconds,
    slot_of,
    waiting,
)
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db


def assign(pool: LicencePool, licences: int) -> None:
    """Write the setting only, as a crash before `pool_apply_limit` would leave it."""
    pool.assigned_licences = licences
    pool.save(update_fields=["assigned_licences"])


def test_a_pool_has_as_many_rows_as_licences_to_give_out() -> None:
    pool = make_pool(assigned_licences=5, buffer_licences=2)
    assert pool.slots.count() == pool.slot_count == 3


def test_more_licences_are_given_to_those_who_wait_at_once(
    single: LicencePool, at: datetime
) -> None:
    boss = UserFactory.create(account_id=None, username="boss")
    holder(single, at)
    ben, cleo = waiting(single, at), waiting(single, at)
    assign(single, 2)
    pool_apply_limit(pool_id=single.pk, at=at, actor=boss)
    assert slot_of(ben).state == SlotState.GRANTING
    assert entry_of(cleo).closed_at is None
    change = JournalEntry.objects.filter(event="limit_changed").latest("pk")
    assert (change.actor, change.details) == (
        boss,
        {"rows_before": 1, "limit": 2, "draining": 0},
    )


def test_with_fewer_licences_free_rows_go_at_once_and_nobody_is_thrown_out(
    at: datetime, jira: FakeJira
) -> None:
    pool = make_pool(assigned_licences=4)
    people = [jira.holder(pool, at) for _ in range(3)]
    assign(pool, 1)
    pool_apply_limit(pool_id=pool.pk, at=at)
    assert pool.slots.count() == 3
    assert all(slot_of(person).state == SlotState.ACTIVE for person in people)


def test_after_shrinking_the_count_only_falls_until_it_is_within_the_limit(
    at: datetime, jira: FakeJira
) -> None:
    pool = make_pool(assigned_licences=3)
    people = [jira.holder(pool, at) for _ in range(3)]
    first = waiting(pool, at)
    assign(pool, 1)
    pool_apply_limit(pool_id=pool.pk, at=at)
    counts = []
    for person in people[:2]:
        slot_release(user=person, pool=pool, at=at)
        jira.settle(at)
        counts.append((pool.slots.count(), len(jira.members_of(pool))))
    assert counts == [(2, 2), (1, 1)]
    assert entry_of(first).closed_at is None
    slot_release(user=people[2], pool=pool, at=at)
    jira.settle(at)
    assert slot_of(first).state == SlotState.ACTIVE
    assert len(jira.members_of(pool)) == 1


def test_a_limit_lowered_but_not_applied_yet_is_kept_to(at: datetime, jira: FakeJira) -> None:
    pool = make_pool(assigned_licences=3)
    jira.holder(pool, at)
    assign(pool, 1)
    ben = waiting(pool, at)
    assert entry_of(ben).closed_at is None
    assert len(pool.slots.used()) == 1


def test_upkeep_applies_a_limit_that_a_crash_left_unapplied(at: datetime) -> None:
    pool = make_pool(assigned_licences=3)
    holder(pool, at)
    assign(pool, 2)
    pool_upkeep(pool_id=pool.pk, at=at)
    assert pool.slots.count() == 2
    assign(pool, 4)
    pool_upkeep(pool_id=pool.pk, at=at)
    assert pool.slots.count() == 4


def test_upkeep_of_a_draining_pool_writes_nothing(at: datetime) -> None:
    pool = make_pool(assigned_licences=2)
    holder(pool, at)
    holder(pool, at)
    assign(pool, 1)
    pool_apply_limit(pool_id=pool.pk, at=at)
    before = events_in(pool)
    pool_upkeep(pool_id=pool.pk, at=at)
    assert events_in(pool) == before


def test_no_licences_at_all_is_a_limit_too(at: datetime) -> None:
    pool = make_pool(assigned_licences=0)
    ben = waiting(pool, at)
    assert entry_of(ben).closed_at is None


def test_applying_the_same_limit_again_changes_nothing(pool: LicencePool, at: datetime) -> None:
    before = events_in(pool)
    pool_apply_limit(pool_id=pool.pk, at=at)
    assert events_in(pool) == before


def test_growing_while_jira_is_down_gives_nothing(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    single.site.connection_state = "unreachable"
    single.site.save()
    assign(single, 2)
    pool_apply_limit(pool_id=single.pk, at=at)
    assert entry_of(ben).closed_at is None
    assert single.slots.count() == 2


def test_dispatching_again_gives_nothing_more(single: LicencePool, at: datetime) -> None:
    waiting(single, at)
    waiting(single, at)
    assert pool_dispatch(pool=pool_lock(single.pk), at=at) == 0


@pytest.mark.django_db(transaction=True)
def test_the_pool_lock_outside_a_transaction_is_a_fault_of_the_caller() -> None:
    pool = make_pool()
    with pytest.raises(RuntimeError):
        pool_lock(pool.pk)


def forbidden(**values: object) -> None:
    """Check that the database refuses these values for a slot."""
    with pytest.raises(IntegrityError), transaction.atomic():
        Slot.objects.filter(holder=None).update(**values)


def test_the_database_refuses_impossible_slots(pool: LicencePool, at: datetime) -> None:
    ann = member(pool)
    forbidden(state="granting")
    forbidden(state="free", holder=ann)
    forbidden(state="active", holder=ann)  # two rows for one person
    Slot.objects.filter(pk=pool.slots.all()[0].pk).delete()
    forbidden(state="revoking", holder=ann)
    forbidden(state="active", holder=ann, warned_at=at)
    forbidden(state="granting", holder=ann, warned_at=at, revoke_at=at)
    forbidden(state="active", holder=ann, loss_reason="sweep")


def test_the_database_refuses_a_second_open_entry(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    entry = entry_of(ben)
    entry.pk, entry.seq = None, 99
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save()
    assert QueueEntry.objects.filter(user=ben).count() == 1


def test_the_database_refuses_a_place_given_twice(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    entry = entry_of(waiting(single, at))
    entry.pk, entry.user = None, member(single)
    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save()


def test_a_request_takes_the_number_of_the_pool_and_no_other(
    pool: LicencePool, single: LicencePool, at: datetime
) -> None:
    for each in (pool, single, pool):
        slot_request(user=member(each), pool=each, return_url=None, at=at)
    assert list(pool.entries.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    assert list(single.entries.values_list("seq", flat=True)) == [1]


def test_saving_settings_does_not_turn_back_what_ium_keeps(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)  # since `single` was read, as while an administrator edits it
    single.name = "Edited"
    pool_configure(pool=single, at=at)
    waiting(single, at)
    assert list(single.entries.order_by("seq").values_list("seq", flat=True)) == [1, 2]
    single.refresh_from_db()
    assert (single.name, single.next_seq) == ("Edited", 3)


@pytest.mark.parametrize("field", ["dry_run", "access_group", "site"])
def test_a_pool_does_not_turn_away_from_people_who_got_in_by_it(
    single: LicencePool, at: datetime, field: str
) -> None:
    other = make_pool()
    turned = {"dry_run": True, "access_group": other.user_group, "site": other.site}
    setattr(single, field, turned[field])
    single.full_clean()  # nobody is in yet
    holder(single, at)
    with pytest.raises(ValidationError) as refusal:
        single.full_clean()
    assert set(refusal.value.message_dict) == {field}


def test_a_pool_in_use_can_be_edited_and_leave_the_dry_run(at: datetime) -> None:
    pool = make_pool(dry_run=True)
    holder(pool, at)
    pool.dry_run = False
    pool.assigned_licences = 7
    pool.full_clean()


@pytest.mark.parametrize("under_way", [True, False])
def test_a_grant_on_its_way_is_withdrawn_when_the_limit_falls_and_its_person_waits_on(
    at: datetime, jira: FakeJira, under_way: bool
) -> None:
    pool = make_pool(assigned_licences=2)
    jira.holder(pool, at)
    ben = waiting(pool, at)
    if under_way:
        jira.call(claimed(ben, at))
    assign(pool, 1)
    pool_apply_limit(pool_id=pool.pk, at=at)
    jira.settle(at + seconds(90))
    assert pool.slots.count() == len(jira.members_of(pool)) == 1
    entry = entry_of(ben)
    assert (entry.closed_at, entry.seq) == (None, 2)


def test_of_two_grants_on_their_way_the_earlier_one_stays(at: datetime) -> None:
    pool = make_pool(assigned_licences=2)
    ann, ben = waiting(pool, at), waiting(pool, at + seconds(1))
    assign(pool, 1)
    pool_apply_limit(pool_id=pool.pk, at=at + seconds(2))
    assert slot_of(ann).state == SlotState.GRANTING
    assert entry_of(ben).closed_at is None


def test_while_a_pool_drains_a_lost_membership_is_not_given_back(
    at: datetime, jira: FakeJira
) -> None:
    pool = make_pool(assigned_licences=2)
    ann, ben = jira.holder(pool, at), jira.holder(pool, at)
    assign(pool, 1)
    pool_apply_limit(pool_id=pool.pk, at=at)
    jira.members_of(pool).discard(str(ben.account_id))
    later = at + seconds(60)
    pool_reconcile(pool_id=pool.pk, member_ids=jira.members_of(pool), read_at=later, at=later)
    jira.settle(later)
    assert jira.members_of(pool) == {ann.account_id}
    assert pool.slots.count() == 1
