"""Which days, how fine, and days that are longer or shorter than others."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ium.usage.charts.periods import Fineness, Period, period_of
from ium.usage.models import Retention
from tests.usage.charts.made import BERLIN, berlin

TODAY = date(2026, 11, 24)


def one_day(day: date, fineness: Fineness = Fineness.HOUR, zone: ZoneInfo = BERLIN) -> Period:
    """Return a single day."""
    return Period(day, day, zone, fineness)


@pytest.mark.parametrize(
    ("days", "fineness"),
    [
        (1, Fineness.INTERVAL),
        (14, Fineness.INTERVAL),
        (15, Fineness.HOUR),
        (100, Fineness.HOUR),
        (101, Fineness.DAY),
        (730, Fineness.DAY),
    ],
)
@pytest.mark.django_db
def test_the_longer_the_period_the_coarser_are_its_values(days: int, fineness: Fineness) -> None:
    first = TODAY - timedelta(days=days - 1)
    assert period_of(first, TODAY, today=TODAY).fineness is fineness


@pytest.mark.parametrize(
    ("age", "fineness"), [(29, Fineness.INTERVAL), (31, Fineness.HOUR), (101, Fineness.DAY)]
)
@pytest.mark.django_db
def test_what_is_no_longer_kept_is_not_asked_for(age: int, fineness: Fineness) -> None:
    Retention.objects.update_or_create(pk=1, defaults={"interval_days": 30, "hour_days": 100})
    day = TODAY - timedelta(days=age)
    assert period_of(day, day, today=TODAY).fineness is fineness


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 10, 24), 24), (date(2026, 10, 25), 25), (date(2026, 3, 29), 23)],
)
def test_a_day_has_the_hours_it_really_has(day: date, hours: int) -> None:
    period = one_day(day)
    grid = list(period.grid())
    assert len(grid) == len(set(grid)) == hours
    assert len(list(period.grid(Fineness.INTERVAL))) == hours * 12
    assert period.length(period.since, Fineness.DAY) == hours * 3600
    assert {later - at for at, later in pairwise(grid)} == {timedelta(hours=1)}


def test_days_begin_at_midnight_there() -> None:
    period = Period(date(2026, 10, 24), date(2026, 10, 26), BERLIN, Fineness.DAY)
    assert list(period.grid()) == [
        berlin(2026, 10, 24),
        berlin(2026, 10, 25),
        berlin(2026, 10, 26),
    ]
    assert period.until == berlin(2026, 10, 27)


def test_hours_are_those_of_the_world_where_clocks_are_half_an_hour_off() -> None:
    period = one_day(TODAY, zone=ZoneInfo("Asia/Kolkata"))
    assert period.since == datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    assert next(period.grid()) == datetime(2026, 11, 23, 18, tzinfo=UTC)


def test_a_second_period_is_laid_on_the_first_by_the_clock_on_the_wall() -> None:
    summer = Period(date(2026, 10, 19), date(2026, 10, 19), BERLIN, Fineness.HOUR)
    winter = summer.moved(7)
    assert winter.first == date(2026, 10, 26)
    assert winter.onto(berlin(2026, 10, 26, 9), summer) == berlin(2026, 10, 19, 9)
