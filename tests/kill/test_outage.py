"""Jira away for an hour: nobody loses a slot then or afterwards, and the way back is no stampede."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from tests.kill.figures import Say, as_json, as_table
from tests.kill.sampler import Sampler, api_calls
from tests.kill.settling import agrees, check_database, readiness
from tests.kill.system import KillableIum, running
from tests.kill.test_kills import DEEP, on_postgres
from tests.system.running import Person, wait_for

pytestmark = [
    pytest.mark.system,
    pytest.mark.xdist_group("system"),
    pytest.mark.skipif(on_postgres() and not DEEP, reason="short form: on SQLite only"),
]

LICENCES, HOLDERS, LEAVING, WAITING = 20, 18, 8, 16
HOUR = 3600
# Every periodic job that could take something runs at least once, and a probe of Jira fails.
JOBS_RUN_SECONDS = 16
# Atlassian's documented refill per endpoint: more than that for long ends in 429.
CALLS_PER_SECOND = 100

OUTAGE_IS_OLDER = """
from datetime import timedelta
from django.db.models import F
from ium.directory.models import Site
Site.objects.update(connection_changed_at=F("connection_changed_at") - timedelta(seconds={seconds}))
"""
# How many holders the sweeps of the next minutes would warn, or have warned. Nothing is kept.
WARNED_SOON = """
from datetime import timedelta
from django.db import transaction
from ium.lib import clock
from slots.models import LicencePool, Slot
from slots.services import sweep_warn
with transaction.atomic():
    pool, now = LicencePool.objects.get(key="jira"), clock.now()
    for seconds in range(0, 100, 10):
        sweep_warn(pool_id=pool.pk, at=now + timedelta(seconds=seconds))
    print(Slot.objects.exclude(warned_at=None).count())
    transaction.set_rollback(True)
"""


@pytest.fixture
def ium() -> Iterator[KillableIum]:
    """A system of its own with short options."""
    with ExitStack() as stack:
        started = running(stack, postgres=on_postgres())
        started.option(
            assigned_licences=LICENCES,
            inactivity_minutes=30,
            sweep_interval_minutes=1,
            minimum_hold_seconds=0,
            access_delay_seconds=0,
            first_attempt="on_reconnect",
            reclaim_on_request=True,
        )
        yield started


def _jira_is_away(ium: KillableIum, leaving: list[Person], waiting: list[Person]) -> None:
    """Jira answers 503 to everything; people hand back and ask meanwhile, until IUM says what is wrong."""
    ium.fault(match={"path": "/(admin|rest|ex)/"}, kind="status", status=503)
    for person in leaving:
        person.hands_back()
    for person in waiting:
        person.reconnect()
    wait_for(lambda: waiting[-1].reconnect()["reason"] == "jira_down", 60, "people are told")
    assert requests.get(f"{ium.url}/readyz", timeout=5).status_code == 503


def _an_hour_passes(ium: KillableIum, holders: list[Person], waiting: list[Person]) -> None:
    """Everything stored becomes an hour older; then the periodic jobs run a few times, Jira still being away."""
    ium.time_passes(HOUR)
    ium.script(OUTAGE_IS_OLDER.format(seconds=HOUR))
    until = time.monotonic() + JOBS_RUN_SECONDS
    while time.monotonic() < until:
        assert {person.state()["state"] for person in holders} == {"active"}
        assert {person.reconnect()["reason"] for person in waiting} == {"jira_down"}
        time.sleep(1)


def _back(ium: KillableIum, holders: list[Person], others: list[Person]) -> dict[str, Any]:
    """Jira answers again; return how long it took until IUM was ready and agreed with Jira."""
    began = time.monotonic()
    ium.fault(match={}, kind="none")
    wait_for(ium.is_ready, 60, f"ready again: {readiness(ium)}")
    ready = time.monotonic() - began
    everybody = [*holders, *others]
    wait_for(lambda: agrees(ium, everybody) and len(ium.members()) == LICENCES, 60, "all is used")
    return {
        "seconds_until_ready": round(ready, 1),
        "seconds_until_all_slots_used": round(time.monotonic() - began, 1),
    }


def test_an_hour_without_jira_takes_nothing_from_anybody(ium: KillableIum, say: Say) -> None:
    people = ium.people(HOLDERS + WAITING)
    inside, waiting = people[:HOLDERS], people[HOLDERS:]
    for person in inside:
        person.reconnect()
    wait_for(lambda: agrees(ium, inside) and len(ium.members()) == HOLDERS, 60, "holders are in")
    leaving, holders = inside[:LEAVING], inside[LEAVING:]
    _jira_is_away(ium, leaving, waiting)
    _an_hour_passes(ium, holders, waiting)
    sampler = Sampler(ium)
    with sampler.around():
        measured = _back(ium, holders, [*leaving, *waiting])
    measured |= {
        "licences": LICENCES,
        "highest_members": sampler.highest,
        "most_jira_calls_per_second": sampler.most_per_second,
        "answers_429": api_calls(ium.state_of_jira() or {"calls": []}, status=429),
        "holders_warned_afterwards": int(ium.manage("shell", "--no-imports", "-c", WARNED_SOON)),
    }
    measured |= check_database(ium)
    say(as_json("kill_test_outage", measured))
    say(as_table(measured))
    assert {person.account_id for person in holders} <= ium.members(), "somebody lost a slot"
    assert measured["holders_warned_afterwards"] == 0, "the hour counted as inactivity"
    assert measured["highest_members"] <= LICENCES
    assert measured["answers_429"] == 0
    assert measured["most_jira_calls_per_second"] <= CALLS_PER_SECOND
