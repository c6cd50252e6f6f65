"""The page of charts: who may see it, what can be asked for, what it costs."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ium.demo.history import history_fill, history_remove
from ium.usage.charts.registry import CHARTS
from ium.usage.models import IntervalUse, PeriodUse, Refusal
from slots.models import LicencePool
from tests import factories
from tests.admin.conftest import signed_in, staff
from tests.factories import AT, minutes
from tests.usage.charts.made import interval, rows_read, years

pytestmark = pytest.mark.django_db
PAGE = "/admin/usage/charts/"
RIGHT = "usage.view_intervaluse"
# Session, person and rights; pools, retention, gaps, imports; nine charts with eleven readings.
QUERIES = 20
# A picture of two years has 731 values, its heatmap 168; of two weeks 4032 of five minutes and 337 hours twice.
MOST_ROWS = 6000


@pytest.fixture(autouse=True)
def _clock(utc_now: Any, intake: None) -> None:
    """Time stands still at AT."""


@pytest.fixture
def pool(db: None) -> LicencePool:
    """A pool."""
    created: LicencePool = factories.PoolFactory.create(name="Jira", key="jira")
    return created


@pytest.fixture
def viewer(db: None) -> Client:
    """Somebody who may look at usage and nothing else."""
    return signed_in(staff("vera", RIGHT))


def charts(client: Client, query: str = "") -> dict[str, Any]:
    """Return the charts of the page by name."""
    response = client.get(PAGE + query)
    assert response.status_code == 200
    return {chart.name: chart for chart in response.context["charts"]}


def test_only_who_may_look_at_usage_sees_charts(pool: LicencePool, viewer: Client) -> None:
    nobody = signed_in(staff("nora"))
    for address in (PAGE, f"{PAGE}slots.json", f"{PAGE}slots.csv"):
        assert viewer.get(address).status_code == 200
        assert nobody.get(address).status_code == 403


def test_the_menu_and_the_pool_lead_there(pool: LicencePool, viewer: Client) -> None:
    assert PAGE in viewer.get("/admin/").content.decode()
    assert PAGE not in signed_in(staff("nora")).get("/admin/").content.decode()
    boss = signed_in(staff("pia", RIGHT, "slots.view_licencepool"))
    for address in ("/admin/", f"/admin/slots/licencepool/{pool.pk}/change/"):
        assert f"{PAGE}?pool=jira" in boss.get(address).content.decode()


def test_before_anything_was_recorded_every_chart_says_so(
    pool: LicencePool, viewer: Client
) -> None:
    found = charts(viewer)
    assert list(found) == list(CHARTS)
    assert all(chart.data is None and chart.summary for chart in found.values())


def test_without_any_pool_the_page_opens(viewer: Client) -> None:
    assert charts(viewer)


def test_a_pool_can_be_chosen(pool: LicencePool, viewer: Client) -> None:
    interval(pool, AT - minutes(5), 5)
    interval(factories.PoolFactory.create(key="other"), AT - minutes(5), 3)
    assert "At most 8 " in charts(viewer)["slots"].summary
    assert "At most 5 " in charts(viewer, "?pool=jira")["slots"].summary


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?pool=nothing", "Select a valid choice."),
        ("?period=ever", "Select a valid choice."),
        ("?period=free", "Enter the first day."),
        ("?since=2026-02-30", "Enter a valid date."),
        ("?since=2027-01-01", "The first day is after the last, or in the future."),
        ("?since=2001-01-01", "At most 1096 days are shown at once."),
        ("?period=year&until=0001-01-02", "Enter a day after the year 2000."),
        ("?compare=free", "Enter the day on which the second period begins."),
        ("?compare=last", "Select a valid choice."),
        ("?compare=free&compare_since=0001-01-01", "Enter a day after the year 2000."),
        ("?compare=free&compare_since=9999-12-31", "Enter a day that is not in the future."),
    ],
)
def test_a_mistake_is_said_and_programs_are_refused(
    pool: LicencePool, viewer: Client, query: str, message: str
) -> None:
    page = viewer.get(PAGE + query)
    assert page.status_code == 200
    assert message in page.content.decode()
    for ending in ("json", "csv"):
        answer = viewer.get(f"{PAGE}slots.{ending}{query}")
        assert answer.status_code == 400
        assert message in answer.content.decode()


def test_a_first_day_alone_is_enough(pool: LicencePool, viewer: Client) -> None:
    period = viewer.get(f"{PAGE}?period=week&since=2026-02-01").context["wanted"].period
    assert (period.first, period.last) == (date(2026, 2, 1), AT.date())


def test_pages_lead_to_earlier_and_later_times(pool: LicencePool, viewer: Client) -> None:
    pages = dict(viewer.get(f"{PAGE}?period=week").context["pages"])
    assert pages == {"Earlier": "?period=week&until=2026-02-23"}
    earlier = viewer.get(PAGE + pages["Earlier"]).context
    assert earlier["wanted"].period.first == date(2026, 2, 17)
    assert dict(earlier["pages"])["Later"] == "?period=week&until=2026-03-02"


def test_a_chart_that_is_none_is_not_found(pool: LicencePool, viewer: Client) -> None:
    assert viewer.get(f"{PAGE}nothing.json").status_code == 404


def test_the_file_has_every_value_the_json_the_picture(pool: LicencePool, viewer: Client) -> None:
    interval(pool, AT - minutes(5), 5)
    answer = viewer.get(f"{PAGE}slots.csv?period=day")
    lines = answer.content.decode().removeprefix("\ufeff").splitlines()
    assert lines[0].startswith("from,limit,max_occupied")
    assert lines[1] == "2026-03-02T08:55:00+00:00,10,5,5.0,0,0,0,300,first"
    assert 'filename="ium-slots-2026-03-02-2026-03-02.csv"' in answer["Content-Disposition"]
    found = json.loads(viewer.get(f"{PAGE}slots.json?period=day").content)
    assert found["data"]["series"][0]["data"][-1][1] == 5


def test_texts_cannot_end_the_block_they_are_in(pool: LicencePool, viewer: Client) -> None:
    Refusal.objects.create(pool=pool, day=AT.date(), reason="</script><b>", count=1)
    page = viewer.get(PAGE).content.decode()
    assert "</script><b>" not in page
    assert "\\u003C/script\\u003E" in page


def queries(client: Client, query: str) -> int:
    """Return how many questions to the database a page costs."""
    with CaptureQueriesContext(connection) as found:
        assert client.get(PAGE + query).status_code == 200
    return len(found)


def test_the_page_costs_the_same_however_much_was_recorded(
    pool: LicencePool, viewer: Client
) -> None:
    history_fill(pool=pool, days=4, at=AT)
    few = queries(viewer, "?period=week")
    history_fill(pool=factories.PoolFactory.create(assigned_licences=15), days=9, at=AT)
    factories.PoolFactory.create_batch(3)
    assert queries(viewer, "?period=week") == few <= QUERIES


@pytest.mark.parametrize(("period", "rows"), [("two_years", 4000), ("quarter", 8000)])
def test_two_years_of_two_pools_are_few_rows(
    pool: LicencePool, viewer: Client, period: str, rows: int
) -> None:
    for each in (pool, factories.PoolFactory.create()):
        years(each, AT.date(), 731)
    assert PeriodUse.objects.count() > 36_000
    with rows_read() as read:
        page = viewer.get(f"{PAGE}?period={period}")
    assert page.status_code == 200
    assert 1000 < sum(read) < rows
    assert len(page.content) < 1_000_000
    assert all(len(chart.table.rows) <= 100 for chart in page.context["charts"])


def test_two_weeks_of_five_minutes_are_bounded_too(pool: LicencePool, viewer: Client) -> None:
    history_fill(pool=pool, days=15, at=AT + timedelta(hours=12))
    with rows_read() as read:
        assert viewer.get(f"{PAGE}?since={AT.date() - timedelta(days=13)}").status_code == 200
    assert 3000 < sum(read) < MOST_ROWS


def test_the_past_of_the_demo_is_marked_and_can_be_taken_out(
    pool: LicencePool, viewer: Client
) -> None:
    LicencePool.objects.update(assigned_licences=15)
    pool.refresh_from_db()
    assert history_fill(pool=pool, days=12, at=AT)
    assert not history_fill(pool=pool, days=12, at=AT), "it is there already"
    page = viewer.get(f"{PAGE}?period=month").content.decode()
    assert "simulated history of the demo. IUM did not measure this itself." in page
    found = charts(viewer, "?period=month")
    assert all(chart.data for chart in found.values())
    interval(pool, AT - minutes(5), 5)
    assert history_remove(pool=pool)
    assert not history_remove(pool=pool)
    assert IntervalUse.objects.count() == 1
    assert not PeriodUse.objects.exists()


def test_a_pool_with_records_of_its_own_gets_no_past(pool: LicencePool) -> None:
    interval(pool, AT - minutes(5), 5)
    assert not history_fill(pool=pool, days=12, at=AT)


def test_the_past_is_what_its_own_visits_say(pool: LicencePool) -> None:
    """The sum over five minutes, hours and days is the same, and nothing exceeds the limit."""
    LicencePool.objects.update(assigned_licences=6)
    pool.refresh_from_db()
    history_fill(pool=pool, days=8, at=AT)
    rows = IntervalUse.objects.all()
    assert max(row.max_occupied for row in rows) == 6
    area = sum(row.occupied_seconds for row in rows)
    for kind in ("hour", "day"):
        periods = PeriodUse.objects.filter(kind=kind)
        assert sum(p.mean_occupied * p.seen_seconds for p in periods) == pytest.approx(area)
        assert max(p.people for p in periods) > 6
    days = PeriodUse.objects.filter(kind="day")
    hours = PeriodUse.objects.filter(kind="hour")
    assert sum(p.waits for p in days) == sum(p.waits for p in hours) > 100
    assert sum(p.waits_given_up for p in days) > 0
