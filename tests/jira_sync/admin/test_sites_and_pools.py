"""Sites are tried, pools get groups that suit and no more licences than there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from ium.directory.models import ConnectionState, Group, Site
from jira_sync.doctor.services import LicenceSum
from slots.models import LicencePool
from tests.factories import AT
from tests.jira_sync.admin.conftest import GIVES_JIRA, group, texts
from tests.jira_sync.doctor.world import SECRETS, World

pytestmark = pytest.mark.django_db
TOO_MANY = LicenceSum(9, "10 seats - 5 people = 5 possible; 9 assigned", possible=5)
FITS = LicenceSum(2, "10 seats - 5 people = 5 possible; 2 assigned", possible=5)
UNKNOWN = LicenceSum(2, "The licences of Jira cannot be counted: no token")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[LicenceSum]:
    """What counting the licences would say: the last of the list."""
    sums = [FITS]
    monkeypatch.setattr("jira_sync.admin.pools.licence_sum", lambda *, pool: sums[-1])
    return sums


def save(client: Client, pool: LicencePool, **changed: Any) -> Any:
    """Save the pool's form with some fields changed, as a browser would."""
    address = reverse("admin:slots_licencepool_change", args=[pool.pk])
    form = client.get(address).context["adminform"].form
    data = {name: form.initial.get(name) for name in form.fields}
    data = {name: value for name, value in data.items() if value is not None and value is not False}
    rules = {"rules-TOTAL_FORMS": 0, "rules-INITIAL_FORMS": 0}
    return client.post(address, {**rules, **data, **changed}, follow=True)


def errors(answer: Any) -> dict[str, list[str]]:
    """Return the form's errors; empty when it was saved."""
    if answer.redirect_chain:
        return {}
    found: dict[str, list[str]] = answer.context["adminform"].form.errors
    return found


def field(client: Client, pool: LicencePool, name: str) -> Any:
    """Return a field of the pool's form."""
    address = reverse("admin:slots_licencepool_change", args=[pool.pk])
    return client.get(address).context["adminform"].form.fields[name]


def test_the_pickers_offer_what_suits_and_say_why_not(boss: Client, pool: LicencePool) -> None:
    group(pool.site, "free", grants=GIVES_JIRA)
    group(pool.site, "<b>admins</b>", grants=GIVES_JIRA, is_admin=True)
    group(pool.site, "idp", grants=GIVES_JIRA, is_read_only=True)
    access = field(boss, pool, "access_group")
    assert [label for _pk, label in access.widget.choices][1:] == ["free", "ium-access"]
    assert "idp</strong>: It is managed by an identity provider" in access.help_text
    assert "&lt;b&gt;admins&lt;/b&gt;" in access.help_text


def test_a_chosen_group_that_does_not_suit_is_refused(
    boss: Client, pool: LicencePool, counted: list[LicenceSum]
) -> None:
    bad = group(pool.site, "plain")
    answer = save(boss, pool, access_group=bad.pk)
    assert "It gives no access to Jira." in errors(answer)["access_group"][0]


def test_a_group_that_went_bad_later_does_not_block_other_changes(
    boss: Client, pool: LicencePool, counted: list[LicenceSum]
) -> None:
    Group.objects.filter(pk=pool.access_group_id).update(is_read_only=True)
    assert errors(save(boss, pool, name="Renamed")) == {}


def test_a_new_pool_sees_the_groups_of_all_sites_and_products(
    boss: Client, pool: LicencePool
) -> None:
    group(pool.site, "confluence", grants=[{**GIVES_JIRA[0], "product": "confluence"}])
    page = boss.get(reverse("admin:slots_licencepool_add"))
    choices = page.context["adminform"].form.fields["access_group"].widget.choices
    assert [label for _pk, label in choices][1:] == ["confluence: Confluence"]


