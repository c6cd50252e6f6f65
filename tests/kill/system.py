"""A running IUM whose parts can be killed, frozen and starved, on a database of its own."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests
from redis import Redis

from ium.runtime.embedded_postgres import EmbeddedPostgres
from tests.system.running import ROOT, START_SECONDS, RunningIum

CLONE_NEWNS = 0x00020000  # <linux/sched.h>
SETTLED_STATES = {"none", "active", "queued"}
# How each service's command can be told from the others.
MARKS = {
    "web": "granian",
    "worker": "--queues celery",
    "jira-worker": "--queues jira",
    "beat": " beat ",
    "broker": "broker.",
    "jira": "jira_sync.simulator",
}


class CrashingPostgres(EmbeddedPostgres):
    """A PostgreSQL that keeps what it confirmed when it is killed, unlike the one of the other tests."""

    def start(self) -> None:
        """Start, and confirm commits only once they are written (to the system, not to the disk)."""
        super().start()
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("ALTER DATABASE postgres SET synchronous_commit = on")

    def crash(self) -> None:
        """`pg_ctl restart -m immediate`: all connections die, the log is replayed."""
        self._halt(signal.SIGQUIT)
        self._start_again()

    def copy_to(self, folder: Path) -> None:
        """Copy the data, as a stand-by or a snapshot has it, and go on."""
        self._halt(signal.SIGINT)
        shutil.copytree(self.folder / "data", folder, symlinks=True)
        self._start_again()

    def return_to(self, folder: Path) -> None:
        """Crash, and go on with older data."""
        self._halt(signal.SIGQUIT)
        shutil.rmtree(self.folder / "data")
        shutil.copytree(folder, self.folder / "data", symlinks=True)
        self._start_again()

    def _halt(self, number: signal.Signals) -> None:
        assert self._server is not None
        self._server.send_signal(number)
        self._server.wait(30)

    def _start_again(self) -> None:
        self._log().write_bytes(b"")
        place = ["-D", str(self.folder / "data"), "-k", str(self.folder)]
        with self._log().open("ab") as log:
            quiet = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"]
            self._server = self._popen("postgres", [*place, *quiet], log.fileno())
        self._wait_until_ready()


def mount_small(folder: Path, megabytes: int) -> bool:
    """Put a small file system on a folder, seen by this process and its children only; False if forbidden."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS) != 0:
        return False
    commands = (
        ["mount", "--make-rprivate", "/"],
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
    )
    return all(subprocess.run(command, check=False).returncode == 0 for command in commands)


@dataclass
class KillableIum(RunningIum):
    """A started IUM, with what is needed to be cruel to it."""

    postgres: CrashingPostgres | None = None
    small: bool = False

    def start(self) -> None:
        """Start again as an operator would: at once, and again while the old one is still ending."""
        deadline = time.monotonic() + START_SECONDS
        while not self._started(deadline):
            assert time.monotonic() < deadline, (self.data.parent / "up.log").read_text()
            time.sleep(0.5)

    def _started(self, deadline: float) -> bool:
        with (self.data.parent / "up.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ium.runtime", "up", "--data", str(self.data)],
                cwd=ROOT, env=self.environment(), stdout=log, stderr=log, text=True,
            )  # fmt: skip
        while self.process.poll() is None and time.monotonic() < deadline:
            if self.leads() and self.is_ready():
                return True
            time.sleep(0.2)
        return False

    def leads(self) -> bool:
        """Whether the data folder is this process's: before that, it is the killed one's web server that answers."""
        assert self.process is not None
        try:
            return (self.data / "ium.lock").read_text().strip() == str(self.process.pid)
        except OSError:
            return False

    def last_words(self) -> str:
        """Return the end of what the supervisor and the web server wrote."""
        logs = (self.data.parent / "up.log", self.data / "logs" / "web.log")
        return "\n".join(
            f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}"
            for log in logs
            if log.exists()
        )

    def service(self, name: str) -> psutil.Process | None:
        """Return the process of a service, if it runs at this moment."""
        assert self.process is not None
        try:
            for child in psutil.Process(self.process.pid).children():
                if MARKS[name] in " ".join(child.cmdline()):
                    return child
        except psutil.Error:
            return None
        return None

    def kill(self, name: str) -> bool:
        """Kill -9 a service; False when it does not run at this moment."""
        process = self.service(name)
        if process is not None:
            process.kill()
        return process is not None

    def kill_all(self) -> None:
        """Kill -9 the supervisor; its guardian ends the rest."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def flush_broker(self) -> bool:
        """Throw away everything the broker holds; False when it does not run at this moment."""
        try:
            client = Redis(unix_socket_path=str(self.data / "broker" / "broker.sock"))
            return bool(client.flushall())
        except Exception:  # the broker may be down: another fault
            return False

    def audit(self) -> dict[str, Any]:
        """Return slots, journal and queue, as the database has them."""
        code = (Path(__file__).parent / "inside.py").read_text()
        found: dict[str, Any] = json.loads(self.manage("shell", "--no-imports", "-c", code))
        return found

    def state_of_jira(self) -> dict[str, Any] | None:
        """Return everything countable of the simulated Jira; None while it is down."""
        try:
            state: dict[str, Any] = requests.get(f"{self.jira_url}/_sim/state", timeout=5).json()
        except (requests.RequestException, ValueError):
            return None
        return state

    def order_fault(self, **fault: Any) -> bool:
        """Let the simulated Jira misbehave; False when it does not run at this moment."""
        try:
            self.fault(**fault)
        except requests.RequestException:
            return False
        return True


def running(stack: ExitStack, *, postgres: bool) -> KillableIum:
    """Start a system with its own folder, database and ports; `stack` ends and removes everything."""
    folder = Path(tempfile.mkdtemp(prefix="ium-kill-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    (folder / "data").mkdir()
    server = CrashingPostgres() if postgres else None
    if server is not None:
        server.start()
        stack.callback(server.stop)
    ium = KillableIum(folder / "data", server.url if server else "", postgres=server)
    ium.small = mount_small(ium.data, 192)
    if ium.small:
        stack.callback(subprocess.run, ["umount", "-l", str(ium.data)], check=False)
        # The simulated Jira is the measure of everything: its own disk never fills.
        (ium.data / "simulated-jira.sqlite3").symlink_to(folder / "simulated-jira.sqlite3")
    stack.callback(_end, ium)
    ium.start()
    return ium


def _end(ium: KillableIum) -> None:
    if ium.process is not None and ium.process.poll() is None:
        ium.process.send_signal(signal.SIGINT)
        try:
            ium.process.wait(30)
        except subprocess.TimeoutExpired:
            ium.kill_all()
            time.sleep(4)  # its guardian's patience
