"""Mail about findings: once a day while it lasts, once when it is over, never a flood, never a secret."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from pytest_django import Settings

from ium.directory.models import Site
from jira_sync import tasks
from jira_sync.doctor.registry import FindingSeen, Scope
from jira_sync.doctor.services import findings_store, mail_findings
from jira_sync.models import Finding, Severity
from jira_sync.simulator import credentials
from slots.models import JobRun
from tests.factories import AT, SiteFactory, minutes
from tests.jira_sync.doctor.world import SECRETS, World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def site() -> Site:
    """A site whose administrators have two addresses."""
    made: Site = SiteFactory.create(name="Acme", alert_emails="a@example.com\n b@example.com \n")
    return made


def see(site: Site | None, at: datetime, *codes: str, severity: Severity = Severity.ERROR) -> None:
    """Let a check find exactly these."""
    site_id = site.pk if site else None
    found = [
        FindingSeen(
            code=code,
            severity=severity,
            site_id=site_id,
            pool_id=None,
            subject="",
            what=f"{code} is wrong.",
            why="It matters.",
            fix="Mend it.",
        )
        for code in codes
    ]
    findings_store(seen=found, checked_scopes=[Scope("one", site_id), Scope("two", site_id)], at=at)


def test_a_mail_says_what_why_and_how_with_a_link(site: Site, mailoutbox: list[Any]) -> None:
    see(site, AT, "one", "two")
    assert mail_findings(at=AT) == 1
    [mail] = mailoutbox
    assert mail.to == ["a@example.com", "b@example.com"]
    assert mail.subject == "IUM: 2 problems with Acme"
    assert mail.body == (
        "[error] one is wrong.\nWhy it matters: It matters.\nWhat to do: Mend it.\n\n"
        "[error] two is wrong.\nWhy it matters: It matters.\nWhat to do: Mend it.\n\n"
        "Look at it here: http://127.0.0.1:8000/admin/\n"
    )


def test_once_a_day_while_it_lasts(site: Site, mailoutbox: list[Any]) -> None:
    for minute in range(0, 3 * 24 * 60, 60):
        see(site, AT + minutes(minute), "one")
        mail_findings(at=AT + minutes(minute))
    assert len(mailoutbox) == 3


def test_once_when_it_is_over(site: Site, mailoutbox: list[Any]) -> None:
    see(site, AT, "one", "two")
    mail_findings(at=AT)
    see(site, AT + minutes(10), "two")
    for minute in (10, 20, 30):
        mail_findings(at=AT + minutes(minute))
    assert len(mailoutbox) == 2
    assert mailoutbox[1].subject == "IUM: over at Acme"
    assert "No longer a problem:\n* one is wrong." in mailoutbox[1].body
    assert "two is wrong" not in mailoutbox[1].body


def test_what_flickers_does_not_flood(site: Site, mailoutbox: list[Any]) -> None:
    for minute in range(0, 23 * 60, 10):
        codes = ["one"] if minute % 20 == 0 else []
        see(site, AT + minutes(minute), *codes)
        mail_findings(at=AT + minutes(minute))
    assert [mail.subject for mail in mailoutbox] == [
        "IUM: 1 problem with Acme",
        "IUM: over at Acme",
    ]


def test_what_ended_before_anybody_was_told_is_not_mailed(
    site: Site, mailoutbox: list[Any]
) -> None:
    see(site, AT, "one")
    see(site, AT + minutes(1))
    assert mail_findings(at=AT + minutes(2)) == 0
    assert mailoutbox == []


def test_notices_are_not_mailed(site: Site, mailoutbox: list[Any]) -> None:
    see(site, AT, "one", severity=Severity.NOTICE)
    assert mail_findings(at=AT) == 0
    see(site, AT + minutes(1), "one", severity=Severity.WARNING)
    assert mail_findings(at=AT + minutes(1)) == 1


def test_a_site_without_addresses_falls_back_to_the_administrators(
    site: Site, settings: Settings, mailoutbox: list[Any]
) -> None:
    Site.objects.update(alert_emails="")
    see(site, AT, "one")
    assert mail_findings(at=AT) == 0
    settings.ADMINS = [("Ops", "ops@example.com")]
    assert mail_findings(at=AT) == 1
    assert mailoutbox[0].to == ["ops@example.com"]


def test_the_installation_is_told_to_administrators_else_to_everybody(
    site: Site, settings: Settings, mailoutbox: list[Any]
) -> None:
    see(None, AT, "one")
    mail_findings(at=AT)
    assert mailoutbox[0].to == ["a@example.com", "b@example.com"]
    settings.ADMINS = [("Ops", "ops@example.com")]
    mail_findings(at=AT + DAY)
    assert (mailoutbox[1].to, mailoutbox[1].subject) == (
        ["ops@example.com"],
        "IUM: 1 problem with IUM",
    )


def test_a_server_that_fails_is_tried_again(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    mailoutbox: list[Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    see(site, AT, "one")
    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", _fail)
        assert mail_findings(at=AT) == 0
    assert "could not be sent" in caplog.text
    assert Finding.objects.get().mailed_at is None
    assert mail_findings(at=AT + minutes(5)) == 1
    assert len(mailoutbox) == 1


def _fail(_mail: EmailMessage) -> None:
    raise ConnectionRefusedError("no server")


def test_a_site_that_cannot_be_mailed_does_not_stop_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]
) -> None:
    bad = SiteFactory.create(name="Bad\nname", alert_emails="c@example.com")
    see(bad, AT, "one")
    see(site, AT, "one")
    assert mail_findings(at=AT) == 1
    assert mailoutbox[0].to == ["a@example.com", "b@example.com"]


@pytest.mark.django_db(transaction=True)
def test_mail_goes_out_before_it_is_noted_and_outside_any_transaction(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    see(site, AT, "one")
    noted = []

    def note(_mail: EmailMessage) -> None:
        noted.append((connection.in_atomic_block, Finding.objects.get().mailed_at))

    monkeypatch.setattr(EmailMessage, "send", note)
    mail_findings(at=AT)
    assert noted == [(False, None)]
    assert Finding.objects.get().mailed_at == AT


def test_a_key_that_ends_is_told_30_14_7_and_1_days_ahead(
    world: World, mailoutbox: list[Any]
) -> None:
    world.set(org_key_expires_on=(AT + 31 * DAY).date())
    told = []
    for day in range(34):
        world.found("key_expiring", AT + day * DAY, thorough=False)
        Finding.objects.filter(site=None).delete()
        if mail_findings(at=AT + day * DAY):
            told.append(31 - day)
    assert told == [30, 14, 7, 1, -1, -2]
    assert "ends in 30 days" in mailoutbox[0].body
    assert "ended on" in mailoutbox[4].body


def test_no_mail_has_a_secret(world: World, mailoutbox: list[Any]) -> None:
    world.set(
        org_key=credentials.REVOKED_ORG_KEY,
        second_org_key=credentials.EXPIRED_ORG_KEY,
        api_token=credentials.EXPIRED_TOKEN,
    )
    assert len(world.found("key_refused")) == 3
    mail_findings(at=AT)
    text = "".join(mail.subject + mail.body for mail in mailoutbox)
    assert "refuses the second key" in text
    assert not any(secret in text for secret in SECRETS)


def test_the_job_is_noted(site: Site, mailoutbox: list[Any]) -> None:
    see(site, AT, "one")
    assert tasks.mail_findings() == 2  # the site's, and that Beat does not run
    assert JobRun.objects.get(name="mail_findings").changed == 2
