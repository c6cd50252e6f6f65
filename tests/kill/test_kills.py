"""Everything is killed under load: never too many, nothing lost, nobody stuck."""

import os
import time
from contextlib import ExitStack
from typing import Any

import pytest

from tests.kill.chaos import Chaos
from tests.kill.crowd import Crowd
from tests.kill.figures import Say, announcement, as_json, as_table
from tests.kill.sampler import Sampler
from tests.kill.settling import check_database, everybody_is_served, reconciled, settle
from tests.kill.system import running
from tests.system.running import Person

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system")]

LICENCES = 5
PEOPLE = 15
FIXED_SEED = 20261124
DEEP = os.environ.get("IUM_TEST_DEEP") == "1"
DEEP_SECONDS = float(os.environ.get("IUM_KILL_SECONDS", "600"))
# Short, so that sweeps, warnings and grants that nobody takes up happen within minutes.
OPTIONS: dict[str, Any] = {
    "assigned_licences": LICENCES,
    "inactivity_minutes": 5,
    "sweep_interval_minutes": 1,
    "minimum_hold_seconds": 0,
    "claim_seconds": 90,
    "access_delay_seconds": 0,
    "lock_minutes": 0,
    "reclaim_on_request": False,
    "automatic_login": True,
}


def _seed() -> int:
    by_chance = int.from_bytes(os.urandom(4)) if DEEP else FIXED_SEED
    return int(os.environ.get("IUM_KILL_SEED") or by_chance)


def on_postgres() -> bool:
    """Whether this run of the suite is the one on PostgreSQL."""
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def _torment(chaos: Chaos, people: list[Person], measured: dict[str, Any]) -> None:
    """Inject under load, let it settle, and note what was measured."""
    ium, crowd, sampler = chaos.ium, Crowd(chaos.ium, people, chaos.seed), Sampler(chaos.ium)
    with sampler.around():
        began = time.monotonic()
        with crowd.around():
            _inject(chaos)
        measured["seconds_of_chaos"] = round(time.monotonic() - began, 1)
        measured["seconds_until_settled"] = settle(ium, people, wait=DEEP)
        measured["seconds_until_everybody_served"] = everybody_is_served(ium, people, within=90)
        measured["seconds_until_quiet_again"] = settle(ium, people, wait=DEEP)
    measured |= {
        "injections": sum(chaos.injected.values()),
        "api_calls": sum(crowd.outcomes.values()),
        "api_outcomes": dict(crowd.outcomes),
        "looks_at_jira": sampler.looks,
        "highest_members": sampler.highest,
        "most_jira_calls_per_second": sampler.most_per_second,
    }


def _inject(chaos: Chaos) -> None:
    if DEEP:
        chaos.at_random(DEEP_SECONDS, pause=3)
    else:
        chaos.each_once(pause=1)


def test_never_too_many_and_nothing_lost_whatever_is_killed(say: Say) -> None:
    seed, database = _seed(), "PostgreSQL" if on_postgres() else "SQLite"
    measured: dict[str, Any] = {"seed": seed, "database": database, "licences": LICENCES}
    say(announcement(seed, database))
    with ExitStack() as stack:
        ium = running(stack, postgres=on_postgres())
        ium.option(**OPTIONS)
        chaos = Chaos(ium, seed, deep=DEEP)
        try:
            _torment(chaos, ium.people(PEOPLE), measured)
            measured["differences"] = reconciled(ium)
            measured |= check_database(ium)
        except BaseException:
            say("\n".join([*chaos.log, ium.last_words()]))
            raise
        finally:
            say(as_json("kill_test", measured, chaos))
            say(as_table(measured, chaos))
    assert measured["differences"] == [0, 0, 0], "the reconciler still found differences"
    assert 0 < measured["highest_members"] <= LICENCES, "more members than licences"
    assert DEEP or not chaos.not_possible, f"never injected: {chaos.log}"
