"""The forecast: counted from the same hour of the same weekday, and said how."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone

from ium.tasks import watch_alerts
from ium.usage.alerts.forecast import full_hours
from ium.usage.models import PeriodUse
from slots.models import AlertKind, AlertRule, LicencePool, Notice
from slots.services import notices_send
from tests.conftest import Now
from tests.factories import AT

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def hour(pool: LicencePool, at: datetime, most: int, **fields: Any) -> None:
    """Note an hour in which at most so many slots were in use."""
    numbers: dict[str, Any] = {
        "limit_min": 1, "limit_max": 1, "mean_occupied": most, "max_waiting": 0, "full_seconds": 0,
        "seen_seconds": 3600, "people": most, "grants": 0, "losses": 0, "waits": 0, "waits_given_up": 0,
        "wait_seconds_sum": 0, "wait_seconds_max": 0, **fields,
    }  # fmt: skip
    PeriodUse.objects.create(pool=pool, kind="hour", at=at, max_occupied=most, **numbers)


def expected(pool: LicencePool, hours: int = 3) -> list[datetime]:
    """Return the hours after AT that are expected to be full."""
    return [found.at for found in full_hours(pool, at=AT, hours=hours)]


def test_half_of_the_weeks_seen_make_an_hour_expected_to_be_full(pool: LicencePool) -> None:
    for week, most in enumerate([1, 0, 1, 0], start=1):
        hour(pool, AT + HOUR - timedelta(weeks=week), most)
    assert expected(pool) == [AT + HOUR]


def test_less_than_half_does_not(pool: LicencePool) -> None:
    for week, most in enumerate([1, 0, 0, 1, 0], start=1):
        hour(pool, AT + HOUR - timedelta(weeks=week), most)
    assert expected(pool) == []


def test_two_weeks_are_too_few_to_say_anything(pool: LicencePool) -> None:
    for week in (1, 2):
        hour(pool, AT + HOUR - timedelta(weeks=week), 1)
    assert expected(pool) == []


def test_hours_that_were_hardly_seen_and_imported_ones_do_not_count(pool: LicencePool) -> None:
    for week in (1, 2, 3):
        hour(pool, AT + HOUR - timedelta(weeks=week), 1, seen_seconds=1200)
        hour(pool, AT + HOUR - timedelta(weeks=week), 1, imported=True)
    assert expected(pool) == []


def test_a_lower_limit_of_then_that_was_reached_counts(pool: LicencePool) -> None:
    LicencePool.objects.filter(pk=pool.pk).update(assigned_licences=5)
    pool.refresh_from_db()
    for week in (1, 2, 3):
        hour(pool, AT + 2 * HOUR - timedelta(weeks=week), 1, full_seconds=900)
    assert expected(pool) == [AT + 2 * HOUR]


def test_another_weekday_says_nothing(pool: LicencePool) -> None:
    for week in (1, 2, 3):
        hour(pool, AT + HOUR - timedelta(weeks=week, days=1), 1)
    assert expected(pool) == []


def test_the_hour_is_the_one_on_the_clock_also_after_it_was_changed(pool: LicencePool) -> None:
    """On Monday 30 March, after the change, 9:00 in Berlin is 7:00 UTC; the weeks before it was 8:00."""
    for week in (1, 2, 3):
        hour(pool, datetime(2026, 3, 30, 8, tzinfo=UTC) - timedelta(weeks=week), 1)
    with timezone.override(ZoneInfo("Europe/Berlin")):
        found = list(full_hours(pool, at=datetime(2026, 3, 30, 6, 20, tzinfo=UTC), hours=1))
    assert [(each.at, each.weeks) for each in found] == [(datetime(2026, 3, 30, 7, tzinfo=UTC), 3)]


def test_one_query_for_a_whole_day(pool: LicencePool, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        list(full_hours(pool, at=AT, hours=24))


def test_the_job_tells_it_once_with_its_grounds_and_that_it_is_over(
    pool: LicencePool, utc_now: Now
) -> None:
    AlertRule.objects.create(pool=pool, kind=AlertKind.FORECAST, threshold=2)
    for week in (1, 2, 3):
        hour(pool, AT + 2 * HOUR - timedelta(weeks=week), 1 if week < 3 else 0)
    assert watch_alerts() == 1
    assert watch_alerts() == 0
    notices_send(at=AT)
    text = mail.outbox[0].body
    assert "will probably be full on Monday, 2 March from 11:00 o'clock" in text
    assert "in 2 of the last 3 weeks that IUM saw" in text
    utc_now.at = AT + 2 * HOUR
    assert watch_alerts() == 1
    assert list(Notice.objects.order_by("pk").values_list("kind", flat=True)) == [
        "alert",
        "alert_over",
    ]
