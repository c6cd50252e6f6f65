"""Promises about the wait: written down, judged, counted, and removed in the end."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from slots.document import slot_document
from slots.estimate_quality import in_words, pool_quality, quality_of, recent_quality
from slots.eta_facts import forget_timetables
from slots.models import CloseReason, LicencePool, Outcome, QueueEntry, SlotSession, WaitEstimate
from slots.services import (
    estimates_follow,
    queue_entry_remove,
    records_prune,
    slot_release,
    slot_request,
)
from tests.factories import (
    FakeJira,
    UserFactory,
    entry_of,
    holder,
    member,
    minutes,
    seconds,
    stays,
    waiting,
)
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db


def crowd(pool: LicencePool, number: int, at: datetime) -> list[Any]:
    """Fill a pool of one slot whose pace is known; return people who wait."""
    stays(pool, 30, 3600, at)
    holder(pool, at)
    return [waiting(pool, at) for _ in range(number)]


def estimates_of(user: Any) -> list[WaitEstimate]:
    """Return the person's estimates in order."""
    return list(WaitEstimate.objects.filter(entry__user=user).order_by("pk"))


def test_joining_writes_down_what_the_person_is_told(single: LicencePool, at: datetime) -> None:
    ben = crowd(single, 3, at)[-1]
    (estimate,) = estimates_of(ben)
    told = slot_document(user=ben, pool=single, at=at)
    assert (estimate.low_seconds, estimate.high_seconds) == told.eta_seconds
    assert (estimate.ahead, estimate.made_at, estimate.outcome) == (2, at, Outcome.OPEN)
    assert estimate.low_seconds <= estimate.expected_seconds <= estimate.high_seconds


def test_polling_writes_nothing_more(single: LicencePool, at: datetime) -> None:
    ben = crowd(single, 1, at)[0]
    slot_request(user=ben, pool=single, return_url=None, at=at + seconds(30))
    assert len(estimates_of(ben)) == 1


def test_who_gets_a_slot_at_once_was_promised_nothing(pool: LicencePool, at: datetime) -> None:
    stays(pool, 30, 3600, at)
    assert not estimates_of(waiting(pool, at))


def test_what_is_not_known_is_noted_as_soon_as_it_is(single: LicencePool, at: datetime) -> None:
    holder(single, at)
    ben = waiting(single, at)
    assert not estimates_of(ben)
    assert estimates_follow(pool_id=single.pk, at=at + seconds(10)) == 0
    stays(single, 30, 3600, at)
    assert estimates_follow(pool_id=single.pk, at=at + seconds(20)) == 1
    assert [estimate.made_at for estimate in estimates_of(ben)] == [at + seconds(20)]


def test_while_nothing_is_given_nothing_is_promised(single: LicencePool, at: datetime) -> None:
    stays(single, 30, 3600, at)
    holder(single, at)
    single.site.connection_state = "unreachable"
    single.site.save()
    ben = waiting(single, at)
    assert estimates_follow(pool_id=single.pk, at=at) == 0
    assert not estimates_of(ben)


def test_each_halving_of_the_people_ahead_is_noted_once(single: LicencePool, at: datetime) -> None:
    people = crowd(single, 6, at)
    last = people[-1]
    boss = UserFactory.create()
    for number, person in enumerate(people[:-1], start=1):
        moment = at + seconds(number)
        queue_entry_remove(entry_id=entry_of(person).pk, at=moment, actor=boss)
        estimates_follow(pool_id=single.pk, at=moment)
        estimates_follow(pool_id=single.pk, at=moment)
    assert [estimate.ahead for estimate in estimates_of(last)] == [5, 2, 1, 0]


