"""The simulated Jira as a process, and what tests ask of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from jira_sync.client import Connection, JiraDirectory, Pace, Tuning, build

START_SECONDS = 15.0
TUNING = Tuning(connect_timeout=1.0, read_timeout=0.7, backoff=0.01)


class SimulatedJira:
    """Control of a running simulator; the shapes are those of the outside contract (/_sim)."""

    def __init__(self, base: str, credentials: dict[str, str]) -> None:
        self.base = base
        self.credentials = credentials

    def reset(self, **size: Any) -> None:
        self._post("reset", {"delay": 0, **size})
        self._post("options", {"retry_after": True, "cursor": "mixed"})

    def options(self, **switches: Any) -> None:
        self._post("options", switches)

    def fault(self, method: str, path: str, kind: str, **more: Any) -> None:
        """Let matching requests fail; once unless `times` or `rate` say otherwise."""
        times = {} if "rate" in more else {"times": 1}
        match = {"match": {"method": method, "path": path}, "kind": kind}
        self._post("faults", {**match, **times, **more})

    def change_members(self, name: str, **change: list[str]) -> None:
        self._post("members", {"name": name, **change})

    def set_status(self, account_id: str, status: str) -> None:
        self._post("user", {"accountId": account_id, status: True})

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = requests.get(f"{self.base}/_sim/state", timeout=5).json()
        return state

    def group_id(self, name: str) -> str:
        return str(self._group(name)["groupId"])

    def members(self, name: str) -> list[str]:
        return list(self._group(name)["members"])

    def calls(self) -> int:
        """How many requests the APIs have received so far."""
        return sum(call["count"] for call in self.state()["calls"])

    def _group(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in self.state()["groups"] if one["name"] == name)
        return found

    def _post(self, path: str, body: dict[str, Any]) -> None:
        answer = requests.post(f"{self.base}/_sim/{path}", json=body, timeout=5)
        assert answer.ok, answer.text

    # --- clients ----------------------------------------------------------------------------------

    def organisation(self, *keys: str, **more: Any) -> JiraDirectory:
        """A client with organisation keys, by their names in the printed credentials."""
        found = tuple(self.credentials[key] for key in keys or ("org_key",))
        settings = {"org_id": self.credentials["org_id"], "org_keys": found, **more}
        return self._build(**settings)

    def jira(
        self, token: str = "api_token", email: str = "admin_email", **more: Any
    ) -> JiraDirectory:
        """A client with e-mail and API token, by their names in the printed credentials."""
        pair = {"email": self.credentials[email], "api_token": self.credentials[token]}
        return self._build(**pair, **more)

    def scoped(self, token: str = "scoped_api_token") -> JiraDirectory:
        """A client whose API token has scopes and works only below /ex/jira."""
        return self.jira(token, scoped=True)

    def _build(self, **settings: Any) -> JiraDirectory:
        connection = Connection(self.base, api_base=self.base, **settings)
        return build(connection, pace=Pace(), tuning=TUNING)


@contextmanager
def running() -> Iterator[SimulatedJira]:
    """Start a simulator on a free port and stop it afterwards."""
    command = [sys.executable, "-W", "ignore", "-m", "jira_sync.simulator"]
    port = _free_port()
    credentials = json.loads(subprocess.check_output([*command, "--print-credentials"]))
    process = subprocess.Popen(
        [*command, "--port", str(port), "--delay", "0"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    try:
        base = f"http://127.0.0.1:{port}"
        _wait_for(base, process)
        yield SimulatedJira(base, credentials)
    finally:
        process.terminate()
        process.wait(timeout=10)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(base: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the simulator ended at once"
        try:
            if requests.get(f"{base}/_sim/state", timeout=1).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError("the simulator did not start")
