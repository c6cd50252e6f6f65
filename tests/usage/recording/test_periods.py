"""Hours and days, the two days on which clocks change, lengths, refusals, sources."""

# mypy: allow-untyped-calls

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ium.usage.models import (
    ActivitySpan,
    Histogram,
    IntervalUse,
    LengthKind,
    PeriodKind,
    PeriodUse,
    Refusal,
    SourceUse,
)
from ium.usage.recording.periods import record_days, record_hours
from ium.usage.recording.spans import record_spans
from ium.usage.zone import day_bounds
from slots import services
from slots.models import LicencePool
from tests import factories
from tests.factories import AT, FakeJira, PoolFactory, minutes, seconds

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def recorded(
    pool: LicencePool, begin: datetime, end: datetime, level: Callable[[int], int] = lambda _: 1
) -> None:
    """Write the intervals of some time, the n-th with so many occupied slots."""
    number = round((end - begin) / minutes(5))
    IntervalUse.objects.bulk_create(
        IntervalUse(
            pool=pool,
            at=begin + n * minutes(5),
            limit=10,
            occupied=0,
            warned=0,
            waiting=0,
            free=10,
            draining=0,
            max_occupied=level(n),
            max_waiting=0,
            full_seconds=0,
            seen_seconds=300,
            occupied_seconds=300 * level(n),
        )
        for n in range(number)
    )


def period(kind: PeriodKind, at: datetime) -> PeriodUse:
    return PeriodUse.objects.get(kind=kind, at=at)


def test_an_hour_has_the_largest_maximum_and_the_mean_of_its_intervals() -> None:
    pool = PoolFactory.create()
    recorded(pool, AT, AT + HOUR, lambda n: n)
    record_hours(pool_id=pool.pk, at=AT + HOUR)
    hour = period(PeriodKind.HOUR, AT)
    assert (hour.max_occupied, hour.mean_occupied, hour.seen_seconds) == (11, 5.5, 3600)


def test_the_mean_is_of_the_time_that_was_seen() -> None:
    pool = PoolFactory.create()
    recorded(pool, AT, AT + HOUR, lambda _: 4)
    IntervalUse.objects.filter(at__lt=AT + minutes(30)).delete()
    IntervalUse.objects.filter(at=AT + minutes(30)).update(seen_seconds=60, occupied_seconds=240)
    record_hours(pool_id=pool.pk, at=AT + HOUR)
    hour = period(PeriodKind.HOUR, AT)
    assert (hour.mean_occupied, hour.seen_seconds) == (4, 25 * 60 + 60)


def test_an_hour_of_which_nothing_was_seen_has_no_row() -> None:
    pool = PoolFactory.create()
    recorded(pool, AT, AT + HOUR)
    recorded(pool, AT + 2 * HOUR, AT + 3 * HOUR)
    record_hours(pool_id=pool.pk, at=AT + 3 * HOUR)
    assert set(PeriodUse.objects.values_list("at", flat=True)) == {AT, AT + 2 * HOUR}


def test_an_hour_that_is_not_recorded_to_its_end_is_not_made_yet() -> None:
    pool = PoolFactory.create()
    recorded(pool, AT, AT + minutes(55))
    record_hours(pool_id=pool.pk, at=AT + 2 * HOUR)
    assert not PeriodUse.objects.exists()


