"""What one wait is: whoever comes back in time goes on with it, and polling alone puts nobody back."""

from datetime import datetime

import pytest

from ium.lib.errors import NotEntitled
from slots.document import slot_document
from slots.models import CloseReason, LicencePool, QueueEntry, SlotSession, SlotState
from slots.services import (
    pool_upkeep,
    queue_entry_remove,
    slot_release,
    slot_request,
)
from tests.factories import (
    FakeJira,
    UserFactory,
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


def poll(user: object, pool: LicencePool, at: datetime) -> None:
    """Ask without joining, as a client does that believes to wait."""
    slot_request(user=user, pool=pool, return_url=None, at=at, join=False)  # type: ignore[arg-type]


def test_polling_keeps_the_place_of_somebody_who_waits(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    poll(ben, single, at + seconds(40))
    assert entry_of(ben).seen_at == at + seconds(40)
    assert QueueEntry.objects.filter(user=ben).count() == 1


def test_polling_takes_the_free_slot_of_somebody_who_waits(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    ben = waiting(single, at)
    slot_release(user=ann, pool=single, at=at + seconds(100))
    jira.settle(at + seconds(101))
    assert not single.slots.filter(holder=ben).exists(), "silent, so skipped"
    poll(ben, single, at + seconds(102))
    assert slot_of(ben).state == SlotState.GRANTING


def test_polling_alone_joins_nothing_and_says_nothing(single: LicencePool, at: datetime) -> None:
    ben = member(single)
    poll(ben, single, at)
    assert not QueueEntry.objects.filter(user=ben).exists()
    assert not single.slots.used().exists(), "even with a free slot"
    assert events_of(ben) == []


def test_the_second_device_of_somebody_who_left_does_not_put_them_back(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    ben = waiting(single, at)
    slot_release(user=ben, pool=single, at=at + seconds(10))
    poll(ben, single, at + seconds(12))
    assert entry_of(ben).close_reason == CloseReason.LEFT
    document = slot_document(user=ben, pool=single, at=at + seconds(12))
    assert (document.state, document.reason, document.automatic) == ("none", "left_queue", False)


def test_polling_of_somebody_without_rights_is_no_refusal_in_the_journal(
    single: LicencePool, at: datetime
) -> None:
    eve = UserFactory.create()
    with pytest.raises(NotEntitled):
        poll(eve, single, at)
    assert events_of(eve) == []


def test_who_left_and_comes_back_in_time_has_the_old_place_and_one_wait(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    ben, cleo = waiting(single, at + seconds(1)), waiting(single, at + seconds(2))
    slot_release(user=ben, pool=single, at=at + seconds(10))
    slot_request(user=ben, pool=single, return_url=None, at=at + seconds(70))
    assert QueueEntry.objects.filter(user=ben).count() == 1
    assert events_of(ben) == ["joined", "left_queue", "joined"]
    slot_release(user=ann, pool=single, at=at + seconds(80))
    jira.settle(at + seconds(81))
    assert slot_of(ben).state == SlotState.ACTIVE
    assert entry_of(cleo).closed_at is None
    slot_release(user=ben, pool=single, at=at + seconds(90))
    jira.settle(at + seconds(91))
    assert SlotSession.objects.get(user=ben).waited_seconds == 80


def test_who_comes_back_later_than_a_place_is_kept_begins_a_new_wait(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    ben, cleo = waiting(single, at), waiting(single, at)
    slot_release(user=ben, pool=single, at=at)
    slot_request(user=ben, pool=single, return_url=None, at=at + single.place_kept + seconds(1))
    assert QueueEntry.objects.filter(user=ben).count() == 2
    assert entry_of(ben).seq > entry_of(cleo).seq


def test_whom_an_administrator_took_out_begins_at_the_end(
    single: LicencePool, at: datetime
) -> None:
    boss = UserFactory.create(account_id=None, username="boss")
    holder(single, at)
    ben, cleo = waiting(single, at), waiting(single, at)
    queue_entry_remove(entry_id=entry_of(ben).pk, at=at, actor=boss)
    assert slot_document(user=ben, pool=single, at=at).reason == "removed"
    slot_request(user=ben, pool=single, return_url=None, at=at + seconds(1))
    assert entry_of(ben).seq > entry_of(cleo).seq


def test_whoever_was_gone_for_too_long_is_told_so(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    later = at + single.place_kept + seconds(1)
    pool_upkeep(pool_id=single.pk, at=later)
    if entry_of(ben).closed_at is None:  # the intake fixture stands still: nobody counts as gone
        QueueEntry.objects.filter(user=ben).update(closed_at=later, close_reason=CloseReason.GONE)
    poll(ben, single, later)
    assert slot_document(user=ben, pool=single, at=later).reason == "gone"


def test_an_old_wait_is_not_told_of_for_ever(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    slot_release(user=ben, pool=single, at=at)
    assert slot_document(user=ben, pool=single, at=at + minutes(721)).reason == "no_slot"


def test_who_leaves_while_a_missed_slot_goes_back_is_not_put_back(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ben = jira.holder(single, at)
    single.slots.update(state="revoking", loss_reason="unclaimed", fence=9, revoking_since=at)
    slot_release(user=ben, pool=single, at=at)
    slot_release(user=ben, pool=single, at=at)
    assert events_of(ben).count("left_queue") == 1
    jira.settle(at + seconds(1))
    assert not QueueEntry.objects.waiting().filter(user=ben).exists()
