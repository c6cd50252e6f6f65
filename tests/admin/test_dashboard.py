"""The first page: numbers, problems, jobs, the newest entries; and the menu."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from activity.models import Intake
from ium.dashboard import MENU
from ium.directory.models import Site
from slots.models import JobRun, LicencePool, Slot
from tests import factories
from tests.admin.conftest import populate, showing_names, signed_in, staff
from tests.admin.test_pages import queries
from tests.factories import AT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def jobs(db: None) -> None:
    """The sweep runs."""
    JobRun.objects.create(name="sweep", finished_at=AT - timedelta(seconds=40))


def shown(client: Client) -> Any:
    """Return the context of the first page."""
    response = client.get(reverse("admin:index"))
    assert response.status_code == 200
    return response.context


def banners(client: Client) -> str:
    """Return all problems that the first page names."""
    return " ".join(banner.text for banner in shown(client)["banners"])


def test_the_card_of_a_pool_has_its_numbers(boss: Client, pool: LicencePool) -> None:
    user = factories.holder(pool)
    factories.holder(pool)
    Slot.objects.filter(holder=user).update(warned_at=AT, revoke_at=AT + timedelta(minutes=1))
    factories.waiting(pool)
    card = shown(boss)["pools"][0]
    numbers = card["numbers"]
    assert (numbers.used, numbers.limit, numbers.active, numbers.free) == (2, 2, 2, 0)
    assert (numbers.warned, numbers.waiting, numbers.draining) == (1, 1, 0)
    assert card["longest_wait"] == "0 s"
    assert card["sweep"] == "0 s ago"


def test_slots_on_their_way_and_draining_ones_count_as_used(
    boss: Client, pool: LicencePool
) -> None:
    factories.holder(pool)
    factories.waiting(pool)
    LicencePool.objects.filter(pk=pool.pk).update(assigned_licences=1)
    numbers = shown(boss)["pools"][0]["numbers"]
    assert (numbers.used, numbers.granting, numbers.limit, numbers.draining) == (2, 1, 1, 1)


def test_the_newest_entries_are_sentences(boss: Client, pool: LicencePool) -> None:
    showing_names(boss)
    for number in range(8):
        factories.member(pool, display_name=f"Person {number}")
    factories.holder(pool, display_name="Grace")
    entries = shown(boss)["entries"]
    assert len(entries) <= 15
    assert entries[0]["text"] == "Jira confirmed the access of Grace to Jira, 0 s later."


def test_jobs_show_how_long_ago_they_worked(boss: Client) -> None:
    assert [job["success"] for job in shown(boss)["jobs"]] == ["40 s ago"]


def test_nothing_wrong_means_no_banner(boss: Client, pool: LicencePool) -> None:
    assert banners(boss) == ""


def test_jira_being_down_is_said_first(boss: Client, pool: LicencePool) -> None:
    Site.objects.update(connection_state="unreachable", connection_message="timeout")
    assert "Jira cannot be reached. Holders keep their slots" in banners(boss)
    assert shown(boss)["pools"][0]["numbers"].state == "down"


@pytest.mark.parametrize(
    ("days", "text"), [(31, ""), (30, "ends in 30 days"), (0, "ends in 0 days"), (-1, "has ended")]
)
def test_the_end_of_a_key_is_announced(
    boss: Client, pool: LicencePool, days: int, text: str
) -> None:
    Site.objects.update(org_key_expires_on=AT.date() + timedelta(days=days))
    found = banners(boss)
    assert (text in found) if text else (found == "")


@pytest.mark.parametrize("last", [None, AT - timedelta(seconds=61)])
def test_a_sweep_that_is_late_is_reported(boss: Client, last: Any) -> None:
    JobRun.objects.update(finished_at=last)
    assert "Are a worker and Celery Beat running?" in banners(boss)


def test_a_system_in_which_nothing_ever_ran_says_so(boss: Client) -> None:
    JobRun.objects.all().delete()
    assert "last succeeded: never" in banners(boss)


def test_missing_activity_is_reported(boss: Client) -> None:
    Intake.objects.update(seen_at=AT - timedelta(minutes=5))
    assert "nobody loses a slot to the sweep" in banners(boss)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"enabled": False}, "Jira is switched off"),
        ({"dry_run": True}, "Jira is a dry run"),
        (
            {"paused_until": AT + timedelta(seconds=9), "paused_message": "seats are full"},
            "Jira gives no slots for a moment: seats are full",
        ),
    ],
)
def test_pools_that_do_not_work_as_usual_are_named(
    boss: Client, pool: LicencePool, fields: dict[str, Any], text: str
) -> None:
    LicencePool.objects.filter(pk=pool.pk).update(**fields)
    assert text in banners(boss)


def test_the_page_needs_no_more_queries_for_more_of_everything(
    boss: Client, pool: LicencePool
) -> None:
    populate(pool, 3)
    few = queries(boss, reverse("admin:index"))
    populate(pool, 12)
    factories.PoolFactory.create_batch(5)
    assert queries(boss, reverse("admin:index")) == few


def test_without_rights_the_page_shows_nothing(stranger: Client, pool: LicencePool) -> None:
    factories.holder(pool, display_name="Grace")
    response = stranger.get(reverse("admin:index"))
    context = response.context
    assert (context["pools"], context["entries"], context["sites"], context["jobs"]) == (
        [],
        [],
        [],
        [],
    )
    assert context["banners"] == []
    assert "Grace" not in response.content.decode()


def test_an_empty_system_says_what_to_do_first(boss: Client) -> None:
    assert "Open the set-up" in boss.get(reverse("admin:index")).content.decode()


def test_the_page_has_no_inline_script_and_no_refresh_of_its_own(boss: Client) -> None:
    page = boss.get(reverse("admin:index")).content.decode()
    assert "http-equiv" not in page
    assert "ium/overview.js" in page


def menu(client: Client) -> dict[str, list[str]]:
    """Return the titles of the menu by group."""
    groups = shown(client)["sidebar_navigation"]
    return {str(g.get("title", "")): [str(item["title"]) for item in g["items"]] for g in groups}


def test_the_menu_is_in_the_order_of_work(boss: Client) -> None:
    found = menu(boss)
    assert list(found) == ["", "Licences", "Usage", "People and sites", "Operation"]
    usage = ["Charts", "What-if", "Prices", "Peak determination", "Imports", "Retention"]
    assert found["Usage"] == usage
    assert found["Licences"] == [
        "IUM Configuration",
        "Page rules",
        "Look of the queue page",
        "Slots",
        "Queue",
        "Expected waits",
        "Hand-overs",
        "Sessions",
        "Journal",
        "Break glass",
    ]
    assert found["People and sites"][:4] == ["Users", "Groups", "Sites", "Devices"]
    assert {"Jobs", "Schedules", "Activity"} <= set(found["Operation"])


def test_the_menu_shows_only_what_one_may_see(stranger: Client) -> None:
    assert menu(stranger) == {
        "": ["Overview"],
        "Licences": [],
        "People and sites": [],
        "Operation": [],
    }
    reader = signed_in(staff("rita", "slots.view_journalentry"))
    # Hand-overs are told from the journal.
    assert menu(reader)["Licences"] == ["Hand-overs", "Journal"]


def test_every_model_of_the_menu_exists() -> None:
    from django.apps import apps

    for _title, entries in MENU:
        for label, _name, _icon in entries:
            assert apps.get_model(label)


def test_the_files_of_the_page_exist() -> None:
    for name in ("admin.css", "overview.js"):
        assert (settings.BASE_DIR / "ium" / "static" / "ium" / name).exists()
