"""The guided set-up: from an empty database, step by step."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ium.directory.models import ConnectionState, Site
from jira_sync.models import Finding, RunState, Severity, SyncRun, SyncSettings
from jira_sync.setup import Step, setup_steps
from slots.models import LicencePool
from tests import factories
from tests.factories import AT
from tests.jira_sync.admin.conftest import group

pytestmark = pytest.mark.django_db


def states() -> dict[str, str]:
    """Return the state of every step."""
    return {step.code: str(step.state) for step in setup_steps(AT)}


def step(code: str) -> Step:
    """Return one step."""
    return next(one for one in setup_steps(AT) if one.code == code)


def finding(**fields: Any) -> Finding:
    """Create a finding that lasts."""
    return Finding.objects.create(
        **{
            "code": "x",
            "severity": Severity.ERROR,
            "what": "It is wrong.",
            "why": "w",
            "fix": "f",
            "first_seen_at": AT,
            "last_seen_at": AT,
            **fields,
        }
    )


def test_an_empty_database_begins_with_the_site(boss: Client) -> None:
    assert set(states().values()) == {"missing"}
    assert step("site").link == reverse("admin:directory_site_add")
    page = boss.get(reverse("admin:jira_sync_setup"))
    assert page.status_code == 200
    assert page.context["next_step"].code == "site"


def test_a_site_must_have_a_key_then_be_tried(db: None) -> None:
    site = factories.SiteFactory.create(connection_state=ConnectionState.UNKNOWN)
    assert step("site").sentences == [f"{site} has no key."]
    site.org_key = "k"
    site.save()
    assert step("site").link == reverse("admin:jira_sync_connection", args=[site.pk])
    assert states()["site"] == "missing"


def test_a_site_that_is_down_is_wrong(site: Site) -> None:
    Site.objects.update(connection_state="refused", connection_message="The key was revoked.")
    assert states()["site"] == "wrong"
    assert "The key was revoked." in step("site").sentences[0]


def test_step_by_step(site: Site) -> None:
    done = ["site"]
    assert [code for code, state in states().items() if state == "done"] == done
    assert step("groups").link == reverse("admin:jira_sync_connection", args=[site.pk])
    access, users, source = (group(site, name) for name in ("a", "u", "s"))
    assert states()["groups"] == "done"
    pool = factories.PoolFactory.create(site=site, access_group=access, user_group=users)
    assert states()["pool"] == "done"
    assert step("sources").link == reverse("admin:jira_sync_sources", args=[pool.pk])
    SyncSettings.objects.create(pool=pool).source_groups.add(source)
    assert states()["sources"] == "done"
    assert states()["sync"] == "missing"
    SyncRun.objects.create(pool=pool, started_at=AT, state=RunState.PLANNED, dry_run=True)
    assert "dry run was made" in step("sync").sentences[0]
    SyncRun.objects.create(pool=pool, started_at=AT, state=RunState.DONE)
    assert states()["sync"] == "done"
    factories.DeviceFactory.create()
    assert set(states().values()) == {"done"}


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.STOPPED])
def test_a_run_that_went_wrong_is_said(pool: LicencePool, state: str) -> None:
    run = SyncRun.objects.create(pool=pool, started_at=AT, state=state, message="Too many.")
    found = step("sync")
    assert (found.state, "Too many." in found.sentences[0]) == ("wrong", True)
    assert found.link == reverse("admin:jira_sync_syncrun_change", args=[run.pk])


@pytest.mark.parametrize(
    ("code", "of_pool", "expected"),
    [
        ("key_refused", False, "site"),
        ("group_missing", True, "groups"),
        ("licences_over_possible", True, "pool"),
        ("source_group_gives_product", True, "sources"),
    ],
)
def test_a_finding_makes_its_step_wrong(
    settings_of_pool: SyncSettings, code: str, of_pool: bool, expected: str
) -> None:
    pool = settings_of_pool.pool
    finding(code=code, site=pool.site, pool=pool if of_pool else None)
    assert [one for one, state in states().items() if state == "wrong"] == [expected]
    assert step(expected).sentences == ["It is wrong."]


def test_notices_and_what_is_over_change_nothing(pool: LicencePool) -> None:
    finding(pool=pool, site=pool.site, severity=Severity.NOTICE)
    finding(pool=pool, site=pool.site, subject="b", ended_at=AT)
    assert states()["pool"] == "done"


def test_the_number_of_queries_does_not_grow(pool: LicencePool) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        setup_steps(AT)
    for number in range(3):
        other = factories.PoolFactory.create(key=f"p{number}")
        finding(pool=other, site=other.site)
        SyncRun.objects.create(pool=other, started_at=AT, state=RunState.FAILED)
    with CaptureQueriesContext(connection) as many:
        setup_steps(AT)
    assert len(many) == len(few) <= 5
