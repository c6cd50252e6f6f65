"""Every command in the manual is run here, or is run by another test, or stands in a list with the reason why not."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from ium.runtime.config import ROOT
from tests.system.running import RunningIum

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system")]

# Run in this order, in a scratch installation; what each must print.
WHILE_IT_RUNS = {
    "curl http://127.0.0.1:8000/readyz": '"ready": true',
    "curl http://127.0.0.1:8090/_sim/state": '"highest_members"',
    "./ium.sh manage device_token --account-id 712020:example-account": "",
    'curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8000/api/v1/slot': '"state":"none"',
    "./ium.sh secrets": "IUM_ENCRYPTION_KEYS=",
    "./ium.sh manage backup ium-2026-03-02.jsonl.gz": "",
}
ONCE_IT_STOPPED = {
    "./ium.sh manage restore ium-2026-03-02.jsonl.gz": "",
    "./ium.sh secrets rotate encryption": "",
    "./ium.sh manage reencrypt": "",
    "./ium.sh secrets drop encryption": "",
    "./ium.sh secrets rotate session": "",
    "./ium.sh secrets drop session": "",
}
# Patterns of commands that another test runs; the file must be there.
ELSEWHERE = {
    r"\./ium\.sh up$": "tests/system/test_life_of_a_slot.py",
    r"IUM_PORT=\d+ IUM_SIMULATOR_PORT=\d+ \./ium\.sh up --data": "tests/system/test_life_of_a_slot.py",
    r"\./ium\.sh docs$": "tests/docs/test_site.py",
    r"\./ium\.sh manage usage_import ": "tests/usage/importing/test_importing.py",
    r"\./ium\.sh manage move_to_postgresql ": "tests/backup/test_moving.py",
    # The page about disasters: each after the disaster it is for.
    r"\./ium\.sh manage (break_glass|check_configuration|migrate|backup without-key|restore \S+ .*--yes)": (
        "tests/deploy/test_disaster.py"
    ),
    r"\./ium\.sh licences$": "tests/supply/test_lists.py",
    r"npm (ci|run \w+)$": "tests/extension/conftest.py",
}
# Patterns of what cannot be run by a test, with the reason.
NOT_RUN = {
    r"\./ium\.sh (test|lint|bench)\b": "runs this test itself, or takes minutes",
    r"([A-Z_]+=\S* )*(\.venv/bin/python -m pytest |…)": "runs tests: CI does",
    r"\[Service\]$|[A-Z][A-Za-z]+=|[A-Z][A-Z_]+=\S+$": "no command: lines of a file of settings",
    r"\./ium\.sh sbom ": "tried by hand only so far",
    r"\./ium\.sh audit$": "asks package indexes, whose answer may change at any time",
    r"git tag ": "changes the reader's repository",
    r"src/|tests/ ": "no command: a list of folders",
    r"apt-get|useradd|install -d|chown|systemctl|cp /opt/ium|sudo": "changes the reader's machine",
    r"/opt/ium/|set -a; \. /etc/ium": "needs an installation under /opt",
    r"curl .*-H 'Host: ": "needs a proxy's host name; the same call without it is run above",
    r"\./ium\.sh secrets > deploy/ium\.env|(POSTGRES_PASSWORD=\S+ )?docker ": "needs a container engine",
}
LONGEST_LIST = 12


def commands_of(path: Path) -> list[str]:
    """Return the lines of a page's blocks without language, or of a shell's; continued lines as one."""
    tokens = MarkdownIt("commonmark").parse(path.read_text("utf-8"))
    blocks = [
        token.content
        for token in tokens
        if token.type == "code_block"
        or (token.type == "fence" and token.info.strip() in {"", "sh", "console", "bash"})
    ]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [found for line in lines if (found := re.sub(r"(^|\s+)#.*$", "", line).strip())]


@pytest.fixture(scope="module")
def commands(pages: list[Path]) -> dict[str, str]:
    """Every command of the manual with the page it is on."""
    return {command: path.name for path in pages for command in commands_of(path)}


def _matching(patterns: dict[str, str], command: str) -> list[str]:
    return [pattern for pattern in patterns if re.match(pattern, command)]


def test_every_command_is_accounted_for(commands: dict[str, str]) -> None:
    run = {*WHILE_IT_RUNS, *ONCE_IT_STOPPED}
    left = {
        command: page
        for command, page in commands.items()
        if command not in run
        and not _matching(ELSEWHERE, command)
        and not _matching(NOT_RUN, command)
    }
    # Add it to one of the lists above: best to those that are run.
    assert left == {}


def test_the_lists_are_short_and_speak_of_nothing_that_is_gone(commands: dict[str, str]) -> None:
    assert len(NOT_RUN) <= LONGEST_LIST
    for patterns in (ELSEWHERE, NOT_RUN):
        for pattern in patterns:
            assert any(re.match(pattern, command) for command in commands), pattern
    for command in (*WHILE_IT_RUNS, *ONCE_IT_STOPPED):
        assert command in commands
    for name in ELSEWHERE.values():
        assert (ROOT / name).exists(), name


@dataclass
class Scratch:
    """An installation to try commands in."""

    ium: RunningIum
    folder: Path
    token: str
    account_id: str

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a reader would, with this installation's addresses."""
        for theirs, ours in (
            ("http://127.0.0.1:8000", self.ium.url),
            ("http://127.0.0.1:8090", self.ium.jira_url),
            ("712020:example-account", self.account_id),
            # Somebody at a terminal is asked.
            ("restore ium-2026-03-02.jsonl.gz", "restore ium-2026-03-02.jsonl.gz --yes"),
        ):
            command = command.replace(theirs, ours)
        environment = self.ium.environment() | {
            "TOKEN": self.token,
            "IUM_DATA": str(self.ium.data),
            "PATH": f"{self.folder}:{os.environ['PATH']}",
        }
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )


