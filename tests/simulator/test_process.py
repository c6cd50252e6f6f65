"""The process: starting, stopping, and going on after a crash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from jira_sync.simulator import credentials
from tests.simulator.process import ROOT, SimulatorProcess, free_port, running

COMMAND = (sys.executable, "-m", "jira_sync.simulator")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=20, check=False
    )


def test_a_killed_simulator_goes_on_with_what_it_had(tmp_path: Path, people: list[str]) -> None:
    port, file = free_port(), str(tmp_path / "state" / "jira.sqlite3")
    with running("--state", file, port=port) as first:
        made = first.order("groups", name="extra", grants=["confluence"])
        first.order("members", name="ium-access", add=people[:3])
        first.order("members", name="ium-access", remove=people[:1])
        first.order("user", accountId=people[5], suspended=True)
        first.order("webhooks", url="http://127.0.0.1:9/hook", secret="s")
        before = first.state()
        first.kill()
    with running("--state", file, port=port) as second:
        after = second.state()
        assert {g["name"]: g for g in after["groups"]} == {g["name"]: g for g in before["groups"]}
        assert (after["products"], after["people"]) == (before["products"], before["people"])
        assert second.group("extra")["groupId"] == made["groupId"]
        assert [hook["url"] for hook in after["webhooks"]] == ["http://127.0.0.1:9/hook"]
        assert second.group("ium-access")["highest_members"] == 3
        second.order("members", name="ium-access", add=[people[0]])
        second.order("reset")
        second.kill()
    with running("--state", file, port=port) as third:
        assert third.group("ium-access")["highest_members"] == 0
        assert third.state()["webhooks"] == []


def test_it_stops_at_once_even_while_requests_are_held_back() -> None:
    with running() as process:
        process.fault("serverInfo", "timeout", seconds=60)
        with pytest.raises(requests.ReadTimeout):
            process.session.get(f"{process.url}/rest/api/3/serverInfo", timeout=0.2)
        code, seconds = process.stop()
    assert code == 0
    assert seconds < 2


def test_the_size_and_the_organisations_come_from_the_command_line() -> None:
    arguments = ("--people", "30", "--seats", "12", "--seats", "confluence=70", "--bucket", "5")
    with running(*arguments, "--org", "org-one", "org-two") as process:
        state = process.state()
        key = {"Authorization": f"Bearer {credentials.ORG_KEY}"}
        found = process.session.get(f"{process.url}/admin/v1/orgs", headers=key, timeout=5).json()[
            "data"
        ]
        second = process.session.get(
            f"{process.url}/admin/v2/orgs/org-two/directories", headers=key, timeout=5
        )
    assert (state["people"], state["bucket"]) == (32, 5)
    assert state["products"]["jira-software"]["seats"] == 12
    assert state["products"]["confluence"]["seats"] == 70
    assert [organisation["id"] for organisation in found] == ["org-one", "org-two"]
    assert second.json()["data"] == []


def test_the_credentials_are_printed_as_json() -> None:
    printed = json.loads(_run("--print-credentials").stdout)
    assert printed == credentials.printable()
    assert len(set(printed.values())) == len(printed)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--people", "3"), "at least 20 people"),
        (("--seats", "trello=3"), "PRODUCT=NUMBER"),
        (("--port", "x"), "invalid int value"),
    ],
)
def test_wrong_arguments_are_explained(arguments: tuple[str, ...], reason: str) -> None:
    ended = _run(*arguments)
    assert ended.returncode == 2
    assert reason in ended.stderr


def test_an_occupied_port_is_explained(simulator: SimulatorProcess) -> None:
    ended = _run("--port", str(simulator.port))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Cannot listen on 127.0.0.1:{simulator.port}")


def test_a_state_file_that_is_none_or_in_use_is_explained(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a database, and long enough to be looked at" * 20, encoding="utf-8")
    ended = _run("--port", str(free_port()), "--state", str(other))
    assert (ended.returncode, "Cannot use the state file" in ended.stderr) == (1, True)
    with running("--state", str(tmp_path / "jira.sqlite3")):
        ended = _run("--port", str(free_port()), "--state", str(tmp_path / "jira.sqlite3"))
    assert (ended.returncode, "database is locked" in ended.stderr) == (1, True)


def test_it_imports_nothing_of_ium_and_no_django() -> None:
    program = (
        "import sys, jira_sync.simulator.app; "
        "print([m for m in sys.modules if m.split('.')[0] in {'ium', 'slots', 'activity', 'django'}"
        " or m.startswith('jira_sync.client')])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ended.stdout.strip() == "[]"
