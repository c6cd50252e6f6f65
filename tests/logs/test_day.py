"""A day of typical requests on the running system: the lines of all processes have one form and name nobody."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.system.running import RunningIum, wait_for

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system")]

PAGE = "/browse/DEMO-77?focusedCommentId=very-private"
NAMED = "0123456789abcdef-a-click"
EVERYBODY = """
import json
from ium.directory.models import User
print(json.dumps(list(User.objects.exclude(display_name="").values_list("display_name", "email"))))
"""


@dataclass(eq=False)
class TalkativeIum(RunningIum):
    """An IUM whose log holds as much as it can."""

    more: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Add what makes it talk."""
        talk = {"IUM_LOG_FORMAT": "json", "IUM_ACCESS_LOG": "1", "IUM_BEHIND_PROXY": "1"}
        slow = {f"IUM_SLOW_{name}_MS": "1" for name in ("REQUEST", "TASK", "JIRA", "SQL")}
        return super().environment() | talk | slow | self.more

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines of IUM's own processes; a line that is not JSON fails the test."""
        logs = [
            self.data / "logs" / f"{name}.log" for name in ("web", "worker", "jira-worker", "beat")
        ]
        return [
            {"log": log.stem, **_read(log, line)}
            for log in [*logs, self.data.parent / "up.log"]
            for line in log.read_text().splitlines()
        ]


def _read(log: Path, line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        pytest.fail(f"not JSON, in {log.name}: {line!r}")
    return found


@pytest.fixture
def ium(tmp_path: Path) -> Iterator[TalkativeIum]:
    """A running system."""
    (tmp_path / "data").mkdir()
    system = TalkativeIum(tmp_path / "data", "")
    system.start()
    yield system
    if system.process is not None and system.process.poll() is None:
        system.stop()


def administrator(ium: RunningIum) -> requests.Session:
    """Sign in as an administrator, at the second try, and look for somebody."""
    browser = requests.Session()
    form = browser.get(f"{ium.url}/admin/login/", timeout=20).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    right = (ium.data / "demo-administrator.txt").read_text().strip()
    for password in ("wrong-pass-word", right):
        browser.post(
            f"{ium.url}/admin/login/?next=/admin/", timeout=20,
            data={"username": "admin", "password": password, "csrfmiddlewaretoken": token[1]},
        )  # fmt: skip
    return browser


def a_day(ium: TalkativeIum) -> list[str]:
    """Do what people do; return what must not be in any line."""
    first, second, third = ium.people(3)
    ium.option(assigned_licences=1, minimum_hold_seconds=0, access_delay_seconds=0)
    click = {"Authorization": f"Bearer {first.token}", "X-Request-ID": NAMED}
    answer = requests.post(
        f"{ium.url}/api/v1/slot",
        json={"return_url": ium.jira_url + PAGE},
        headers=click,
        timeout=20,
    )
    assert answer.headers["X-Request-ID"] == NAMED
    first.until("active")
    first.call("POST", "activity", idle_seconds=0, page=ium.jira_url + PAGE)
    for person in (second, third):
        person.reconnect(PAGE)
    first.hands_back()
    second.until("active")
    ium.fault(match={"path": ".*"}, kind="status", status=503, times=3)
    second.hands_back()
    people: list[list[str]] = json.loads(ium.manage("shell", "--no-imports", "-c", EVERYBODY))
    name, address = next(pair for pair in people if pair[1])
    browser = administrator(ium)
    found = browser.get(f"{ium.url}/admin/directory/user/", params={"q": name}, timeout=20)
    assert name in found.text, "signed in, and found"
    for path in (f"/?return_url={ium.jira_url}{PAGE}", f"/nowhere/{address}?mail={address}",
                 "/accounts/oidc/company/login/callback/?code=secret-code&state=secret-state"):  # fmt: skip
        browser.get(ium.url + path, timeout=20)
    wrong = {"Authorization": "Bearer wrong-token-of-somebody"}
    requests.get(f"{ium.url}/api/v1/slot", headers=wrong, timeout=20)
    requests.post(f"{ium.url}/webhooks/jira/some-key", json={"user": address}, timeout=20)
    browser.get(f"{ium.url}/admin/slots/journalentry/", timeout=20)
    secrets = json.loads((ium.data / "secrets.json").read_text()).values()
    tokens = [person.token for person in (first, second, third)]
    return [
        *(part for pair in people for part in pair if part), *secrets, *tokens, "very-private",
        "secret-code", "secret-state", "wrong-token-of", "wrong-pass-word", "focusedCommentId",
    ]  # fmt: skip


def test_a_day_leaves_lines_that_belong_together_and_name_nobody(ium: TalkativeIum) -> None:
    private = a_day(ium)

    def carried_out() -> bool:
        return any(
            each["log"] == "jira-worker" and each.get("request") == NAMED for each in ium.lines()
        )

    wait_for(carried_out, 60, "the worker names the request that caused its task")
    lines = ium.lines()
    (line, *_) = [each for each in lines if each.get("request") == NAMED and "task" in each]
    assert line["task_name"].startswith("jira_sync.tasks.")
    assert {each["log"] for each in lines} == {"web", "worker", "jira-worker", "beat", "up"}
    assert {"ium.access", "ium.slow", "_granian", "ium.supervisor"} <= {
        each["logger"] for each in lines
    }
    assert any(each["message"] == "slow call to Jira" for each in lines)
    routes = {each["route"] for each in lines if each["logger"] == "ium.access"}
    assert {"/api/v1/slot", "/admin/directory/user/", "-"} <= routes
    # Only of IUM's own: the simulated Jira stands for somebody else's system.
    text = "\n".join(json.dumps(each, ensure_ascii=False) for each in lines if each["log"] != "up")
    assert [secret for secret in private if secret in text] == []