def test_more_licences_than_possible_are_refused_with_the_sum(
    boss: Client, pool: LicencePool, counted: list[LicenceSum]
) -> None:
    counted.append(TOO_MANY)
    answer = save(boss, pool, assigned_licences=9)
    assert TOO_MANY.sentence in errors(answer)["assigned_licences"][0]
    pool.refresh_from_db()
    assert pool.assigned_licences == 2


def test_too_many_from_before_is_only_said(
    boss: Client, pool: LicencePool, counted: list[LicenceSum]
) -> None:
    LicencePool.objects.update(assigned_licences=10)
    counted.append(TOO_MANY)
    answer = save(boss, pool, assigned_licences=9)
    assert TOO_MANY.sentence in texts(answer)


@pytest.mark.parametrize("told", [FITS, UNKNOWN])
def test_the_sum_is_shown_and_a_worker_checks(
    boss: Client,
    pool: LicencePool,
    counted: list[LicenceSum],
    told: LicenceSum,
    tasks: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    counted.append(told)
    with django_capture_on_commit_callbacks(execute=True):
        answer = save(boss, pool, assigned_licences=3)
    assert errors(answer) == {}
    assert told.sentence in texts(answer)
    assert "jira_sync.tasks.check_site" in tasks


def test_guests_of_confluence_come_with_the_licence_terms(
    boss: Client, pool: LicencePool, counted: list[LicenceSum]
) -> None:
    guests = [{"product": "confluence", "roles": ["atlassian/guest"], "takes_licence": False}]
    Group.objects.filter(pk=pool.user_group_id).update(grants=guests)
    assert "at most five guests per paid user" in texts(save(boss, pool, name="Renamed"))


def test_the_licences_are_counted_before_anything_is_locked(
    boss: Client, pool: LicencePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths: list[int] = []

    def count(*, pool: LicencePool) -> LicenceSum:
        depths.append(len(connection.savepoint_ids))
        return FITS

    monkeypatch.setattr("jira_sync.admin.pools.licence_sum", count)
    before = len(connection.savepoint_ids)
    assert errors(save(boss, pool, assigned_licences=3)) == {}
    assert depths == [before]


def test_jira_counts_the_seats(boss: Client, world: World) -> None:
    Group.objects.filter(pk=world.pool.access_group_id).update(grants=GIVES_JIRA)
    answer = save(boss, world.pool, assigned_licences=100_000)
    assert "100000 assigned" in errors(answer)["assigned_licences"][0]


def test_the_connection_is_tried_in_words_without_a_secret(boss: Client, world: World) -> None:
    Site.objects.update(connection_state=ConnectionState.UNKNOWN)
    page = boss.post(reverse("admin:jira_sync_connection_test", args=[world.site.pk]))
    shown = page.content.decode()
    assert page.context["report"].ok
    assert "May change who is in a group" in shown
    assert not [secret for secret in SECRETS if secret in shown]
    assert Site.objects.get().connection_state == ConnectionState.OK


def test_groups_are_read(boss: Client, world: World) -> None:
    address = reverse("admin:jira_sync_read_groups", args=[world.site.pk])
    page = boss.post(address, follow=True)
    assert "groups were read." in texts(page)
    assert world.site.groups.exclude(read_at=None).count() > 3


def test_groups_that_cannot_be_read_are_said(boss: Client, world: World) -> None:
    with world.away():
        page = boss.post(reverse("admin:jira_sync_read_groups", args=[world.site.pk]), follow=True)
    assert texts(page)
    assert "were read" not in texts(page)


@pytest.mark.parametrize(
    ("days", "level"), [(40, None), (20, "warning"), (7, "danger"), (-1, "danger")]
)
def test_keys_that_end_soon_are_shown(
    boss: Client, site: Site, days: int, level: str | None
) -> None:
    Site.objects.update(org_key_expires_on=AT.date() + timedelta(days=days))
    page = boss.get(reverse("admin:directory_site_change", args=[site.pk]))
    assert [one[0] for one in page.context["endings"]] == ([level] if level else [])
