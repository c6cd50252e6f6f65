"""Who has the extension, in which version, and how many of those who work."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ium.directory.models import Device, User
from slots.coverage import coverage, has_recent_extension
from slots.models import LicencePool, PageRules
from tests.admin.conftest import signed_in, staff
from tests.factories import AT, active, member, minutes, token_for

pytestmark = pytest.mark.django_db
LIST = "/admin/slots/extensionuse/"
DAYS = minutes(24 * 60)


def person(
    pool: LicencePool,
    name: str,
    *extensions: tuple[str, str, int],
    active_days_ago: int | None = 0,
) -> User:
    """Create somebody who was active, with extensions: version, browser, and how many days ago seen."""
    user = member(pool, display_name=name, email=f"{name.lower()}@example.com")
    if active_days_ago is not None:
        active(user, pool, AT - DAYS * active_days_ago)
    for version, browser, days in extensions:
        token_for(
            user,
            extension_version=version,
            extension_browser=browser,
            extension_seen_at=AT - DAYS * days,
        )
    return user


@pytest.fixture
def people(pool: LicencePool) -> dict[str, User]:
    """Five people: with an old and a new extension, with a silent one, without, and one on holiday."""
    made = [
        person(pool, "Ada", ("1.2.0", "firefox", 1), ("1.10.0", "chrome", 0)),
        person(pool, "Ben", ("1.2.0", "firefox", 2)),
        person(pool, "Cleo", ("1.0.0", "edge", 9)),
        person(pool, "=Dora"),
        person(pool, "Emil", active_days_ago=8),
    ]
    token_for(made[3])  # a device without the extension
    return {user.display_name: user for user in made}


def test_the_share_is_of_people_active_in_the_last_seven_days(people: dict[str, User]) -> None:
    found = coverage(AT)
    assert (found.active, found.with_extension, found.percent) == (4, 2, 50)
    assert [(one.version, one.browser, one.people) for one in found.versions] == [
        ("1.10.0", "Chrome", 1),
        ("1.2.0", "Firefox", 2),
    ]


def test_nobody_has_no_share(db: None) -> None:
    assert coverage(AT).percent is None


def test_the_first_page_shows_share_and_versions_to_who_may_see_people(
    boss: Client, people: dict[str, User]
) -> None:
    page = boss.get(reverse("admin:index")).content.decode()
    assert "2 of 4 active people have it (50 %)." in page
    assert "1.10.0, Chrome" in page
    reader = signed_in(staff("rita", "slots.view_journalentry"))
    assert "active people have it" not in reader.get(reverse("admin:index")).content.decode()


def names(browser: Client, **query: str) -> list[str]:
    """Return whom the list shows, in order."""
    answer: Any = browser.get(LIST, query)
    assert answer.status_code == 200
    return [use.display_name for use in answer.context["cl"].result_list]


def test_the_list_shows_everybody_from_jira_with_the_latest_extension(
    boss: Client, people: dict[str, User]
) -> None:
    assert names(boss) == ["Ada", "Ben", "Cleo", "=Dora", "Emil"]
    page = boss.get(LIST).content.decode()
    assert "1.10.0" in page
    assert "not lately" in page
    assert "never heard of" in page


@pytest.mark.parametrize(
    ("heard", "expected"),
    [("yes", ["Ada", "Ben"]), ("missing", ["Cleo", "=Dora"]), ("never", ["=Dora", "Emil"])],
)
def test_people_can_be_picked_by_whether_it_was_heard_of(
    boss: Client, people: dict[str, User], heard: str, expected: list[str]
) -> None:
    assert names(boss, heard=heard) == expected


def test_an_extension_below_the_minimum_is_marked(boss: Client, people: dict[str, User]) -> None:
    assert "too old" not in boss.get(LIST).content.decode()
    PageRules.objects.create(pk=1, minimum_extension_version="1.9")
    assert boss.get(LIST).content.decode().count("too old") == 1


def test_the_list_costs_the_same_for_many_people(
    boss: Client, people: dict[str, User], pool: LicencePool, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(60) as few:
        boss.get(LIST)
    for number in range(20):
        person(pool, f"More{number}", ("1.0", "edge", 0))
    with django_assert_max_num_queries(len(few) + 1):
        boss.get(LIST)


def test_the_export_has_everybody_and_no_formula(boss: Client, people: dict[str, User]) -> None:
    chosen = [user.pk for user in people.values()]
    form = {"action": "export_csv_names", "_selected_action": chosen, "index": 0}
    answer: Any = boss.post(LIST, form)
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert lines[0].startswith("user,e-mail,account id,extension,version,browser")
    assert [line.split(",")[0] for line in lines[1:]] == ["Ada", "Ben", "Cleo", "'=Dora", "Emil"]
    assert ",in use,1.10.0,Chrome,2026-03-02T09:00:00" in lines[1]


def test_a_browser_that_was_signed_out_is_no_extension_of_today(people: dict[str, User]) -> None:
    ben = people["Ben"]
    assert has_recent_extension(user_id=ben.pk, at=AT)
    Device.objects.filter(user=ben).update(signed_out_at=AT)
    assert not has_recent_extension(user_id=ben.pk, at=AT)
