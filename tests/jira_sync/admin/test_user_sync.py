"""The user sync's screens: buttons ask first and start runs, the log shows them, the reset says whom it throws out."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jira_sync.models import RunState, SyncRun, SyncSettings
from slots.models import LicencePool
from tests import factories
from tests.factories import AT
from tests.jira_sync.admin.conftest import GIVES_JIRA, group, run_of, staff, texts
from tests.jira_sync.doctor.world import World

pytestmark = pytest.mark.django_db
RIGHTS = ("jira_sync.view_syncsettings", "jira_sync.view_syncrun", "slots.operate_pool")
LOG = "admin:jira_sync_syncrun_changelist"


def press(client: Client, name: str, pk: int, **data: Any) -> Any:
    """Press a button that asks first, and confirm; return the page one lands on."""
    address = reverse(f"admin:jira_sync_{name}", args=[pk])
    return client.post(address, {"_form_submitted": "True", **data}, follow=True)


def settings_form(**changed: Any) -> dict[str, Any]:
    """Return the form as a browser sends it."""
    return {"interval_minutes": 60, "largest_loss_percent": 20, **changed}


def test_a_dry_run_starts_and_shows_its_page(
    boss: Client,
    settings_of_pool: SyncSettings,
    tasks: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = press(boss, "syncsettings_dry_run", settings_of_pool.pk)
    run = SyncRun.objects.get()
    assert (run.dry_run, run.state) == (True, RunState.PLANNING)
    assert page.redirect_chain[-1][0] == reverse("admin:jira_sync_syncrun_change", args=[run.pk])
    assert "has started" in texts(page)
    assert tasks == ["jira_sync.tasks.sync_run"]


def test_run_now_needs_no_more_than_the_right_to_operate(
    settings_of_pool: SyncSettings, tasks: list[str]
) -> None:
    press(staff("olga", *RIGHTS), "syncsettings_run_now", settings_of_pool.pk)
    assert SyncRun.objects.get().dry_run is False


def test_a_refusal_is_said_and_starts_nothing(boss: Client, settings_of_pool: SyncSettings) -> None:
    settings_of_pool.source_groups.clear()
    page = press(boss, "syncsettings_run_now", settings_of_pool.pk)
    assert "There are no source groups." in texts(page)
    assert not SyncRun.objects.exists()


def test_source_groups_that_give_the_product_are_left_out_with_the_reason(
    boss: Client, settings_of_pool: SyncSettings
) -> None:
    giving = group(settings_of_pool.pool.site, "licensed", grants=GIVES_JIRA)
    address = reverse("admin:jira_sync_syncsettings_change", args=[settings_of_pool.pk])
    page = boss.get(address)
    field = page.context["adminform"].form.fields["source_groups"]
    assert [label for _pk, label in field.widget.choices] == ["engineering"]
    assert "<strong>licensed</strong>: It gives access to Jira" in field.help_text
    answer = boss.post(address, settings_form(source_groups=[giving.pk]))
    assert "It gives access to Jira" in answer.context["adminform"].form.errors["source_groups"][0]


def test_the_sources_of_a_pool_lead_to_its_form(boss: Client, pool: LicencePool) -> None:
    address = reverse("admin:jira_sync_sources", args=[pool.pk])
    page = boss.get(address, follow=True)
    assert page.context["adminform"].form.initial["pool"] == str(pool.pk)
    source = group(pool.site, "engineering")
    add = reverse("admin:jira_sync_syncsettings_add")
    boss.post(add, settings_form(pool=pool.pk, source_groups=[source.pk]))
    settings = SyncSettings.objects.get()
    assert boss.get(address).headers["Location"].endswith(f"/{settings.pk}/change/")


def test_saving_lets_a_worker_check(
    boss: Client,
    settings_of_pool: SyncSettings,
    tasks: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    address = reverse("admin:jira_sync_syncsettings_change", args=[settings_of_pool.pk])
    chosen = [one.pk for one in settings_of_pool.source_groups.all()]
    with django_capture_on_commit_callbacks(execute=True):
        assert boss.post(address, settings_form(source_groups=chosen)).status_code == 302
    assert tasks == ["jira_sync.tasks.check_site"]


def test_a_reset_asks_first_and_names_whom_it_throws_out(
    boss: Client, settings_of_pool: SyncSettings
) -> None:
    pool = settings_of_pool.pool
    factories.member(pool, display_name="Hanna Holder")
    address = reverse("admin:jira_sync_reset", args=[settings_of_pool.pk])
    page = boss.get(address)
    assert "Hanna Holder" in page.content.decode()
    assert page.context["number"] == 1
    assert SyncSettings.objects.exists()
    boss.post(address)
    assert not SyncSettings.objects.exists()
    assert SyncRun.objects.get().reset is True


def test_who_may_not_change_may_not_reset(settings_of_pool: SyncSettings) -> None:
    address = reverse("admin:jira_sync_reset", args=[settings_of_pool.pk])
    assert staff("olga", *RIGHTS).post(address).status_code == 403
    assert SyncSettings.objects.exists()


def test_the_log_counts_people_by_column(boss: Client, pool: LicencePool) -> None:
    run_of(pool)
    page = boss.get(reverse(LOG))
    [run] = page.context["cl"].result_list
    assert run.counts == {"add": 1, "filtered": 1, "remove": 1, "remove_filtered": 1}
    assert "0 / 3" in page.content.decode()


def test_runs_with_nothing_to_do_are_shown_when_asked_for(boss: Client, pool: LicencePool) -> None:
    SyncRun.objects.create(pool=pool, state=RunState.DONE, started_at=AT)
    assert not boss.get(reverse(LOG)).context["cl"].result_list
    assert len(boss.get(reverse(LOG), {"runs": "all"}).context["cl"].result_list) == 1


def test_the_log_does_not_slow_down(boss: Client, pool: LicencePool) -> None:
    run_of(pool)
    boss.get(reverse(LOG))
    with CaptureQueriesContext(connection) as few:
        boss.get(reverse(LOG))
    for _ in range(5):
        run_of(pool)
    with CaptureQueriesContext(connection) as many:
        boss.get(reverse(LOG))
    assert len(many) == len(few)


def test_a_run_shows_its_people_by_column(boss: Client, pool: LicencePool) -> None:
    run = run_of(pool)
    address = reverse("admin:jira_sync_syncrun_change", args=[run.pk])
    assert boss.get(address).context["people"].paginator.count == 4
    shown = boss.get(address, {"action": "remove"})
    assert [one.name for one in shown.context["people"]] == ["=Person 2"]


def test_an_open_run_can_be_refreshed_and_stopped(boss: Client, pool: LicencePool) -> None:
    run = run_of(pool, RunState.APPLYING)
    page = boss.get(reverse("admin:jira_sync_syncrun_change", args=[run.pk]))
    assert page.context["running"] is True
    assert "data-refresh" in page.content.decode()
    assert "Stop this run" in page.content.decode()
    press(boss, "syncrun_cancel", run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED


def test_a_stopped_run_goes_on_after_a_yes(boss: Client, pool: LicencePool) -> None:
    run = run_of(pool, RunState.STOPPED, message="It would remove 40 of 50 people.")
    page = boss.get(reverse("admin:jira_sync_syncrun_change", args=[run.pk])).content.decode()
    assert "It would remove 40 of 50 people." in page
    press(boss, "syncrun_confirm", run.pk)
    run.refresh_from_db()
    assert (run.state, run.loss_allowed) == (RunState.PLANNING, True)


def test_a_finished_run_offers_no_buttons(boss: Client, pool: LicencePool) -> None:
    run = run_of(pool)
    page = boss.get(reverse("admin:jira_sync_syncrun_change", args=[run.pk])).content.decode()
    assert "Let it go on" not in page
    assert "Stop this run" not in page


def test_the_download_is_csv_without_formulas(boss: Client, pool: LicencePool) -> None:
    answer = boss.get(reverse("admin:jira_sync_run_csv", args=[run_of(pool).pk]))
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert (len(lines), lines[0].split(",")[0]) == (5, "Account id")
    assert lines[1].split(",")[1].startswith("'=")


def test_a_person_is_found_by_name(boss: Client, settings_of_pool: SyncSettings) -> None:
    user = factories.UserFactory.create(display_name="Hanna Holder")
    address = reverse("admin:jira_sync_why", args=[settings_of_pool.pk])
    page = boss.get(address, {"who": "hanna"})
    assert page.context["found"] == [user]
    assert page.context["sentences"] == []


def test_why_is_asked_at_jira(boss: Client, world: World) -> None:
    settings, account_id = SyncSettings.objects.get(), str(world.ium_user(1).account_id)
    address = reverse("admin:jira_sync_why", args=[settings.pk])
    sentences = boss.get(address, {"account": account_id}).context["sentences"]
    assert any("source group" in one for one in sentences)
    with world.away():
        assert len(boss.get(address, {"account": account_id}).context["sentences"]) == 1