# ium.sh would install packages into the environment in which the tests run.
STARTER = """#!/bin/sh
PYTHONPATH={root} exec {python} -P -m ium.runtime "$@"
"""
# Where there is no curl.
CURL = """#!{python}
import sys, requests
given = sys.argv[1:]
headers = dict(given[i + 1].split(": ", 1) for i, each in enumerate(given) if each == "-H")
print(requests.get(given[-1], headers=headers, timeout=20).text)
"""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """IUM as `./ium.sh up` starts it, without the crowd."""
    if "postgres" in os.environ.get("DATABASE_URL", ""):
        pytest.skip("the manual's commands are tried once, with the suite on SQLite")
    folder = tmp_path_factory.mktemp("commands")
    ium = RunningIum(data=folder / "data", database_url="")
    ium.start()
    starter = folder / "ium.sh"
    starter.write_text(STARTER.format(root=ROOT, python=sys.executable))
    starter.chmod(0o755)
    if shutil.which("curl") is None:
        (folder / "curl").write_text(CURL.format(python=sys.executable))
        (folder / "curl").chmod(0o755)
    person = ium.people(1)[0]
    yield Scratch(ium, folder, person.token, person.account_id)
    if ium.process is not None and ium.process.poll() is None:
        ium.stop()


def test_what_the_manual_says_works_while_it_runs_and_once_it_stopped(scratch: Scratch) -> None:
    """In one test, because the second half needs what the first left behind."""
    for command, expected in WHILE_IT_RUNS.items():
        _tried(scratch, command, expected)
    assert scratch.ium.stop() == 0
    for command, expected in ONCE_IT_STOPPED.items():
        _tried(scratch, command, expected)


def _tried(scratch: Scratch, command: str, expected: str) -> None:
    done = scratch.run(command)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert expected.replace(" ", "") in done.stdout.replace(" ", ""), f"{command}\n{done.stdout}"
