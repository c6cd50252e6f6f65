"""The configuration check can be asked for; break glass explains, asks, starts and takes back."""

from __future__ import annotations

from typing import Any

import pytest
from celery import current_app
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError

from ium.directory.models import Group
from jira_sync.models import BreakGlass, Finding, GlassState, Severity
from slots.models import LicencePool
from tests import factories
from tests.factories import AT, events_in
from tests.jira_sync.admin.conftest import GIVES_JIRA, group, staff, texts
from tests.jira_sync.admin.test_setup import finding
from tests.jira_sync.admin.test_user_sync import press

pytestmark = pytest.mark.django_db
FINDINGS = "admin:jira_sync_finding_changelist"


def test_the_worst_finding_comes_first_and_what_is_over_is_left_out(
    boss: Client, pool: LicencePool
) -> None:
    finding(severity=Severity.NOTICE, subject="n")
    finding(severity=Severity.ERROR, subject="e", pool=pool, site=pool.site)
    finding(severity=Severity.WARNING, subject="w")
    finding(subject="over", ended_at=AT)
    page = boss.get(reverse(FINDINGS))
    assert [one.subject for one in page.context["cl"].result_list] == ["e", "w", "n"]
    assert reverse("admin:slots_licencepool_change", args=[pool.pk]) in page.content.decode()
    over = boss.get(reverse(FINDINGS), {"over": "yes"})
    assert [one.subject for one in over.context["cl"].result_list] == ["over"]


def test_check_now_asks_a_worker(boss: Client, tasks: list[str]) -> None:
    page = boss.post(
        reverse("admin:jira_sync_finding_look"), {"_form_submitted": "True"}, follow=True
    )
    assert tasks == ["jira_sync.tasks.check_configuration"]
    assert "A worker checks everything now." in texts(page)


def test_without_a_broker_the_check_runs_at_once(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **options: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(current_app, "send_task", away)
    page = boss.post(
        reverse("admin:jira_sync_finding_look"), {"_form_submitted": "True"}, follow=True
    )
    assert "Checked without a worker" in texts(page)
    assert Finding.objects.exists()


@pytest.fixture
def everybody(pool: LicencePool, monkeypatch: pytest.MonkeyPatch) -> Group:
    """A group that suits, and a Jira that agrees with the mirror."""
    monkeypatch.setattr("jira_sync.glass.starting._refuse_by_jira", lambda pool, group: None)
    monkeypatch.setattr("jira_sync.glass.selectors._licences_left", lambda pool: 0)
    factories.member(pool)
    return group(pool.site, "everybody", grants=GIVES_JIRA)


def glass_page(pool: LicencePool) -> str:
    """Return the page that starts it."""
    return reverse("admin:jira_sync_glass_pool", args=[pool.pk])


def test_a_single_pool_needs_no_choice(boss: Client, pool: LicencePool) -> None:
    assert boss.get(reverse("admin:jira_sync_glass")).headers["Location"] == glass_page(pool)
    factories.PoolFactory.create()
    assert len(boss.get(reverse("admin:jira_sync_glass")).context["pools"]) == 2


def test_only_groups_that_suit_are_offered(
    boss: Client, pool: LicencePool, everybody: Group
) -> None:
    group(pool.site, "admins", grants=GIVES_JIRA, is_admin=True)
    form = boss.get(glass_page(pool)).context["form"]
    assert list(form.fields["group"].queryset) == [everybody]


def test_the_page_says_whom_it_concerns_before_anything_happens(
    boss: Client, pool: LicencePool, everybody: Group
) -> None:
    page = boss.get(glass_page(pool), {"group": everybody.pk})
    assert (page.context["preview"].people, page.context["preview"].fits) == (1, False)
    assert "1 person gets access" in page.content.decode()
    boss.post(glass_page(pool), {"group": everybody.pk})
    assert not BreakGlass.objects.exists()


def test_it_starts_shows_how_far_it_is_and_is_taken_back(
    boss: Client, pool: LicencePool, everybody: Group
) -> None:
    page = boss.post(glass_page(pool), {"group": everybody.pk, "understood": "on"}, follow=True)
    glass = BreakGlass.objects.get()
    assert page.context["glass"] == glass
    assert "Take the access back" in page.content.decode()
    assert boss.get(glass_page(pool)).status_code == 302
    press(boss, "breakglass_take_back", glass.pk)
    glass.refresh_from_db()
    assert glass.state == GlassState.TAKING
    assert events_in(pool)[-2:] == ["glass_on", "glass_off"]
    shown = boss.get(reverse("admin:jira_sync_breakglass_change", args=[glass.pk]))
    assert reverse("admin:jira_sync_breakglass_take_back", args=[glass.pk]) not in (
        shown.content.decode()
    )


def test_the_right_to_change_break_glass_suffices(pool: LicencePool, everybody: Group) -> None:
    client = staff("gina", "jira_sync.view_breakglass", "jira_sync.change_breakglass")
    client.post(glass_page(pool), {"group": everybody.pk, "understood": "on"})
    assert BreakGlass.objects.exists()
