"""Every page opens for an administrator, is closed to those without rights; by GET no address changes anything."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ium.directory.models import Site
from jira_sync.models import BreakGlass, Finding, RunState, SyncRun, SyncSettings
from tests.factories import AT
from tests.jira_sync.admin.conftest import GIVES_JIRA, group, run_of
from tests.jira_sync.admin.test_setup import finding

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages(settings_of_pool: SyncSettings, boss: Client) -> dict[str, str]:
    """A row of everything; its pages by name."""
    pool = settings_of_pool.pool
    run = run_of(pool, RunState.STOPPED)
    found = finding(pool=pool, site=pool.site)
    glass = BreakGlass.objects.create(
        pool=pool,
        group=group(pool.site, "everybody", grants=GIVES_JIRA),
        state="given",
        started_by_id=int(boss.session["_auth_user_id"]),
        started_at=AT,
    )
    names: dict[str, list[Any]] = {
        "jira_sync_setup": [],
        "jira_sync_connection": [pool.site.pk],
        "jira_sync_reset": [settings_of_pool.pk],
        "jira_sync_why": [settings_of_pool.pk],
        "jira_sync_run_csv": [run.pk],
        "directory_site_change": [pool.site.pk],
        "slots_licencepool_change": [pool.pk],
        "slots_licencepool_add": [],
        "jira_sync_syncsettings_changelist": [],
        "jira_sync_syncsettings_add": [],
        "jira_sync_syncsettings_change": [settings_of_pool.pk],
        "jira_sync_syncrun_changelist": [],
        "jira_sync_syncrun_change": [run.pk],
        "jira_sync_finding_changelist": [],
        "jira_sync_finding_change": [found.pk],
        "jira_sync_breakglass_changelist": [],
        "jira_sync_breakglass_change": [glass.pk],
    }
    return {name: reverse(f"admin:{name}", args=args) for name, args in names.items()}


def test_every_page_opens_and_shows_no_key(boss: Client, pages: dict[str, str]) -> None:
    for name, address in pages.items():
        answer = boss.get(address)
        assert answer.status_code == 200, name
        assert "MARKER" not in b"".join(answer).decode(), name


def test_every_page_is_closed_to_staff_without_rights(
    stranger: Client, pages: dict[str, str]
) -> None:
    glass = reverse("admin:jira_sync_glass")
    for name, address in {**pages, "glass": glass}.items():
        assert stranger.get(address).status_code == 403, name


def test_who_may_only_look_starts_nothing(
    watcher: Client, pages: dict[str, str], tasks: list[str]
) -> None:
    run, settings, glass = (
        SyncRun.objects.get(),
        SyncSettings.objects.get(),
        BreakGlass.objects.get(),
    )
    acting = [
        reverse("admin:jira_sync_syncsettings_run_now", args=[settings.pk]),
        reverse("admin:jira_sync_syncsettings_dry_run", args=[settings.pk]),
        reverse("admin:jira_sync_reset", args=[settings.pk]),
        reverse("admin:jira_sync_syncrun_confirm", args=[run.pk]),
        reverse("admin:jira_sync_syncrun_cancel", args=[run.pk]),
        reverse("admin:jira_sync_finding_look"),
        reverse("admin:jira_sync_breakglass_take_back", args=[glass.pk]),
        reverse("admin:jira_sync_glass_pool", args=[glass.pool_id]),
        reverse("admin:jira_sync_connection_test", args=[glass.pool.site_id]),
        reverse("admin:jira_sync_read_groups", args=[glass.pool.site_id]),
    ]
    for address in acting:
        assert watcher.post(address).status_code == 403, address
    assert tasks == []


def test_looking_changes_nothing(boss: Client, pages: dict[str, str], tasks: list[str]) -> None:
    run, settings, glass = (
        SyncRun.objects.get(),
        SyncSettings.objects.get(),
        BreakGlass.objects.get(),
    )
    for address in (
        reverse("admin:jira_sync_syncsettings_run_now", args=[settings.pk]),
        reverse("admin:jira_sync_syncrun_confirm", args=[run.pk]),
        reverse("admin:jira_sync_finding_look"),
        reverse("admin:jira_sync_breakglass_take_back", args=[glass.pk]),
    ):
        assert boss.get(address).status_code == 200, address
    site_pk = glass.pool.site_id
    for name in ("jira_sync_connection_test", "jira_sync_read_groups"):
        assert boss.get(reverse(f"admin:{name}", args=[site_pk])).status_code == 405
    run.refresh_from_db()
    glass.refresh_from_db()
    assert (run.state, glass.state, SyncRun.objects.count()) == ("stopped", "given", 1)
    assert tasks == []


def test_a_site_with_findings_can_be_deleted(boss: Client, site: Site) -> None:
    finding(site=site)
    address = reverse("admin:directory_site_delete", args=[site.pk])
    assert boss.post(address, {"post": "yes"}).status_code == 302
    assert not Finding.objects.exists()
