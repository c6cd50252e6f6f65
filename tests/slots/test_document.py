"""The state document: what a person is told, in every state."""

from datetime import datetime
from typing import Any

import pytest
from django.utils.translation import override

from slots.document import SlotDocument, loss_message, slot_document
from slots.models import LicencePool, LossReason, QueueEntry, SlotLock
from slots.services import pool_pause, pool_people_left, slot_release, slot_request, sweep_warn
from tests.factories import (
    FakeJira,
    UserFactory,
    claimed,
    confirmed,
    holder,
    member,
    minutes,
    seconds,
    stays,
    trusted,
    waiting,
)
from tests.slots.conftest import make_pool
from tests.slots.test_changes import refuse

pytestmark = pytest.mark.django_db


def told(user: Any, pool: LicencePool, at: datetime) -> SlotDocument:
    """Return what the person is told, with settings and site fresh from the database."""
    return slot_document(
        user=user, pool=LicencePool.objects.select_related("site").get(pk=pool.pk), at=at
    )


def lost(pool: LicencePool, jira: FakeJira, at: datetime, reason: LossReason) -> Any:
    """Create somebody who lost the slot for this reason, confirmed by Jira."""
    ann = jira.holder(pool, at)
    slot_release(user=ann, pool=pool, at=at)
    pool.slots.filter(holder=ann).update(loss_reason=reason)
    jira.settle(at + seconds(1))
    return ann


def test_somebody_new_has_no_slot(pool: LicencePool, at: datetime) -> None:
    assert told(member(pool), pool, at) == SlotDocument(
        pool=pool.key,
        state="none",
        reason="no_slot",
        message="You have no Jira slot.",
        position=None,
        waiting=0,
        eta_seconds=None,
        retry_after=30.0,
        warned_at=None,
        revoke_at=None,
        redirect_url=None,
        server_time=at,
        automatic=False,
        joined_at=None,
        locked_until=None,
    )


def test_with_the_automatic_first_attempt_nobody_needs_to_click(at: datetime) -> None:
    pool = make_pool(first_attempt="automatic")
    assert told(member(pool), pool, at).automatic


def test_a_grant_is_on_its_way_until_jira_lets_the_person_in(
    pool: LicencePool, at: datetime
) -> None:
    ann = waiting(pool, at)
    assert (told(ann, pool, at).state, told(ann, pool, at).redirect_url) == ("granting", None)
    confirmed(ann, at)
    assert told(ann, pool, at + seconds(2.9)).state == "granting"
    assert told(ann, pool, at + seconds(3)).state == "active"


def test_a_holder_is_sent_to_the_wanted_page(pool: LicencePool, at: datetime) -> None:
    ann, page = member(pool), f"{pool.site.url}/browse/KEY-1"
    slot_request(user=ann, pool=pool, return_url=page, at=at)
    confirmed(ann, at)
    document = told(ann, pool, at + seconds(3))
    assert (document.state, document.reason, document.redirect_url) == ("active", "active", page)


