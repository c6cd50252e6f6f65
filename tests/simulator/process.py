"""Starting the real simulator as its own process, and talking to its control calls."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import requests

START_WITHIN_SECONDS = 15
STOP_WITHIN_SECONDS = 5
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class SimulatorProcess:
    """One running simulator. ``state``, ``order`` and ``reset`` are its control calls."""

    def __init__(self, *arguments: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self.session = requests.Session()

    def start(self) -> Self:
        command = [
            sys.executable,
            "-m",
            "jira_sync.simulator",
            "--port",
            str(self.port),
            *self._arguments,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], START_WITHIN_SECONDS)
        line = self._process.stdout.readline() if ready else ""
        assert "ready" in line, f"the simulator did not start: {line!r}"
        return self

    def kill(self) -> None:
        """End it as a crash would: no chance to write anything."""
        self._end(signal.SIGKILL)

    def stop(self) -> tuple[int, float]:
        """End it properly; its exit code and how long it took."""
        began = time.monotonic()
        return self._end(signal.SIGTERM), time.monotonic() - began

    def _end(self, number: signal.Signals) -> int:
        self.session.close()
        if self._process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, number)
        code = self._process.wait(STOP_WITHIN_SECONDS)
        assert self._process.stdout
        self._process.stdout.close()
        self._process = None
        return code

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.session.get(f"{self.url}/_sim/state", timeout=5).json()
        return found

    def group(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(g for g in self.state()["groups"] if g["name"] == name)
        return found

    def calls(self, path_end: str) -> dict[int, int]:
        """How often an endpoint was called, by status; 0 stands for a connection cut without an answer."""
        return {
            c["status"]: c["count"] for c in self.state()["calls"] if c["path"].endswith(path_end)
        }

    def order(self, call: str, **document: Any) -> dict[str, Any]:
        """POST /_sim/{call}; it must be accepted."""
        answer = self.session.post(f"{self.url}/_sim/{call}", json=document, timeout=5)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def fault(self, path: str, kind: str, method: str = "", **rest: Any) -> None:
        match = {"path": path} | ({"method": method} if method else {})
        self.order("faults", match=match, kind=kind, **rest)


@contextlib.contextmanager
def running(*arguments: str, port: int | None = None) -> Iterator[SimulatorProcess]:
    process = SimulatorProcess(*arguments, port=port)
    try:
        yield process.start()
    finally:
        process.kill()
