"""A restore changes everything or nothing."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from activity.models import Intake
from ium.backup import BackupError, Options, backup_write, restore, restoring, settling
from ium.directory.models import Site
from ium.runtime.lock import FolderLock
from tests import factories
from tests.backup import life
from tests.factories import AT, minutes, seconds

pytestmark = pytest.mark.usefixtures("one_transaction")
Document = dict[str, Any]


@pytest.fixture
def file(one_transaction: None, tmp_path: Path) -> Path:
    """A backup of a filled installation."""
    life.fill()
    path = tmp_path / "ium.jsonl.gz"
    backup_write(path=path, with_secrets=False, at=AT)
    return path


def refused(path: Path, match: str, options: Options | None = None) -> None:
    """Try to restore; see the refusal, and that nothing changed."""
    factories.PoolFactory.create()
    before = life.rows()
    with pytest.raises(BackupError, match=match):
        restore(path=path, options=options or Options(), at=AT + minutes(60))
    assert life.rows() == before


def rewritten(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    """Change the lines of a backup, and its checksum with them."""
    lines = change(gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)[:-1])
    text = "".join(lines).encode()
    total = json.dumps({"sha256": hashlib.sha256(text).hexdigest()}).encode()
    path.write_bytes(gzip.compress(text + total + b"\n"))


def first_line(**values: Any) -> Callable[[list[str]], list[str]]:
    """Return a change of the manifest."""
    return lambda lines: [json.dumps({**json.loads(lines[0]), **values}) + "\n", *lines[1:]]


@pytest.mark.parametrize("part", [0.02, 0.3, 0.9, 0.999])
def test_a_file_that_is_cut_off(file: Path, part: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * part)])
    refused(file, "damaged")


@pytest.mark.parametrize("part", [0.05, 0.5, 0.9])
def test_a_file_with_a_wrong_byte(file: Path, part: float) -> None:
    data = bytearray(file.read_bytes())
    data[int(len(data) * part)] ^= 0x55
    file.write_bytes(bytes(data))
    refused(file, "damaged")


def test_a_file_whose_text_was_changed(file: Path) -> None:
    text = gzip.decompress(file.read_bytes())
    file.write_bytes(gzip.compress(text.replace(b"Acme", b"Acne")))
    refused(file, "SHA-256")


@pytest.mark.parametrize(
    "data", [b"", b"no backup", gzip.compress(b"", mtime=0), gzip.compress(b"[]\n", mtime=0)]
)
def test_another_file(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    refused(file, "no backup")


def test_no_file(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.gz", "no file")


def test_rows_that_are_missing(file: Path) -> None:
    rewritten(file, lambda lines: lines[:-1])
    refused(file, "does not hold the rows")


def test_a_newer_form(file: Path) -> None:
    rewritten(file, first_line(ium_backup=2, version="9.9"))
    refused(file, "version that made it: 9.9")


def test_a_backup_of_a_newer_version(file: Path) -> None:
    MigrationRecorder(connection).record_unapplied("slots", "0001_initial")
    try:
        refused(file, "manage migrate")
    finally:
        MigrationRecorder(connection).record_applied("slots", "0001_initial")


def test_a_backup_of_an_older_version(file: Path) -> None:
    rewritten(file, first_line(migrations=[]))
    refused(file, "newer than the backup")


def test_other_tables(file: Path) -> None:
    rewritten(file, first_line(tables=[]))
    refused(file, "differ")


def test_keys_that_do_not_fit(file: Path, settings: LazySettings) -> None:
    settings.IUM_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    refused(file, "--without-credentials")


def test_secrets_that_are_not_there(file: Path) -> None:
    refused(file, "no secrets", Options(with_secrets=True))


def test_without_credentials_no_key_is_needed(file: Path, settings: LazySettings) -> None:
    settings.IUM_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    restore(path=file, options=Options(without_credentials=True), at=AT + minutes(60))
    assert {site.org_key for site in Site.objects.all()} == {""}


def test_a_running_ium(file: Path, data: Path) -> None:
    lock = FolderLock(data)
    lock.take()
    try:
        refused(file, "IUM is running")
    finally:
        lock.release()


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite belongs to one folder")
def test_an_ium_that_runs_on_another_machine(file: Path) -> None:
    Intake.objects.update(seen_at=AT + minutes(60) - seconds(20))
    refused(file, "20 seconds ago")


@pytest.mark.parametrize("place", ["_empty_all", "_fill", "_continue_numbers", "settle"])
def test_a_crash_in_the_middle_leaves_the_old_data(
    file: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    from ium.backup import loading

    module: Any = restoring if place == "settle" else loading
    done = getattr(module, place)
    calls = []

    def crash(*arguments: Any, **named: Any) -> None:
        done(*arguments, **named)
        calls.append(place)
        if place != "_fill" or len(calls) == 9:
            raise KeyboardInterrupt

    monkeypatch.setattr(module, place, crash)
    factories.PoolFactory.create()
    before = life.rows()
    with pytest.raises(KeyboardInterrupt):
        restore(path=file, options=Options(), at=AT + minutes(60))
    assert life.rows() == before


def test_the_intake_of_a_fresh_backup_is_a_gap_too(file: Path) -> None:
    restore(path=file, options=Options(), at=AT + seconds(61))
    assert Intake.objects.get().seen_at == AT + seconds(61) - settling.AWAY
