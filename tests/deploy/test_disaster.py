"""The commands of docs/disaster.md, run one after the other on an installation of their own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import load_command_class

from ium.runtime.config import ROOT

PAGE = (ROOT / "docs" / "disaster.md").read_text()
COMMANDS = re.findall(r"^\s*\./ium\.sh manage (.*)$", PAGE, re.MULTILINE)
FILL = "import django; django.setup(); from tests.backup import life; life.fill()"
KEYS = (
    "import django; django.setup(); from ium.directory.models import Site;"
    " print({site.org_key for site in Site.objects.all()})"
)


def run(folder: Path, *command: str, key: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, on the SQLite installation there."""
    variables = {
        "DATABASE_URL": f"sqlite:///{folder / 'ium.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "ium.settings",
        "IUM_DATA": str(folder),
        "IUM_SECRET_KEY": "x",
        "IUM_ENCRYPTION_KEYS": key,
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_of_the_page_is_run_by_a_test() -> None:
    names = {shlex.split(command)[0] for command in COMMANDS}
    assert names == {"break_glass", "check_configuration", "migrate", "restore", "backup"}


def test_break_glass_understands_what_the_page_types() -> None:
    """What it does is tested with the simulated Jira in tests/jira_sync/glass."""
    for command in COMMANDS:
        name, *arguments = shlex.split(command)
        if name == "break_glass":
            parser = load_command_class("ium", name).create_parser("manage.py", name)
            found: Namespace = parser.parse_args(arguments)
            assert (found.pool, found.group) == ("jira", "jira-software-users")


@pytest.mark.skipif(
    os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="uses SQLite of its own"
)
def test_a_lost_database_and_a_lost_encryption_key(tmp_path: Path) -> None:
    """The page's commands in the page's order; the backup it restores is made first."""
    old_key, new_key = (Fernet.generate_key().decode() for _ in range(2))
    manage = str(ROOT / "manage.py")
    made = run(tmp_path, manage, "migrate", "--noinput", key=old_key)
    assert made.returncode == 0, made.stderr
    filled = run(tmp_path, "-c", FILL, key=old_key)
    assert filled.returncode == 0, filled.stderr
    backup = run(tmp_path, manage, "backup", "ium-2026-03-02.jsonl.gz", key=old_key)
    assert backup.returncode == 0, backup.stderr
    (tmp_path / "ium.sqlite3").unlink()
    key = old_key
    for command in COMMANDS:
        name, *arguments = shlex.split(command)
        if name in {"break_glass", "check_configuration"}:
            continue
        if name == "backup":  # from here on the old key is lost
            key = new_key
        done = run(tmp_path, manage, name, *arguments, key=key)
        assert done.returncode == 0, (command, done.stderr)
    assert run(tmp_path, "-c", KEYS, key=new_key).stdout.strip() == "{''}"
    looked = run(tmp_path, manage, "check_configuration", key=new_key)
    assert "findings" in looked.stdout, looked.stderr