def test_a_long_time_without_summing_up_is_caught_up_by_several_runs() -> None:
    pool = PoolFactory.create()
    recorded(pool, AT, AT + 60 * HOUR)
    for _ in range(4):
        record_hours(pool_id=pool.pk, at=AT + 60 * HOUR)
    assert PeriodUse.objects.filter(kind="hour").count() == 60


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 3, 30), 24)],
)
def test_a_day_is_one_of_the_pools_time_zone_also_when_clocks_change(
    settings: Any, day: date, hours: int
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    pool = PoolFactory.create()
    begin, end = day_bounds(day, ZoneInfo("Europe/Berlin"))
    assert end - begin == hours * HOUR
    recorded(pool, begin - HOUR, end + HOUR, lambda n: 99 if n < 12 else 1)
    for _ in range(2):
        record_days(pool_id=pool.pk, at=end + HOUR)
    found = period(PeriodKind.DAY, begin)
    assert found.seen_seconds == hours * 3600
    assert found.max_occupied == 1, "what was before midnight there belongs to the day before"
    assert not PeriodUse.objects.filter(kind="day", at__gte=end).exists(), "it is not over"


def test_what_happened_is_counted_in_the_hour_and_day_in_which_it_happened() -> None:
    pool = PoolFactory.create(assigned_licences=1)
    jira = FakeJira()
    first = jira.holder(pool, AT + minutes(10))
    second = factories.waiting(pool, AT + minutes(20))
    third = factories.waiting(pool, AT + minutes(30))
    services.slot_release(user=third, pool=pool, at=AT + minutes(31))
    services.slot_request(user=second, pool=pool, return_url=None, at=AT + minutes(40))
    services.slot_release(user=first, pool=pool, at=AT + minutes(40))
    jira.settle(AT + minutes(40))
    recorded(pool, AT, AT + 24 * HOUR)
    record_hours(pool_id=pool.pk, at=AT + HOUR)
    hour = period(PeriodKind.HOUR, AT)
    assert (hour.people, hour.grants, hour.losses) == (2, 2, 0), "handing back is no loss"
    assert (hour.waits, hour.waits_given_up) == (3, 1)
    assert (hour.wait_seconds_sum, hour.wait_seconds_max) == (1260, 1200)
    record_days(pool_id=pool.pk, at=AT + 24 * HOUR)
    lengths = Histogram.objects.filter(day=AT.date())
    waits = dict(lengths.filter(kind=LengthKind.WAIT).values_list("bucket", "count"))
    assert waits == {10: 1, 60: 1, 1800: 1}
    assert dict(lengths.filter(kind=LengthKind.SESSION).values_list("bucket", "count")) == {1800: 1}
    assert factories.slot_of(second).state == "active"


def test_a_long_stay_is_in_the_bucket_without_a_limit() -> None:
    pool = PoolFactory.create()
    factories.stays(pool, 1, 9 * 3600, AT + 10 * HOUR)
    recorded(pool, AT, AT + 15 * HOUR)
    record_days(pool_id=pool.pk, at=AT + 15 * HOUR)
    assert list(Histogram.objects.filter(kind="session").values_list("bucket", "count")) == [
        (None, 1)
    ]
    record_days(pool_id=pool.pk, at=AT + 15 * HOUR)
    assert Histogram.objects.filter(kind="session").count() == 1


def test_refusals_count_by_reason_and_repetitions_once(jira: FakeJira) -> None:
    pool = PoolFactory.create(enabled=False)
    user = factories.member(pool)
    stranger = factories.UserFactory.create()
    for each, times in ((user, 5), (stranger, 3)):
        for number in range(times):
            with pytest.raises(Exception, match=r"."):
                services.slot_request(
                    user=each, pool=pool, return_url=None, at=AT + seconds(10 * number)
                )
    recorded(pool, AT, AT + HOUR)
    for _ in range(2):
        record_days(pool_id=pool.pk, at=AT + HOUR)
    counts = dict(Refusal.objects.values_list("reason", "count"))
    assert counts == {"pool_off": 1, "not_in_user_group": 1}


def test_people_are_counted_by_source_and_the_extension_by_version() -> None:
    pool = PoolFactory.create()
    recorded(pool, AT, AT + HOUR)
    for version, source in (("1.0", "extension"), ("1.1", "extension"), ("", "webhook")):
        user = factories.member(pool)
        factories.DeviceFactory.create(user=user, extension_version="0.9", extension_seen_at=None)
        if version:
            factories.DeviceFactory.create(
                user=user, extension_version=version, extension_seen_at=AT
            )
        for minute in (0, 10):
            services.slot_activity(
                user=user, pool=pool, idle=timedelta(0), source=source, at=AT + minutes(minute)
            )
            record_spans(pool_id=pool.pk, at=AT + minutes(minute))
    record_days(pool_id=pool.pk, at=AT + HOUR)
    found = set(SourceUse.objects.values_list("source", "version", "people"))
    assert found == {("extension", "1.0", 1), ("extension", "1.1", 1), ("webhook", "", 1)}


def spans() -> list[tuple[Any, ...]]:
    return [
        ((b - AT).total_seconds(), (e - AT).total_seconds(), still)
        for b, e, still in ActivitySpan.objects.order_by("started_at").values_list(
            "started_at", "ended_at", "open"
        )
    ]


def test_activity_with_short_pauses_is_one_span() -> None:
    pool = PoolFactory.create()
    user = factories.member(pool)
    for second in (0, 60, 170, 290, 411, 500):
        factories.active(user, pool, AT + seconds(second))
        record_spans(pool_id=pool.pk, at=AT + seconds(second + 5))
    assert spans() == [(0, 290, False), (411, 500, True)]


def test_recording_twice_or_without_news_changes_nothing() -> None:
    pool = PoolFactory.create()
    user = factories.member(pool)
    factories.active(user, pool, AT)
    assert record_spans(pool_id=pool.pk, at=AT) == 1
    assert record_spans(pool_id=pool.pk, at=AT) == 0
    assert record_spans(pool_id=pool.pk, at=AT + minutes(30)) == 0
    assert spans() == [(0, 0, True)]


def test_activity_of_another_site_or_product_is_none_of_the_pool() -> None:
    pool, other = PoolFactory.create(), PoolFactory.create()
    factories.active(factories.member(other), other, AT)
    assert record_spans(pool_id=pool.pk, at=AT) == 0


def test_a_span_is_at_most_a_day_long() -> None:
    pool = PoolFactory.create()
    user = factories.member(pool)
    for minute in range(24 * 60 + 3):
        factories.active(user, pool, AT + minutes(minute))
        record_spans(pool_id=pool.pk, at=AT + minutes(minute))
    assert spans() == [(0, 86_400, False), (86_460, 86_520, True)]


def test_after_the_clock_was_set_back_spans_go_on() -> None:
    pool = PoolFactory.create()
    user = factories.member(pool)
    factories.active(user, pool, AT + HOUR)
    record_spans(pool_id=pool.pk, at=AT + HOUR)
    # Older evidence never replaces newer: the person is heard of again once the clock is past it.
    factories.active(user, pool, AT + HOUR + seconds(90))
    record_spans(pool_id=pool.pk, at=AT + HOUR + seconds(90))
    assert spans() == [(3600, 3690, True)]


def test_the_number_of_queries_does_not_grow_with_people(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    pool = PoolFactory.create()
    for number in range(3):
        for user in [factories.member(pool) for _ in range(5 * 3**number)]:
            factories.active(user, pool, AT + minutes(number))
        with django_assert_num_queries(6):
            record_spans(pool_id=pool.pk, at=AT + minutes(number))
    assert ActivitySpan.objects.count() == 65


def test_times_are_kept_in_utc(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"
    begin, end = day_bounds(date(2026, 3, 2), ZoneInfo("Asia/Kolkata"))
    assert (begin, end) == (
        datetime(2026, 3, 1, 18, 30, tzinfo=UTC),
        datetime(2026, 3, 2, 18, 30, tzinfo=UTC),
    )
