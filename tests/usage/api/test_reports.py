"""Reports for programs: bounded, paged, without names, for those who may see use."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from ium.directory.models import User
from ium.usage.models import IntervalUse, SourceUse
from ium.usage.privacy import pseudonym
from slots.models import LicencePool
from tests.admin.conftest import signed_in, staff
from tests.conftest import Now
from tests.factories import AT, FakeJira, PoolFactory, stays, token_for

pytestmark = pytest.mark.django_db
DAY = {"pool": "jira", "since": AT.isoformat(), "until": (AT + timedelta(days=1)).isoformat()}
REPORTS = ("use", "waits", "sessions", "coverage")


@pytest.fixture
def pool(utc_now: Now, intake: None) -> LicencePool:
    """A pool; the clock stands at AT."""
    made: LicencePool = PoolFactory.create(key="jira")
    return made


@pytest.fixture
def reader(pool: LicencePool) -> User:
    """Staff who may see use, and no names."""
    return staff("rita", "usage.view_intervaluse")


def ask(user: User, report: str, **query: Any) -> Any:
    """Ask for a report."""
    return signed_in(user).get(f"/api/v1/reports/{report}", DAY | query)


def interval(pool: LicencePool, number: int, seen: float = 300) -> None:
    """Note five minutes in which one slot was in use for half of what was seen."""
    IntervalUse.objects.create(
        pool=pool, at=AT + timedelta(minutes=5 * number), limit=2, occupied=0, warned=0, waiting=0,
        free=2, draining=0, max_occupied=1, max_waiting=0, full_seconds=0, seen_seconds=seen,
        occupied_seconds=seen / 2,
    )  # fmt: skip


def test_use_comes_in_pages_that_follow_each_other(pool: LicencePool, reader: User) -> None:
    for number in range(5):
        interval(pool, number)
    seen: list[str] = []
    page: int | None = 1
    while page is not None:
        answer = ask(reader, "use", step="interval", page=page, page_size=2).json()
        seen += [row["at"] for row in answer["rows"]]
        page = answer["next_page"]
    assert len(seen) == 5
    assert seen == sorted(set(seen))


def test_what_was_not_seen_has_no_mean(pool: LicencePool, reader: User) -> None:
    interval(pool, 0)
    interval(pool, 1, seen=0)
    rows = ask(reader, "use", step="interval").json()["rows"]
    assert [(row["mean_occupied"], row["seen_seconds"]) for row in rows] == [(0.5, 300), (None, 0)]


def test_sessions_and_waits_tell_pseudonyms_only(
    pool: LicencePool, reader: User, jira: FakeJira
) -> None:
    grace = jira.holder(pool, AT, display_name="Grace")
    stays(pool, 1, 60, AT)
    waits = ask(reader, "waits")
    assert waits.json()["rows"][0]["person"] == pseudonym(grace.pk)
    text = waits.content.decode() + ask(reader, "sessions").content.decode()
    assert len(ask(reader, "sessions").json()["rows"]) == 1
    assert "Grace" not in text
    assert str(grace.account_id) not in text


def test_coverage_by_day(pool: LicencePool, reader: User) -> None:
    SourceUse.objects.create(pool=pool, day=AT.date(), source="extension", version="1", people=7)
    assert ask(reader, "coverage").json()["rows"] == [
        {"day": "2026-03-02", "source": "extension", "version": "1", "people": 7}
    ]


def test_csv_by_parameter_and_by_header(pool: LicencePool, reader: User) -> None:
    interval(pool, 0)
    by_name = ask(reader, "use", step="interval", format="csv")
    assert by_name["Content-Type"] == "text/csv; charset=utf-8"
    lines = by_name.content.decode().splitlines()
    assert lines[0].startswith("at,limit,max_occupied,mean_occupied")
    address, query = "/api/v1/reports/use", DAY | {"step": "interval"}
    by_header = signed_in(reader).get(address, query, headers={"Accept": "text/csv"})
    assert by_header.content == by_name.content


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"until": AT.isoformat()}, "until"),
        ({"step": "interval", "until": (AT + timedelta(days=32)).isoformat()}, "until"),
        ({"until": (AT + timedelta(days=367)).isoformat()}, "until"),
        ({"page_size": 5001}, "page_size"),
        ({"page": 0}, "page"),
        ({"since": "yesterday"}, "since"),
        ({"step": "year"}, "step"),
    ],
)
def test_ranges_that_are_too_long_or_wrong_are_refused(
    reader: User, query: dict[str, Any], field: str
) -> None:
    answer = ask(reader, "use", **query)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_a_pool_that_is_not_there(reader: User) -> None:
    assert ask(reader, "use", pool="nothing").status_code == 404


@pytest.mark.parametrize("report", REPORTS)
def test_only_staff_with_the_right_may_read(pool: LicencePool, reader: User, report: str) -> None:
    assert ask(reader, report).status_code == 200
    assert ask(staff("sam"), report).status_code == 403
    assert Client().get(f"/api/v1/reports/{report}", DAY).status_code == 401


def test_a_token_of_staff_works_and_one_of_anybody_else_does_not(
    pool: LicencePool, reader: User, jira: FakeJira
) -> None:
    other = jira.holder(pool, AT)
    for user, status in ((reader, 200), (other, 403)):
        headers = {"Authorization": f"Bearer {token_for(user)}"}
        answer = Client().get("/api/v1/reports/use", DAY, headers=headers)
        assert answer.status_code == status


def test_nothing_can_be_written(reader: User) -> None:
    answer = signed_in(reader).post("/api/v1/reports/use", DAY)
    assert answer.status_code in {403, 405}