def test_a_holder_who_wanted_no_page_is_sent_to_the_site(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    assert told(ann, pool, at + seconds(3)).redirect_url == pool.site.url


def test_a_warned_holder_sees_when_the_slot_is_lost(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    trusted(at + minutes(59))
    sweep_warn(pool_id=pool.pk, at=at + minutes(59))
    document = told(ann, pool, at + minutes(59))
    assert (document.state, document.reason) == ("active", "warned")
    assert (document.warned_at, document.revoke_at) == (at + minutes(59), at + minutes(60))
    assert document.retry_after == 3.0


def test_who_waits_sees_place_number_and_begin(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    waiting(single, at)
    cleo = waiting(single, at + seconds(5))
    document = told(cleo, single, at + seconds(10))
    assert (document.state, document.reason, document.position, document.waiting) == (
        "queued",
        "waiting",
        2,
        2,
    )
    assert (document.joined_at, document.automatic) == (at + seconds(5), True)
    assert document.eta_seconds is None


def test_silent_people_do_not_count_in_the_place(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    waiting(single, at)
    cleo = waiting(single, at + seconds(91))
    document = told(cleo, single, at + seconds(91))
    assert (document.position, document.waiting) == (1, 1)


def test_somebody_silent_who_only_looks_has_a_place_too(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    document = told(ben, single, at + seconds(91))
    assert (document.position, document.waiting) == (1, 1)


def test_people_of_higher_priority_stand_before(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben, cleo = waiting(single, at), waiting(single, at)
    QueueEntry.objects.filter(user=cleo).update(priority=1)
    assert (told(ben, single, at).position, told(cleo, single, at).position) == (2, 1)


def test_the_expected_wait_is_a_range(single: LicencePool, at: datetime) -> None:
    stays(single, 30, 4000, at)
    holder(single, at)
    ben, cleo = waiting(single, at), waiting(single, at)
    later = at + minutes(58)
    for person in (ben, cleo):
        slot_request(user=person, pool=single, return_url=None, at=later)
    # The holder will be inactive for an hour in two minutes, when there is a sweep.
    first, second = (told(person, single, later).eta_seconds for person in (ben, cleo))
    assert first is not None
    assert second is not None
    assert first[0] <= 60
    assert 180 <= first[1] < second[1]


@pytest.mark.parametrize(
    ("state", "reason"), [("unreachable", "jira_down"), ("refused", "key_refused")]
)
def test_while_jira_fails_who_waits_is_told_why_and_nothing_is_promised(
    single: LicencePool, at: datetime, state: str, reason: str
) -> None:
    stays(single, 30, 600, at)
    holder(single, at)
    ben = waiting(single, at)
    single.site.connection_state = state
    single.site.save()
    document = told(ben, single, at)
    assert (document.state, document.reason, document.eta_seconds) == ("queued", reason, None)
    assert 12 <= document.retry_after <= 15


def test_a_grant_during_an_outage_says_why_it_takes_long(single: LicencePool, at: datetime) -> None:
    ben = waiting(single, at)
    single.site.connection_state = "unreachable"
    single.site.save()
    document = told(ben, single, at)
    assert (document.state, document.reason) == ("granting", "jira_down")


def test_a_pause_is_told_in_its_own_words(single: LicencePool, at: datetime) -> None:
    pool_pause(pool_id=single.pk, reason="seats", message="All seats are sold.", at=at)
    document = told(waiting(single, at), single, at)
    assert (document.reason, document.message) == ("paused", "All seats are sold.")
    assert told(member(single), single, at + seconds(60)).reason == "no_slot"


def test_a_pool_that_is_off_says_so(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    ben = waiting(single, at)
    single.enabled = False
    single.save()
    document = told(member(single), single, at)
    assert (document.state, document.reason, document.automatic) == ("none", "pool_off", False)
    assert told(ben, single, at).reason == "pool_off"
    assert told(ann, single, at + seconds(3)).state == "active"


def test_who_is_not_managed_is_told_why(pool: LicencePool, at: datetime) -> None:
    document = told(UserFactory.create(), pool, at)
    assert (document.state, document.reason) == ("not_managed", "not_in_user_group")
    document = told(member(pool, is_protected=True), pool, at)
    assert (document.state, document.reason) == ("not_managed", "administrator")


def test_a_lock_says_until_when(pool: LicencePool, at: datetime) -> None:
    ann = member(pool)
    SlotLock.objects.create(pool=pool, user=ann, until=at + minutes(10))
    document = told(ann, pool, at)
    assert (document.state, document.reason, document.retry_after) == ("locked", "locked", 60.0)
    assert document.locked_until == at + minutes(10)
    assert "10 min" in document.message
    assert told(ann, pool, at + minutes(9.5)).retry_after == 30.0
    assert told(ann, pool, at + minutes(9.99)).retry_after == 3.0
    assert told(ann, pool, at + minutes(10)).state == "none"


def test_a_removal_on_its_way_says_why(pool: LicencePool, at: datetime) -> None:
    ann = holder(pool, at)
    slot_release(user=ann, pool=pool, at=at)
    document = told(ann, pool, at)
    assert (document.state, document.reason) == ("revoking", "released")
    slot_request(user=ann, pool=pool, return_url=None, at=at)
    assert told(ann, pool, at).state == "queued"


@pytest.mark.parametrize("reason", [*LossReason])
def test_after_a_loss_the_person_is_told_why_for_half_a_day(
    pool: LicencePool, at: datetime, jira: FakeJira, reason: LossReason
) -> None:
    ann = lost(pool, jira, at, reason)
    if reason == LossReason.UNCLAIMED:
        QueueEntry.objects.filter(user=ann, closed_at=None).update(
            closed_at=at, close_reason="left"
        )
    document = told(ann, pool, at + minutes(719))
    assert (document.state, document.reason) == ("none", reason)
    assert document.message == loss_message(reason)
    assert told(ann, pool, at + minutes(721)).reason == "no_slot"


@pytest.mark.parametrize("reason", [*LossReason])
def test_attempts_start_by_themselves_only_after_losing_a_slot_to_inactivity(
    at: datetime, jira: FakeJira, reason: LossReason
) -> None:
    pool = make_pool(automatic_login=True)
    ann = jira.holder(pool, at)
    slot_release(user=ann, pool=pool, at=at)
    pool.slots.filter(holder=ann).update(loss_reason=reason, queue_entry=None)
    expected = reason in {LossReason.SWEEP, LossReason.RECLAIM}
    assert told(ann, pool, at).automatic is expected
    jira.settle(at)
    assert told(ann, pool, at).automatic is expected


def test_without_the_option_nobody_comes_back_by_themselves(
    pool: LicencePool, at: datetime, jira: FakeJira
) -> None:
    assert not told(lost(pool, jira, at, LossReason.SWEEP), pool, at).automatic


def test_who_was_refused_by_jira_is_told_and_not_sent_around_in_circles(at: datetime) -> None:
    pool = make_pool(first_attempt="automatic")
    ann = waiting(pool, at)
    refuse(claimed(ann, at), at)
    document = told(ann, pool, at)
    assert (document.state, document.reason, document.automatic) == ("none", "jira_refused", False)
    assert told(ann, pool, at + minutes(721)).reason == "no_slot"


def test_who_came_back_into_the_user_group_is_not_told_that_jira_refused(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    ben = waiting(single, at)
    pool_people_left(pool_id=single.pk, user_ids=[ben.pk], at=at)
    assert told(ben, single, at + minutes(1)).reason == "removed"


def test_the_state_of_one_pool_says_nothing_of_another(
    pool: LicencePool, single: LicencePool, at: datetime
) -> None:
    ann = holder(pool, at)
    assert told(ann, single, at).state == "not_managed"


@pytest.mark.parametrize("timer", [3, 60, 600])
@pytest.mark.parametrize("held", [1, 600, 90_000])
def test_the_server_asks_nobody_to_come_too_soon_or_too_late(
    at: datetime, timer: int, held: int
) -> None:
    pool = make_pool(assigned_licences=1, queue_timer_seconds=timer)
    stays(pool, 30, held, at)
    holder(pool, at)
    people = [waiting(pool, at) for _ in range(4)]
    for place, person in enumerate(people):
        delay = told(person, pool, at).retry_after
        assert 2.4 <= delay <= min(60, timer)
        if place < 2:
            assert delay <= 3


def test_a_full_queue_of_unknown_pace_asks_at_the_pools_own_timer(at: datetime) -> None:
    pool = make_pool(assigned_licences=0, queue_timer_seconds=40)
    people = [waiting(pool, at) for _ in range(3)]
    assert 32 <= told(people[2], pool, at).retry_after <= 40


def test_as_many_people_ask_every_three_seconds_as_may_get_a_slot_soon(at: datetime) -> None:
    pool = make_pool(assigned_licences=4, queue_timer_seconds=600)
    stays(pool, 30, 40_000, at)
    holders = [holder(pool, at) for _ in range(4)]
    people = [waiting(pool, at) for _ in range(10)]
    assert told(people[7], pool, at).retry_after > 20
    for person in holders:
        slot_release(user=person, pool=pool, at=at + seconds(10))
    delays = [told(person, pool, at + seconds(10)).retry_after for person in people]
    assert max(delays[:8]) <= 3, "four slots get free within a minute, and twice as many ask often"
    assert delays[8] > 3


def test_the_kill_switch_lets_everybody_ask_at_one_pace(at: datetime, settings: Any) -> None:
    settings.IUM_QUEUE_POLL_SECONDS = 50
    pool = make_pool(assigned_licences=0, queue_timer_seconds=600)
    people = [waiting(pool, at) for _ in range(4)]
    assert all(40 <= told(person, pool, at).retry_after <= 60 for person in people)


def test_looking_changes_nothing(
    single: LicencePool, at: datetime, django_assert_num_queries: Any
) -> None:
    holder(single, at)
    ben = waiting(single, at)
    pool = LicencePool.objects.select_related("site").get(pk=single.pk)
    with django_assert_num_queries(6) as captured:
        slot_document(user=ben, pool=pool, at=at)
    assert all(query["sql"].startswith("SELECT") for query in captured.captured_queries)


def test_every_loss_has_its_own_sentence_in_both_languages() -> None:
    for language in ("en-gb", "de"):
        with override(language):
            assert all(loss_message(reason) for reason in LossReason)


@pytest.mark.parametrize("before", [100, 95, 91, 88])
def test_a_holder_asks_again_between_the_warning_and_its_popup(at: datetime, before: int) -> None:
    pool = make_pool(sweep_interval_minutes=5)
    ann = holder(pool, at - minutes(30))
    sweep_at = at + minutes(5)  # `at` lies on the grid
    now = sweep_at - seconds(before)
    asks_at = now + seconds(told(ann, pool, now).retry_after)
    assert sweep_at - seconds(76.1) <= asks_at <= sweep_at - seconds(63.9)


def test_far_from_a_sweep_a_holder_asks_twice_a_minute(at: datetime) -> None:
    pool = make_pool(sweep_interval_minutes=5)
    ann = holder(pool, at - minutes(30))
    assert 24 <= told(ann, pool, at + seconds(10)).retry_after <= 30
