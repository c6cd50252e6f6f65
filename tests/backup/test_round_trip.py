"""What was backed up comes back, row for row, on either database."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction

from ium.backup import backup_write, verify
from ium.backup.loading import replace_all
from ium.directory.models import Site
from slots.models import JournalEntry, LicencePool
from tests import factories
from tests.backup import life
from tests.factories import AT

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]


def backup(path: Path) -> Path:
    """Back up into a new file of this folder."""
    file = path / "ium.jsonl.gz"
    backup_write(path=file, with_secrets=False, at=AT)
    return file


def load(file: Path) -> None:
    """Replace everything, as it was: without what a restore then settles."""
    with transaction.atomic():
        replace_all(file, credentials=True)


def test_every_row_of_every_table_comes_back(tmp_path: Path) -> None:
    life.fill()
    before = life.rows()
    assert not [label for label, found in before.items() if not found], "a table without a row"
    file = backup(tmp_path)
    factories.PoolFactory.create()
    Site.objects.update(org_key="another")
    load(file)
    assert life.rows() == before
    assert Site.objects.order_by("pk")[0].org_key == "the-organisation-key"


def test_new_rows_follow_the_restored_ones(tmp_path: Path) -> None:
    pool = life.fill()
    file = backup(tmp_path)
    load(file)
    highest = JournalEntry.objects.order_by("-pk")[0].pk
    factories.holder(factories.PoolFactory.create(site=pool.site))
    assert JournalEntry.objects.order_by("-pk")[0].pk > highest


def test_the_journal_stays_append_only(tmp_path: Path) -> None:
    life.fill()
    load(backup(tmp_path))
    with pytest.raises((IntegrityError, Exception), match="never changed"), transaction.atomic():
        JournalEntry.objects.update(reason="another")


def test_signed_in_browsers_are_not_in_the_file(tmp_path: Path) -> None:
    Session.objects.create(session_key="very-secret", session_data="x", expire_date=AT)
    load(backup(tmp_path))
    assert not Session.objects.exists()


def test_rows_written_meanwhile_are_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest counts at the same moment as the rows are read: verify would refuse otherwise."""
    pool = life.fill()
    before = life.rows()
    from ium.backup import writing

    manifest = writing._manifest

    def disturbed(*arguments: object) -> object:
        found = manifest(*arguments)  # type: ignore[arg-type]
        _elsewhere("UPDATE slots_licencepool SET next_seq = 99")
        _elsewhere("DELETE FROM slots_journalentry")
        return found

    monkeypatch.setattr(writing, "_manifest", disturbed)
    file = backup(tmp_path)
    assert LicencePool.objects.get(pk=pool.pk).next_seq == 99
    verify(file, keys=None)
    load(file)
    assert life.rows() == before


def _elsewhere(statement: str) -> None:
    """Write through a second connection, as a running IUM would: the backup must not make it wait."""
    other = connection.copy("other")
    try:
        other.settings_dict = {**other.settings_dict, "OPTIONS": {**other.settings_dict["OPTIONS"]}}
        if connection.vendor == "sqlite":
            other.settings_dict["OPTIONS"]["timeout"] = 0.2
        with other.cursor() as cursor:
            cursor.execute(statement)
    finally:
        other.close()


MOVE = """
import django, sys
django.setup()
from django.core.management import call_command
from tests.backup import life
call_command("migrate", verbosity=0)
life.fill()
call_command("backup", sys.argv[1])
import pathlib, pickle
pathlib.Path(sys.argv[2]).write_bytes(pickle.dumps(life.rows()))
"""


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="moves from SQLite to PostgreSQL")
def test_a_backup_of_sqlite_moves_to_postgresql(tmp_path: Path) -> None:
    file, rows = tmp_path / "ium.jsonl.gz", tmp_path / "rows"
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'ium.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "ium.settings_test",
    }
    made = subprocess.run(
        [sys.executable, "-c", MOVE, str(file), str(rows)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    load(file)
    assert life.rows() == pickle.loads(rows.read_bytes())  # noqa: S301 - made by this test
