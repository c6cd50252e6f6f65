"""The administrator's page of a webhook, and what the configuration check says of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from ium.directory.models import User
from jira_sync.doctor.check_webhooks import webhook_refused, webhook_silent
from jira_sync.doctor.facts import SiteFacts
from jira_sync.webhooks.models import SiteWebhook
from slots.models import LicencePool
from tests.factories import AT, active
from tests.jira_sync.webhooks.conftest import Sender
from tests.security.conftest import administrator, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    """The browser of an administrator."""
    client = Client()
    client.force_login(administrator())
    return client


def page_of(pool: LicencePool, rest: str = "") -> str:
    """Return the address of the page."""
    return f"/admin/directory/site/{pool.site_id}/webhook/{rest}"


def test_the_secret_is_shown_once_and_renewed(boss: Client, pool: LicencePool) -> None:
    assert "There is no webhook yet" in boss.get(page_of(pool)).content.decode()
    made = boss.post(page_of(pool, "renew/"))
    webhook = SiteWebhook.objects.get()
    text = made.content.decode()
    assert webhook.secret in text
    assert f"/webhooks/jira/{webhook.key}" in text
    assert "no-store" in made["Cache-Control"]
    again = boss.get(page_of(pool)).content.decode()
    assert webhook.secret not in again
    assert webhook.key in again
    old = webhook.secret
    renewed = boss.post(page_of(pool, "renew/")).content.decode()
    webhook.refresh_from_db()
    assert webhook.secret != old
    assert webhook.previous_secret == old
    assert old not in renewed
    assert "The old secret is good until" in renewed
    assert LogEntry.objects.count() == 2
    assert not any(old in entry.change_message for entry in LogEntry.objects.all())


def test_the_secret_is_encrypted_in_the_database(jira: Sender) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM jira_sync_sitewebhook")
        (stored,) = cursor.fetchone()
    assert jira.secret not in stored
    assert stored.startswith("fernet1:")


def test_a_webhook_can_be_removed_and_goes_with_its_site(boss: Client, jira: Sender) -> None:
    pool = LicencePool.objects.get()
    boss.post(page_of(pool, "remove/"))
    assert not SiteWebhook.objects.exists()


def test_who_may_only_look_sees_neither_page_nor_button(pool: LicencePool, jira: Sender) -> None:
    watcher = Client()
    watcher.force_login(staff("wanda", "view_"))
    assert watcher.get(page_of(pool)).status_code == 403
    assert watcher.post(page_of(pool, "renew/")).status_code == 403
    assert watcher.post(page_of(pool, "remove/")).status_code == 403
    assert SiteWebhook.objects.get().secret == jira.secret


def facts(pool: LicencePool, days: float) -> SiteFacts:
    """Return what the check looks at so many days later."""
    return SiteFacts(pool.site, AT + timedelta(days=days))


def test_a_webhook_not_heard_of_for_long_is_found_where_people_work(
    jira: Sender, pool: LicencePool, ada: User
) -> None:
    assert list(webhook_silent(facts(pool, 3))) == [], "nobody worked: a holiday"
    active(ada, pool, AT + timedelta(days=2.5))
    assert list(webhook_silent(facts(pool, 1.9))) == []
    [problem] = webhook_silent(facts(pool, 3))
    assert re.search(r"for 3 days", problem.what)
    SiteWebhook.objects.update(heard_at=AT + timedelta(days=2))
    assert list(webhook_silent(facts(pool, 3))) == []


def test_without_a_webhook_nothing_is_missing(pool: LicencePool, ada: User) -> None:
    active(ada, pool, AT)
    assert list(webhook_silent(facts(pool, 0.5))) == []
    assert list(webhook_refused(facts(pool, 0.5))) == []


def test_wrong_signatures_are_found_until_a_right_one_comes(
    jira: Sender, pool: LicencePool
) -> None:
    SiteWebhook.objects.update(refused_at=AT)
    assert [problem.severity for problem in webhook_refused(facts(pool, 1))] == ["warning"]
    assert list(webhook_refused(facts(pool, 3))) == [], "long over"
    SiteWebhook.objects.update(heard_at=AT + timedelta(minutes=1))
    assert list(webhook_refused(facts(pool, 1))) == []
