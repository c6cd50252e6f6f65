"""`ium.sh` itself, before there is any Python to rely on."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ium.runtime.config import ROOT

# What the launcher needs of the machine beside Python.
TOOLS = ("sh", "cksum", "cat", "dirname", "mv", "rm", "cp", "touch")
PUBLIC_HOSTS = {"https://pypi.org", "https://files.pythonhosted.org"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone, as far as the launcher looks."""
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("ium.sh", "pyproject.toml", "uv.lock"):
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder for PATH: a machine with the basic tools, but without Python and uv."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return folder


def run(clone: Path, machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(clone / "ium.sh"), *arguments],
        env={"PATH": str(machine), "HOME": str(clone)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def add(machine: Path, name: str, script: str) -> None:
    (machine / name).write_text(f"#!/bin/sh\n{script}\n")
    (machine / name).chmod(0o755)


def test_without_any_python_it_says_what_to_install(clone: Path, machine: Path) -> None:
    result = run(clone, machine, "up")

    assert result.returncode == 1
    assert "no Python 3.11 or newer was found" in result.stderr
    assert "apt-get install python3 python3-venv" in result.stderr


def test_a_python_that_is_too_old_is_passed_over(clone: Path, machine: Path) -> None:
    add(machine, "python3", "exit 1")

    assert "no Python 3.11 or newer was found" in run(clone, machine, "up").stderr


def test_a_python_without_venv_is_told_from_a_missing_one(clone: Path, machine: Path) -> None:
    # As Debian without python3-venv: new enough, but ensurepip cannot be imported.
    add(machine, "python3", 'case "$2" in *ensurepip*) exit 1 ;; *) exit 0 ;; esac')

    result = run(clone, machine, "up")

    assert result.returncode == 1
    assert "python3 cannot make virtual environments" in result.stderr
    assert "apt-get install python3-venv" in result.stderr


def test_uv_on_the_machine_is_enough_and_is_asked_only_when_the_lock_file_changes(
    clone: Path, machine: Path
) -> None:
    calls = clone / "calls"
    add(
        machine,
        "uv",
        f"""
        echo "$UV_PROJECT_ENVIRONMENT: $*" >> '{calls}'
        python=$UV_PROJECT_ENVIRONMENT/bin/python
        mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
        [ -e "$python" ] || ln -s "$(command -v echo-arguments)" "$python"
    """,
    )
    add(machine, "echo-arguments", 'echo "$PYTHONPATH: $*"')
    for tool in ("mkdir", "ln"):
        (machine / tool).symlink_to(str(shutil.which(tool)))

    first = run(clone, machine, "up", "--data", "my folder")
    run(clone, machine, "manage", "check")
    assert calls.read_text().count("\n") == 1

    (clone / "uv.lock").write_text("changed")
    run(clone, machine, "up")
    assert calls.read_text().count("\n") == 2

    run(clone, machine, "test")
    run(clone, machine, "up")
    assert first.stdout == f"{clone}: -P -m ium.runtime up --data my folder\n"
    first_call, _, for_tests = calls.read_text().splitlines()
    assert first_call.startswith(f"{clone}/.venv: sync --frozen")
    assert "--no-dev" in first_call
    assert "--no-dev" not in for_tests


def test_help_and_mistakes_need_no_setting_up(clone: Path, machine: Path) -> None:
    explained = run(clone, machine, "help")
    mistaken = run(clone, machine, "start")

    assert explained.returncode == 0
    assert "up [--data DIR]" in explained.stdout
    assert mistaken.returncode == 1
    assert "there is no command 'start'" in mistaken.stderr


def test_the_lock_file_names_public_hosts_only() -> None:
    hosts = set(re.findall(r"https?://[^/\"]+", (ROOT / "uv.lock").read_text()))

    assert hosts == PUBLIC_HOSTS


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("script", ["ium.sh", ".ci/run"])
def test_the_shell_scripts_have_no_findings(script: str) -> None:
    result = subprocess.run(
        ["shellcheck", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.stdout == ""


def test_the_runtime_needs_nothing_but_the_standard_library() -> None:
    """Asked of Python itself, without any installed package."""
    modules = sorted(path.stem for path in (ROOT / "ium" / "runtime").glob("[a-z]*.py"))
    script = "\n".join(f"import ium.runtime.{name}" for name in modules)

    result = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.stderr == ""
