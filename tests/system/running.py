"""Starts the whole of IUM as `./ium.sh up` does, and looks at it only from outside."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests

Value = TypeVar("Value")
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90.0

# Lets time pass for one pool: every stored time moves into the past. Sleeping would take an hour.
SHIFT = """
import sys
from datetime import timedelta
from django.db.models import F
from activity.models import LastActivity
from slots.models import Slot
by = timedelta(seconds={seconds})
times = ["granted_at", "confirmed_at", "seen_at", "clock_from", "warned_at", "revoke_at"]
Slot.objects.filter({only}).update(**{{name: F(name) - by for name in times}})
LastActivity.objects.filter(user__slots__in=Slot.objects.filter({only})).update(last_active_at=F("last_active_at") - by)
"""


def free_port() -> int:
    """Return a port nobody listens on."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def wait_for(probe: Callable[[], Value], seconds: float, what: str) -> Value:
    """Ask again until the answer is true; fail with what was last seen."""
    deadline = time.monotonic() + seconds
    while not (value := probe()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}; last seen {value!r}"
        time.sleep(0.2)
    return value


@dataclass(eq=False)
class RunningIum:
    """A started IUM with its simulated Jira."""

    data: Path
    database_url: str
    port: int = field(default_factory=free_port)
    jira_port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """IUM's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def jira_url(self) -> str:
        """The simulated Jira's address."""
        return f"http://127.0.0.1:{self.jira_port}"

    @property
    def root(self) -> Path:
        """Where the code is."""
        return ROOT

    def environment(self) -> dict[str, str]:
        """Return the environment of the processes: nothing of the test's own settings."""
        own = ("IUM_", "DATABASE_URL", "REDIS_URL", "DJANGO_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        given = {"DATABASE_URL": self.database_url} if self.database_url else {}
        return (
            kept
            | given
            | {
                "IUM_PORT": str(self.port),
                "IUM_SIMULATOR_PORT": str(self.jira_port),
                "IUM_DEMO_CROWD": "0",
            }
        )

    def start(self) -> None:
        """Start everything and wait until it is ready."""
        with (self.data.parent / "up.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ium.runtime", "up", "--data", str(self.data)],
                cwd=ROOT,
                env=self.environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )
        wait_for(self.is_ready, START_SECONDS, "ready")

    def stop(self) -> int:
        """Stop as Ctrl-C does; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)

    def is_ready(self) -> bool:
        """Whether /readyz says so."""
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def all_free(self) -> bool:
        """Whether nobody has a slot, nor gets or loses one."""
        metrics = requests.get(f"{self.url}/metrics", timeout=5).text
        used = re.findall(r'ium_slots\{.*state="(?:granting|active|revoking)"\} ([0-9.]+)', metrics)
        return len(used) == 3 and not any(float(number) for number in used)

    def manage(self, *arguments: str) -> str:
        """Run a management command beside the running system; return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "ium.runtime", "manage", "--data", str(self.data), *arguments],
            cwd=self.root,
            env=self.environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def script(self, code: str) -> None:
        """Run Python inside IUM: only to let time pass and to set options."""
        self.manage("shell", "--no-imports", "-c", code)

    def time_passes(self, seconds: float, only: str = "") -> None:
        """Move the holders' times into the past. `only` narrows the slots (keyword filter)."""
        self.script(SHIFT.format(seconds=seconds, only=only))

    def option(self, **values: Any) -> None:
        """Set options of the pool `jira`, as its configuration screen does."""
        self.script(self.setting(**values))

    def setting(self, **values: Any) -> str:
        """Return the Python that sets options of the pool `jira`."""
        return (
            "from slots.models import LicencePool\n"
            "from slots.services import pool_apply_limit\n"
            "from ium.lib import clock\n"
            f"LicencePool.objects.filter(key='jira').update(**{values!r})\n"
            "pool_apply_limit(pool_id=LicencePool.objects.get(key='jira').pk, at=clock.now())\n"
        )

    def people(self, number: int) -> list["Person"]:
        """Return so many IUM users with a token each."""
        members = self.group("ium-users")["members"][:number]
        arguments = [part for account in members for part in ("--account-id", account)]
        tokens = self.manage("device_token", *arguments).split()
        return [
            Person(self, account, token) for account, token in zip(members, tokens, strict=True)
        ]

    def group(self, name: str) -> dict[str, Any]:
        """Return a group by the simulated Jira's own count."""
        state = requests.get(f"{self.jira_url}/_sim/state", timeout=5).json()
        found: dict[str, Any] = next(group for group in state["groups"] if group["name"] == name)
        return found

    def fault(self, **fault: Any) -> None:
        """Let the simulated Jira misbehave."""
        requests.post(f"{self.jira_url}/_sim/faults", json=fault, timeout=5).raise_for_status()

    def members(self) -> set[str]:
        """Return who is in the access group."""
        return set(self.group("ium-access")["members"])


@dataclass
class Person:
    """An IUM user with a browser."""

    ium: RunningIum
    account_id: str
    token: str

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """Call the API; return the state document."""
        answer = requests.request(
            method,
            f"{self.ium.url}/api/v1/{path}",
            json=body or None,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def reconnect(self, page: str = "/browse/DEMO-1") -> dict[str, Any]:
        """Ask for a slot."""
        return self.call("POST", "slot", return_url=self.ium.jira_url + page)

    def state(self) -> dict[str, Any]:
        """Tell the state."""
        return self.call("GET", "slot")

    def works(self) -> dict[str, Any]:
        """Report activity."""
        return self.call("POST", "activity", idle_seconds=0)

    def hands_back(self) -> dict[str, Any]:
        """Hand the slot back."""
        return self.call("DELETE", "slot")

    def until(self, state: str, seconds: float = 20, *, asks: bool = True) -> dict[str, Any]:
        """Poll (as the queue page does if `asks`) until the state is reached; return the document."""

        def reached() -> dict[str, Any] | None:
            document = self.reconnect() if asks else self.state()
            return document if document["state"] == state else None

        found = wait_for(reached, seconds, f"{state} for {self.account_id}: {self.state()}")
        assert found is not None
        return found
