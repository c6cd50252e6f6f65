"""`manage.py backup` and `restore`: what an operator sees."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from ium.backup import backup_write
from ium.directory.models import Site
from ium.runtime.lock import FolderLock
from slots.models import LicencePool
from tests import factories
from tests.backup import life

pytestmark = pytest.mark.usefixtures("one_transaction")


def run(*arguments: object) -> str:
    """Run a command; return what it says."""
    out = StringIO()
    call_command(*(str(one) for one in arguments), stdout=out)
    return out.getvalue()


def secrets_of(data: Path, settings: LazySettings, **changes: str) -> Path:
    """Write the secrets file that goes with the settings."""
    secrets = {
        "secret_key": "s",
        "encryption_keys": ",".join(settings.IUM_ENCRYPTION_KEYS),
        "broker_password": "b",
    }
    path = data / "secrets.json"
    path.write_text(json.dumps(secrets | changes))
    return path


@pytest.fixture
def file(one_transaction: None, tmp_path: Path) -> Path:
    """Where the backup goes."""
    life.fill()
    return tmp_path / "ium.jsonl.gz"


def test_backup_and_restore(file: Path) -> None:
    said = run("backup", file)
    assert "secrets.json" in said
    assert file.stat().st_mode & 0o777 == 0o600
    factories.PoolFactory.create(name="made later")
    said = run("restore", file, "--yes")
    assert "2 slots" in said
    assert "compared with Jira" in said
    assert not LicencePool.objects.filter(name="made later").exists()


def test_a_backup_while_ium_runs(file: Path, data: Path) -> None:
    lock = FolderLock(data)
    lock.take()
    try:
        run("backup", file)
    finally:
        lock.release()


def test_backup_overwrites_nothing(file: Path) -> None:
    file.write_text("precious")
    with pytest.raises(CommandError, match="exists already"):
        run("backup", file)
    assert file.read_text() == "precious"


def test_a_failed_backup_leaves_nothing(file: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("backup", file, "--with-secrets")
    assert not list(file.parent.glob("*ium.jsonl*"))


def test_restore_asks_before_it_replaces_anything(file: Path) -> None:
    run("backup", file)
    before = life.rows()
    with pytest.raises(CommandError, match="--yes"):
        run("restore", file)
    assert life.rows() == before


@pytest.mark.parametrize(("answer", "goes_on"), [("y", True), ("", False), ("no", False)])
def test_the_answer_counts(
    file: Path, monkeypatch: pytest.MonkeyPatch, answer: str, goes_on: bool
) -> None:
    run("backup", file)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: answer)
    if goes_on:
        assert "are back" in run("restore", file)
        return
    with pytest.raises(CommandError, match="Nothing was changed"):
        run("restore", file)


def test_secrets_move_with_the_backup(file: Path, data: Path, settings: LazySettings) -> None:
    kept = secrets_of(data, settings)
    old = kept.read_text()
    assert "Keep it locked away" in run("backup", file, "--with-secrets")
    keys = settings.IUM_ENCRYPTION_KEYS
    settings.IUM_ENCRYPTION_KEYS = ["Y" * 43 + "="]
    fresh = secrets_of(data, settings, secret_key="another").read_text()
    with pytest.raises(CommandError, match="do not open"):
        run("restore", file, "--yes")
    run("restore", file, "--yes", "--with-secrets")
    assert json.loads(kept.read_text()) == json.loads(old)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert (data / "secrets.json.before-restore").read_text() == fresh
    settings.IUM_ENCRYPTION_KEYS = keys
    assert Site.objects.order_by("pk")[0].org_key == "the-organisation-key"


def test_keys_from_the_environment_are_not_in_secrets_json(
    file: Path, data: Path, settings: LazySettings
) -> None:
    secrets_of(data, settings, encryption_keys="others")
    with pytest.raises(CommandError, match="comes from the environment"):
        run("backup", file, "--with-secrets")


def test_the_file_does_not_show_keys(file: Path) -> None:
    import gzip

    backup_write(path=file, with_secrets=False, at=factories.AT)
    text = gzip.decompress(file.read_bytes()).decode()
    assert "the-organisation-key" not in text
    assert "fernet1:" in text
