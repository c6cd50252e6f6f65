"""Asking for a slot and waiting for one (promises 2 and 3)."""

from datetime import datetime

import pytest

from ium.lib.errors import BadInput, NotEntitled
from slots.models import CloseReason, LicencePool, QueueEntry, Slot, SlotState
from slots.services import slot_release, slot_request
from tests.factories import (
    FakeJira,
    UserFactory,
    confirmed,
    entry_of,
    events_of,
    holder,
    member,
    seconds,
    slot_of,
    waiting,
)

pytestmark = pytest.mark.django_db


def test_a_request_with_a_free_slot_reserves_it_at_once(pool: LicencePool, at: datetime) -> None:
    ann = waiting(pool, at)
    slot = slot_of(ann)
    assert (slot.state, slot.fence, slot.granted_at) == (SlotState.GRANTING, 1, at)
    assert entry_of(ann).close_reason == CloseReason.SERVED
    assert events_of(ann) == ["joined", "granted"]


def test_the_change_is_signalled_only_after_commit(
    pool: LicencePool,
    at: datetime,
    wanted: list[int],
    django_capture_on_commit_callbacks: pytest.FixtureRequest,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        ann = waiting(pool, at)
        assert wanted == []
    assert wanted == [slot_of(ann).pk]


def test_who_holds_a_slot_keeps_it_when_asking_again(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    before = slot_of(ann)
    slot_request(user=ann, pool=pool, return_url=None, at=at + seconds(30))
    after = slot_of(ann)
    assert (after.pk, after.fence, after.state) == (before.pk, before.fence, SlotState.ACTIVE)
    assert after.seen_at == at + seconds(30)
    assert QueueEntry.objects.filter(user=ann).count() == 1


def test_a_holder_asking_again_chooses_a_new_page_to_return_to(
    pool: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    page = f"{pool.site.url}/browse/KEY-1"
    slot_request(user=ann, pool=pool, return_url=page, at=at)
    slot_request(user=ann, pool=pool, return_url=None, at=at)
    assert slot_of(ann).return_url == page


def test_a_second_tab_finds_the_same_place(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    first = entry_of(ben)
    page = f"{single.site.url}/browse/KEY-2"
    slot_request(user=ben, pool=single, return_url=page, at=at + seconds(40))
    again = entry_of(ben)
    assert (again.pk, again.seq, again.joined_at) == (first.pk, first.seq, at)
    assert (again.return_url, again.alive_until) == (page, at + seconds(130))
    assert events_of(ben) == ["joined"]


def test_a_poll_without_a_page_keeps_the_page_of_the_first_request(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    ben = member(single)
    page = f"{single.site.url}/browse/KEY-2"
    slot_request(user=ben, pool=single, return_url=page, at=at)
    slot_request(user=ben, pool=single, return_url=None, at=at)
    assert entry_of(ben).return_url == page


def test_slots_go_to_those_who_wait_in_the_order_in_which_they_joined(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    ben, cleo = waiting(single, at), waiting(single, at)
    slot_release(user=ann, pool=single, at=at)
    jira.settle(at)
    slot_release(user=ben, pool=single, at=at)
    jira.settle(at)
    assert slot_of(cleo).state == SlotState.ACTIVE
    granted = QueueEntry.objects.filter(pool=single).order_by("closed_at", "seq")
    assert [entry.user for entry in granted] == [ann, ben, cleo]
    assert jira.highest_of(single) == 1


def test_times_do_not_decide_the_order(single: LicencePool, at: datetime, jira: FakeJira) -> None:
    ann = jira.holder(single, at)
    ben = waiting(single, at + seconds(10))
    waiting(single, at)  # a server whose clock is behind: joined later all the same
    slot_release(user=ann, pool=single, at=at)
    jira.settle(at)
    assert slot_of(ben).state == SlotState.ACTIVE


def test_priority_goes_before_the_order_of_joining(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    waiting(single, at)
    cleo = waiting(single, at)
    QueueEntry.objects.filter(user=cleo).update(priority=1)
    slot_release(user=ann, pool=single, at=at)
    jira.settle(at)
    assert slot_of(cleo).state == SlotState.ACTIVE


def test_a_newcomer_does_not_overtake_somebody_alive(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    ben = waiting(single, at)
    slot_release(user=ann, pool=single, at=at)
    cleo = waiting(single, at)  # while the removal is on its way
    confirmed(ann, at)
    assert slot_of(ben).state == SlotState.GRANTING
    assert entry_of(cleo).closed_at is None


def test_a_silent_head_is_skipped_and_keeps_the_place(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    ben = waiting(single, at)
    later = at + seconds(91)
    cleo = waiting(single, later)
    slot_release(user=ann, pool=single, at=later)
    jira.settle(later)
    assert slot_of(cleo).state == SlotState.ACTIVE
    assert entry_of(ben).closed_at is None
    slot_release(user=cleo, pool=single, at=later)
    slot_request(user=ben, pool=single, return_url=None, at=later)
    waiting(single, later)
    jira.settle(later)
    assert slot_of(ben).state == SlotState.ACTIVE


def test_ninety_seconds_of_silence_are_no_absence(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    ben = waiting(single, at)
    slot_release(user=ann, pool=single, at=at + seconds(90))
    jira.settle(at + seconds(90))
    assert slot_of(ben).state == SlotState.ACTIVE


def test_who_comes_back_while_the_own_slot_is_taken_waits_for_the_end_of_that(
    pool: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(pool, at)
    slot_release(user=ann, pool=pool, at=at)
    slot_request(user=ann, pool=pool, return_url=None, at=at)
    assert slot_of(ann).state == SlotState.REVOKING
    assert Slot.objects.filter(holder=ann).count() == 1
    jira.settle(at)
    assert slot_of(ann).state == SlotState.ACTIVE


def test_a_foreign_page_to_return_to_is_refused_and_nobody_joins(
    pool: LicencePool, at: datetime
) -> None:
    ann = member(pool)
    with pytest.raises(BadInput) as refusal:
        slot_request(user=ann, pool=pool, return_url="https://evil.example/", at=at)
    assert refusal.value.code == "foreign_return_url"
    assert not QueueEntry.objects.exists()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"is_protected": True}, "administrator"),
        ({"account_status": "suspended"}, "account_not_active"),
        ({"account_status": "closed"}, "account_not_active"),
    ],
)
def test_ium_does_not_give_slots_to_people_it_does_not_manage(
    pool: LicencePool, at: datetime, fields: dict[str, object], code: str
) -> None:
    carl = member(pool, **fields)
    with pytest.raises(NotEntitled) as refusal:
        slot_request(user=carl, pool=pool, return_url=None, at=at)
    assert refusal.value.code == code
    assert not pool.slots.used().exists()


def test_who_is_not_in_the_user_group_gets_no_slot(pool: LicencePool, at: datetime) -> None:
    with pytest.raises(NotEntitled) as refusal:
        slot_request(user=UserFactory.create(), pool=pool, return_url=None, at=at)
    assert refusal.value.code == "not_in_user_group"


def test_a_repeated_refusal_is_journalled_once_an_hour(pool: LicencePool, at: datetime) -> None:
    carl = UserFactory.create()
    for moment in (at, at + seconds(60), at + seconds(3600)):
        with pytest.raises(NotEntitled):
            slot_request(user=carl, pool=pool, return_url=None, at=moment)
    assert events_of(carl) == ["refused", "refused"]


def test_who_leaves_the_user_group_while_asking_does_not_join(
    pool: LicencePool, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = member(pool)
    pool.user_group.memberships.filter(user=ann).delete()  # between the first look and the lock
    monkeypatch.setattr("slots.services.requests.why_refused", lambda **_: None)
    with pytest.raises(NotEntitled) as refusal:
        slot_request(user=ann, pool=pool, return_url=None, at=at)
    assert refusal.value.code == "not_in_user_group"
    assert not pool.entries.exists()
