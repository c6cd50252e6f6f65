"""Runs of the check: what opens, lasts and ends; a broken check, an absent Jira; how many calls a run costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command
from django.db import connection
from kombu.exceptions import OperationalError

from jira_sync import tasks
from jira_sync.client.errors import JiraUnreachable
from jira_sync.doctor import run
from jira_sync.doctor.credentials import Credential
from jira_sync.doctor.registry import CHECKS, Check, FindingSeen, Problem, Scope
from jira_sync.doctor.services import check_configuration, check_soon, findings_store
from jira_sync.models import Finding, Severity
from jira_sync.simulator import credentials
from slots.models import JobRun
from tests.conftest import Now
from tests.factories import AT, PoolFactory, minutes
from tests.jira_sync.doctor.world import SECRETS, World

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


def seen(subject: str = "", what: str = "wrong", **place: Any) -> FindingSeen:
    return FindingSeen(
        code="made",
        severity=Severity.ERROR,
        site_id=place.get("site_id"),
        pool_id=place.get("pool_id"),
        subject=subject,
        what=what,
        why="because",
        fix="mend it",
    )


MADE = Scope("made")


def test_a_finding_opens_lasts_and_ends() -> None:
    findings_store(seen=[seen()], checked_scopes=[MADE], at=AT)
    findings_store(seen=[seen(what="worse")], checked_scopes=[MADE], at=LATER)
    finding = Finding.objects.get()
    assert (finding.what, finding.first_seen_at, finding.last_seen_at) == ("worse", AT, LATER)
    assert finding.ended_at is None
    findings_store(seen=[], checked_scopes=[MADE], at=LATER)
    findings_store(seen=[], checked_scopes=[MADE], at=LATER + minutes(1))
    finding.refresh_from_db()
    assert finding.ended_at == LATER


def test_storing_twice_changes_nothing() -> None:
    for _ in range(2):
        findings_store(seen=[seen("a"), seen("b")], checked_scopes=[MADE], at=AT)
    assert Finding.objects.count() == 2


def test_what_was_not_checked_does_not_end() -> None:
    findings_store(seen=[seen("a")], checked_scopes=[], at=AT)
    findings_store(seen=[], checked_scopes=[Scope("other")], at=LATER)
    assert Finding.objects.current().count() == 1


def test_what_comes_back_within_a_day_is_the_same_finding() -> None:
    findings_store(seen=[seen()], checked_scopes=[MADE], at=AT)
    findings_store(seen=[], checked_scopes=[MADE], at=AT + minutes(5))
    findings_store(seen=[seen()], checked_scopes=[MADE], at=AT + minutes(10))
    finding = Finding.objects.get()
    assert (finding.first_seen_at, finding.ended_at) == (AT, None)
    findings_store(seen=[], checked_scopes=[MADE], at=AT + minutes(15))
    findings_store(seen=[seen()], checked_scopes=[MADE], at=AT + timedelta(days=2))
    assert Finding.objects.count() == 2


def test_findings_of_a_pool_that_moved_to_another_site_end(world: World) -> None:
    world.set_pool(dry_run=True)
    assert world.found("dry_run_on")
    other = PoolFactory.create()
    world.set_pool(site=other.site)
    check_configuration(at=LATER, site_id=world.site.pk)
    assert not Finding.objects.current().filter(code="dry_run_on").exists()


def test_while_jira_is_away_findings_stay(world: World) -> None:
    world.jira.order("members", name="ium-access", add=[credentials.account_id(20)])
    world.set_pool(inactivity_minutes=10)
    assert world.found("strangers_in_access_group")
    world.set_pool(inactivity_minutes=60)
    with world.away():
        codes = {finding.code for finding in world.check(LATER) if finding.site_id}
    assert codes == {"strangers_in_access_group", "jira_unreachable"}
    world.jira.order("members", name="ium-access", remove=[credentials.account_id(20)])
    assert [one.code for one in world.check(LATER) if one.site_id] == []


def test_a_key_that_cannot_be_tried_is_not_called_good(world: World) -> None:
    world.set(org_key=credentials.REVOKED_ORG_KEY)
    assert world.found("key_refused")
    with world.away():
        assert world.found("key_refused", LATER)


def test_jira_that_fails_is_told_and_ends_nothing(world: World) -> None:
    world.set_pool(access_group=world.group("site-admins"))
    assert world.found("access_group_admin")
    world.jira.fault("groups/search", "status", status=503)
    found = {finding.code: finding for finding in world.check(LATER)}
    assert {"access_group_admin", "jira_unreachable"} <= set(found)


@pytest.fixture
def broken_check(monkeypatch: pytest.MonkeyPatch) -> Check:
    """A check that yields something and then breaks, before all others."""

    def fail(facts: object) -> Iterator[Problem]:
        yield Problem(severity=Severity.NOTICE, what="found before", why="why", fix="fix")
        raise RuntimeError(credentials.ORG_KEY)

    made = Check("broken", "site", costly=False, run=fail)
    monkeypatch.setattr(run, "CHECKS", [made, *CHECKS])
    return made


def test_a_broken_check_stops_no_other(
    world: World, broken_check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.set_pool(dry_run=True)
    found = {finding.code: finding for finding in world.check()}
    assert {"broken", "check_failed", "dry_run_on"} <= set(found)
    assert found["check_failed"].subject == "broken"
    assert not any(secret in found["check_failed"].what for secret in SECRETS)
    monkeypatch.setattr(run, "CHECKS", CHECKS)
    assert "check_failed" not in {finding.code for finding in world.check(LATER)}


def test_every_check_has_its_own_code() -> None:
    codes = [check.code for check in CHECKS]
    assert len(codes) == len(set(codes))


def test_a_run_costs_few_calls(world: World) -> None:
    before = world.calls()
    world.check()
    thorough = world.calls() - before
    world.check(thorough=False)
    quick = world.calls() - before - thorough
    # Groups: 1 page, 2 searches for administrators, 7 that give something. Members, keys, seats (twice), clock.
    assert quick <= 17
    assert thorough <= quick + 10


def test_an_absent_jira_costs_one_try_per_key(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def tried(credential: Credential) -> JiraUnreachable:
        tries.append(credential.code)
        return JiraUnreachable("away")

    monkeypatch.setattr("jira_sync.doctor.facts._tried", tried)
    with world.away():
        world.check()
    assert tries == ["org_key", "api_token"]


@pytest.mark.django_db(transaction=True)
def test_jira_is_asked_outside_any_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = []
    send = requests.Session.send

    def noting(self: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return send(self, request, **more)

    monkeypatch.setattr(requests.Session, "send", noting)
    world.check()
    assert inside
    assert not any(inside)


def test_the_command_prints_and_answers_with_an_exit_code(
    world: World, capsys: pytest.CaptureFixture[str], utc_now: Now
) -> None:
    for name in ("sweep", "carry_out_unfinished", "reconcile"):
        JobRun.objects.create(name=name, started_at=AT, finished_at=AT)
    call_command("check_configuration", site="Acme")
    assert "0 of them errors" in capsys.readouterr().out
    world.set_pool(assigned_licences=31)
    with pytest.raises(SystemExit) as stop:
        call_command("check_configuration", site="Acme")
    assert stop.value.code == 1
    text = capsys.readouterr().out
    assert "error: Jira pool has more licences assigned than possible" in text
    assert "What to do:     Assign at most 30 licences" in text
    with pytest.raises(CommandError, match="no site “Nowhere”"):
        call_command("check_configuration", site="Nowhere")


def test_jobs_check_everything_and_are_noted(world: World) -> None:
    world.set_pool(dry_run=True)
    assert tasks.check_configuration() > 0
    assert tasks.check_configuration_quickly() > 0
    assert tasks.check_site(world.site.pk) > 0
    assert Finding.objects.current().filter(code="dry_run_on").count() == 1
    names = JobRun.objects.exclude(finished_at=None).values_list("name", flat=True)
    assert {"check_configuration", "check_configuration_quickly"} <= set(names)


def test_a_check_after_saving_goes_to_a_worker(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    sent = []
    monkeypatch.setattr(tasks.check_site, "apply_async", lambda **how: sent.append(how["args"]))
    with django_capture_on_commit_callbacks(execute=True):
        check_soon(site_id=7)
        assert sent == []  # not before what was saved can be seen
    assert sent == [(7,)]

    def away(**_: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.check_site, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        check_soon(site_id=7)
    assert "the hourly check" in caplog.text
