"""The move from SQLite to PostgreSQL: every row arrives, or none; the original is left as it is."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet

from ium.runtime.lock import FolderLock
from tests.system.conftest import _own_database as own_database

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="moves to PostgreSQL"
)
ROOT = Path(__file__).parents[2]
MAKE = """
import django, sys, pathlib, pickle
django.setup()
from django.core.management import call_command
from tests.backup import life
call_command("migrate", verbosity=0)
life.fill()
pathlib.Path(sys.argv[1]).write_bytes(pickle.dumps(life.rows()))
"""
ROWS = """
import django, sys, pathlib, pickle
django.setup()
from tests.backup import life
pathlib.Path(sys.argv[1]).write_bytes(pickle.dumps(life.rows()))
"""
# What a restore changes afterwards: pools wait until they were compared with Jira, runs have ended.
SETTLED = {
    "slots.LicencePool",
    "slots.Slot",
    "slots.QueueEntry",
    "slots.JournalEntry",
    "slots.Session",
    "activity.Intake",
    "jira_sync.SyncRun",
    "jira_sync.BreakGlass",
    "slots.HistoricalLicencePool",
}


@dataclass
class Installation:
    """A SQLite installation that nobody runs, with rows in every table."""

    data: Path
    rows: dict[str, list[Any]]

    @property
    def file(self) -> Path:
        """Its database."""
        return self.data / "ium.sqlite3"

    def run(self, *arguments: str, url: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        """Run Python with this installation's settings, on its SQLite unless told otherwise."""
        variables = {
            "DATABASE_URL": url or f"sqlite:///{self.file}",
            "DJANGO_SETTINGS_MODULE": "ium.settings",
            "IUM_DATA": str(self.data),
            "IUM_SECRET_KEY": "x",
            "IUM_ENCRYPTION_KEYS": KEY,
            "PYTHONPATH": str(ROOT),
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **variables, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    def move(self, url: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the command."""
        return self.run("manage.py", "move_to_postgresql", url, **more)

    def rows_at(self, url: str = "") -> dict[str, list[Any]]:
        """Return every row of a database."""
        out = self.data / "rows"
        done = self.run("-c", ROWS, str(out), url=url)
        assert done.returncode == 0, done.stderr
        found: dict[str, list[Any]] = pickle.loads(out.read_bytes())  # noqa: S301 - made by this test
        return found


KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Made once: a second for each migration."""
    data = tmp_path_factory.mktemp("moving")
    installation = Installation(data, {})
    done = installation.run(
        "-c", MAKE, str(data / "rows"), DJANGO_SETTINGS_MODULE="ium.settings_test"
    )
    assert done.returncode == 0, done.stderr
    installation.rows = pickle.loads((data / "rows").read_bytes())  # noqa: S301 - made by this test
    return installation


@pytest.fixture
def old(made: Installation, tmp_path: Path) -> Installation:
    """A copy for one test."""
    shutil.copy(made.file, tmp_path / "ium.sqlite3")
    return Installation(tmp_path, made.rows)


@pytest.fixture
def url() -> Iterator[str]:
    """An empty database, which is thrown away."""
    found = own_database()
    yield found
    name = found.partition("?")[0].rsplit("/", 1)[1]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def execute(url: str, *statements: str) -> None:
    """Do something in PostgreSQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def change(old: Installation, statement: str) -> None:
    """Do something in SQLite that IUM would not do."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(old.file)) as connection, connection:
        connection.execute(statement)


def fingerprint(old: Installation) -> str:
    """Return what tells whether the original was changed."""
    return hashlib.sha256(old.file.read_bytes()).hexdigest()


def test_everything_moves_and_a_failure_before_is_no_hindrance(old: Installation, url: str) -> None:
    """One story, because each step takes seconds: refused, failed half way, moved, refused again."""
    # A row that PostgreSQL refuses: SQLite does not mind the length of a text.
    change(old, "UPDATE directory_site SET name = printf('%.*c', 900, 'x')")
    done = old.move(url)
    assert done.returncode != 0
    assert "PostgreSQL refused a row: value too long" in done.stderr
    assert "COPY directory_site, line 1, column name" in done.stderr
    assert "xxx" not in done.stderr
    # Half way: the tables are there and nothing is in them.
    change(old, "UPDATE directory_site SET name = 'Acme'")
    # A row that comes out different.
    execute(
        url,
        "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.name = NEW.name || '!'; RETURN NEW; END $$",
        "CREATE TRIGGER meddle BEFORE INSERT ON directory_site FOR EACH ROW EXECUTE FUNCTION meddle()",
    )
    done = old.move(url)
    assert done.returncode != 0
    assert "not what went in (directory.Site: 1 rows before, 1 now" in done.stderr
    execute(url, "DROP TRIGGER meddle ON directory_site")
    source = old.rows_at()
    done = old.move(url)
    assert done.returncode == 0, done.stderr
    assert "every one as it was" in done.stdout
    moved = old.rows_at(url)
    same = {label for label in source if moved[label] == source[label]}
    assert set(source) - same <= SETTLED
    assert old.rows_at() == source, "the original was changed"
    assert not list(old.data.glob(".move-*")), "a copy was left behind"
    done = old.move(url)
    assert done.returncode != 0
    assert "is not empty" in done.stderr
    assert old.rows_at(url) == moved


def test_the_original_is_not_touched_by_a_refused_move(old: Installation, url: str) -> None:
    before = fingerprint(old)
    execute(url, "CREATE TABLE somebody_else (id integer)")
    done = old.move(url)
    assert "not IUM's (somebody_else)" in done.stderr
    assert fingerprint(old) == before


def test_not_while_ium_runs_on_this_folder(old: Installation, url: str) -> None:
    lock = FolderLock(old.data)
    lock.take()
    try:
        assert "IUM is running" in old.move(url).stderr
    finally:
        lock.release()


def test_not_while_some_part_works_on_this_database(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    """Parts that `serve` started hold no lock, but write."""
    from ium.backup import BackupError, away
    from ium.lib import clock
    from slots.models import JobRun

    JobRun.objects.create(name="sweep", finished_at=clock.now())
    monkeypatch.setattr(
        "time.sleep", lambda _seconds: JobRun.objects.update(finished_at=clock.now())
    )
    with pytest.raises(BackupError, match="works on this database"):
        away.wait_until_silent()


def test_a_part_that_has_just_ended_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    from datetime import timedelta

    from ium.backup import away
    from ium.lib import clock
    from slots.models import JobRun

    JobRun.objects.create(name="sweep", finished_at=clock.now())
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        monkeypatch.setattr(clock, "now", lambda: at + timedelta(seconds=sum(waited)))

    at = clock.now()
    monkeypatch.setattr("time.sleep", sleep)
    away.wait_until_silent()
    assert 18 <= sum(waited) <= 21


@pytest.mark.parametrize("url", ["", "mysql://ium@127.0.0.1/ium"])
def test_another_address(old: Installation, url: str) -> None:
    assert "Say where to" in old.move(url).stderr


def test_a_database_that_is_not_there(old: Installation) -> None:
    assert "cannot be reached" in old.move("postgres://ium@127.0.0.1:1/ium").stderr


def test_rows_are_compared_whatever_the_order_of_their_documents(tmp_path: Path) -> None:
    from ium.backup.moving import sums_of

    def file(name: str, row: str) -> Path:
        text = f'{{"ium_backup":1}}\n{{"table":"a.B"}}\n{row}\n'.encode()
        total = json.dumps({"sha256": hashlib.sha256(text).hexdigest()}).encode() + b"\n"
        (tmp_path / name).write_bytes(gzip.compress(text + total))
        return tmp_path / name

    one, other = file("1", '[1,{"a":1,"b":2}]'), file("2", '[1,{"b":2,"a":1}]')
    third = file("3", '[1,{"b":2,"a":2}]')
    assert sums_of(one) == sums_of(other) != sums_of(third)