def test_with_rules_for_groups_the_place_shown_is_the_place_noted(
    single: LicencePool, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = crowd(single, 5, at)
    single.has_group_rules = True
    single.save()
    queue_entry_remove(entry_id=entry_of(people[0]).pk, at=at, actor=people[0])
    queue_entry_remove(entry_id=entry_of(people[1]).pk, at=at, actor=people[1])
    estimates_follow(pool_id=single.pk, at=at)
    assert [estimate.ahead for estimate in estimates_of(people[-1])] == [4, 2]


def test_a_wait_that_is_served_judges_its_estimates(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    stays(single, 30, 3600, at)
    ann = jira.holder(single, at)
    ben = waiting(single, at)
    later = at + seconds(80)
    slot_release(user=ann, pool=single, at=later)
    jira.settle(later)
    assert estimates_follow(pool_id=single.pk, at=later) == 1
    assert estimates_follow(pool_id=single.pk, at=later) == 0
    (estimate,) = estimates_of(ben)
    assert (estimate.outcome, estimate.actual_seconds) == (Outcome.SERVED, 80)


def test_a_wait_that_is_given_up_is_no_error_of_the_estimate(
    single: LicencePool, at: datetime
) -> None:
    ben = crowd(single, 1, at)[0]
    slot_release(user=ben, pool=single, at=at + minutes(5))
    estimates_follow(pool_id=single.pk, at=at + minutes(5))
    (estimate,) = estimates_of(ben)
    assert (estimate.outcome, estimate.actual_seconds) == (Outcome.ENDED, 300)
    assert recent_quality(single, at + minutes(5)) is None


def judged(pool: LicencePool, at: datetime, true: int, *, expected: int = 600) -> None:
    """Note an estimate of 300 to 900 seconds with what came of it."""
    entry = QueueEntry.objects.create(
        pool=pool,
        user=member(pool),
        seq=5000 + QueueEntry.objects.count(),
        joined_at=at,
        seen_at=at,
        alive_until=at,
        closed_at=at + seconds(true),
        close_reason=CloseReason.SERVED,
    )
    WaitEstimate.objects.create(
        pool=pool,
        entry=entry,
        made_at=at,
        ahead=3,
        low_seconds=300,
        expected_seconds=expected,
        high_seconds=900,
        outcome=Outcome.SERVED,
        actual_seconds=true,
    )


def test_quality_is_the_median_error_and_the_share_inside(
    single: LicencePool, at: datetime
) -> None:
    for true in (500, 600, 1200, 119):
        judged(single, at, true)
    # Wrong by 20 %, 0 % and 50 %; the shortest is not judged.
    quality = recent_quality(single, at + minutes(30))
    assert quality is not None
    assert quality.number == 3
    assert quality.median_error == pytest.approx(0.2)
    assert quality.inside == pytest.approx(2 / 3)
    assert recent_quality(single, at + timedelta(days=8)) is None


def test_weeks_are_told_apart_and_other_pools_do_not_count(
    single: LicencePool, at: datetime
) -> None:
    judged(make_pool(), at, 600)
    judged(single, at, 600)
    judged(single, at - timedelta(days=1), 1200)
    weeks = pool_quality(single, at + minutes(30)).weeks
    assert [str(week.monday) for week in weeks] == ["2026-03-02", "2026-02-23"]
    assert [week.quality and week.quality.inside for week in weeks] == [1.0, 0.0]
    assert [week.waits and week.waits.median for week in weeks] == [600, 1200]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], "Too few"),
        ([(600, 300, 900, 600)] * 29, "Too few"),
        ([(600, 300, 900, 660)] * 30, "People can rely on it"),
        ([(600, 300, 900, 1300)] * 30, "worse than IUM promises"),
    ],
)
def test_the_numbers_are_put_in_words(rows: list[tuple[int, int, int, int]], expected: str) -> None:
    assert expected in in_words(quality_of(rows))


def test_old_waits_estimates_and_stays_are_removed_and_newer_ones_stay(
    single: LicencePool, at: datetime, settings: Any
) -> None:
    settings.IUM_RECORD_DAYS = 10
    for age in (11, 9):
        judged(single, at - timedelta(days=age), 60)
        stays(single, 1, 60, at - timedelta(days=age))
    assert records_prune(at=at) == 2
    assert records_prune(at=at) == 0
    assert QueueEntry.objects.count() == WaitEstimate.objects.count() == 1
    assert SlotSession.objects.count() == 1


def test_a_wait_behind_a_slot_in_use_is_kept_however_old(single: LicencePool, at: datetime) -> None:
    ann = holder(single, at)
    records_prune(at=at + timedelta(days=1000))
    assert entry_of(ann).close_reason == CloseReason.SERVED


def test_following_costs_the_same_for_many(
    single: LicencePool, at: datetime, django_assert_max_num_queries: Any
) -> None:
    crowd(single, 30, at)
    QueueEntry.objects.filter(closed_at=None).update(closed_at=at, close_reason=CloseReason.LEFT)
    forget_timetables()
    with django_assert_max_num_queries(12):
        assert estimates_follow(pool_id=single.pk, at=at) == 30
