"""One running IUM for all system tests, on the database the suite runs on."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.system.running import RunningIum, wait_for


def _own_database() -> str:
    """Return an empty database beside the test's own on PostgreSQL; nothing on SQLite (a file is made)."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        return ""
    name = f"ium_system_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url.replace("postgis", "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    base, _, query = url.partition("?")
    return base.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
def _started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningIum]:
    folder: Path = tmp_path_factory.mktemp("system")
    ium = RunningIum(data=folder / "data", database_url=_own_database())
    ium.start()
    wait_for(ium.all_free, 20, "all slots free")
    yield ium
    assert ium.stop() == 0


@pytest.fixture
def ium(_started: RunningIum) -> Iterator[RunningIum]:
    """The running system with two licences, everybody out, and no faults.

    After every test the simulated Jira's own count must show that there never were more members than that.
    """
    ium = _started
    ium.fault(match={}, kind="none")
    ium.script(
        ium.setting(
            assigned_licences=2,
            reclaim_on_request=False,
            automatic_login=False,
            first_attempt="on_reconnect",
            inactivity_minutes=60,
            sweep_interval_minutes=1,
            access_delay_seconds=1,
            lock_minutes=0,
        )
        + "from slots.models import LicencePool, Slot\n"
        "from slots.services import slot_take_back, queue_entry_remove\n"
        "from ium.directory.models import User\n"
        "from ium.lib import clock\n"
        "pool = LicencePool.objects.get(key='jira')\n"
        "for entry in pool.entries.waiting():\n"
        "    queue_entry_remove(entry_id=entry.pk, at=clock.now(), actor=User.objects.get(username='admin'))\n"
        "for slot in Slot.objects.used():\n"
        "    slot_take_back(slot_id=slot.pk, at=clock.now(), actor=None)\n"
        # The 90 s in which a lost call of the test before might still land.
        "Slot.objects.update(unsettled_until=None, next_attempt_at=None)\n"
    )
    wait_for(ium.all_free, 20, "all slots free")
    yield ium
    assert ium.group("ium-access")["highest_members"] <= 2
