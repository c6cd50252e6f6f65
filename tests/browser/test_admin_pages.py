"""Pages of the administration about people, tasks, alerts and measuring: they open, fit, and do what they say."""

from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from ium.directory.models import User
from ium.lib import clock
from ium.schedule import schedules_ensure
from slots.models import AlertKind, AlertRule, LicencePool
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Visit
from tests.browser.test_look import NARROW, fits, photograph

WIDE = ViewportSize(width=1280, height=900)
TASKS = "/admin/django_celery_beat/periodictask/overview/"
# What the library of the admin does not do: its page has no landmark for the main part.
FRAME = ("region: .hidden", "landmark-one-main", "landmark-unique: #nav-sidebar")


@pytest.fixture
def boss(transactional_db: None) -> User:
    """An administrator."""
    return User.objects.create_superuser("ada", "a long pass phrase", display_name="Ada Admin")


def faults(page: Page) -> list[str]:
    """Return what axe finds in what is IUM's own."""
    return [each for each in violations(page) if not each.startswith(FRAME)]


def look_at(page: Page, address: str, name: str) -> None:
    """Open a page wide and narrow."""
    page.set_viewport_size(WIDE)
    answer = page.goto(address)
    assert answer is not None
    assert answer.ok, f"{address}: {answer.status}"
    photograph(page, name)
    assert faults(page) == [], address
    page.set_viewport_size(NARROW)
    photograph(page, f"{name}-narrow")
    assert fits(page), address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_people_tasks_and_alerts_fit_and_are_accessible(
    visit: Visit, pool: LicencePool, boss: User, scheme: Literal["light", "dark"]
) -> None:
    schedules_ensure()
    ben = factories.member(pool, display_name="Ben")
    rule = AlertRule.objects.create(pool=pool, kind=AlertKind.values[0], threshold=5)
    page = visit.tab(visit.context(boss, color_scheme=scheme))
    look_at(page, f"/admin/usage/personaldata/{ben.pk}/data/", f"admin-person-{scheme}")
    look_at(page, TASKS, f"admin-tasks-{scheme}")
    look_at(page, f"/admin/slots/alertrule/{rule.pk}/change/", f"admin-alert-{scheme}")
    look_at(page, "/admin/slots/notice/", f"admin-notices-{scheme}")


def test_what_is_stored_of_a_person_is_saved_and_deleted(
    visit: Visit, pool: LicencePool, boss: User
) -> None:
    ben = factories.member(pool, display_name="Ben")
    page = visit.open(boss, f"/admin/usage/personaldata/{ben.pk}/data/")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save everything as JSON").click()
    assert saved.value.suggested_filename == f"ium-person-{ben.pk}.json"
    page.get_by_role("checkbox", name="Delete the data of Ben").check()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("The data were deleted.")).to_be_visible()
    ben.refresh_from_db()
    assert ben.account_id is None
    assert "Ben" not in ben.display_name


def test_names_are_shown_after_a_question_and_hidden_again(
    visit: Visit, pool: LicencePool, boss: User
) -> None:
    factories.waiting(pool, clock.now(), display_name="Ben Waits")
    page = visit.open(boss, "/admin/slots/journalentry/", viewport=WIDE)
    rows = page.locator("#result_list")
    expect(rows).to_contain_text("joined the queue")
    for name, shown in (("Show names", True), ("Hide names", False)):
        expect(rows).not_to_contain_text("Ben Waits") if shown else None
        page.get_by_role("link", name=name).click()
        page.locator("#modal-content").get_by_role("button", name=name).click()
        expect(page.get_by_role("link", name="Hide names")).to_have_count(int(shown))
        wanted = expect(rows)
        (wanted.to_contain_text if shown else wanted.not_to_contain_text)("Ben Waits")


@pytest.mark.parametrize(
    ("measuring", "there", "away"),
    [(False, "Begin", "End"), (True, "End", "Begin")],
    ids=["sharing", "measuring"],
)
def test_every_button_of_a_pool_is_on_the_page(
    visit: Visit, pool: LicencePool, boss: User, measuring: bool, there: str, away: str
) -> None:
    LicencePool.objects.update(measuring=measuring)
    page = visit.open(boss, f"/admin/slots/licencepool/{pool.pk}/change/", viewport=WIDE)
    button = page.get_by_role("link", name=f"{there} measuring mode")
    expect(button).to_be_visible()
    box = button.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= WIDE["width"]
    expect(page.get_by_role("link", name=f"{away} measuring mode")).to_have_count(0)
