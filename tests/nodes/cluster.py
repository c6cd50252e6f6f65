"""Several nodes of IUM, as several machines would be: each `./ium.sh serve` with a cable of its own to everything."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from cryptography.fernet import Fernet

from ium.runtime.embedded_valkey import embedded_broker
from tests.kill.system import CrashingPostgres, KillableIum
from tests.nodes.cables import Cable, Cables
from tests.simulator.process import SimulatorProcess
from tests.system.running import ROOT, START_SECONDS, free_port, wait_for

PARTS = ("web", "worker", "jira-worker", "beat")
INSIDE = Path(__file__).parent / "inside"
PLANS, STANDS_BY = "This Beat plans from now on", "This Beat stands by"
STOP_WITHIN = 20.0
# As systemd and compose do.
AGAIN_AFTER = 1.0


@dataclass
class Node:
    """One machine: its four parts are started again when they end by themselves."""

    name: str
    folder: Path
    environment: dict[str, str]
    port: int
    cables: dict[str, Cable]
    code: Path = ROOT
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    restarts: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        """Its web server."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *parts: str) -> None:
        """Start parts, all if none is named."""
        for part in parts or PARTS:
            with self.log(part).open("ab") as log:
                self.processes[part] = subprocess.Popen(
                    [sys.executable, "-P", "-m", "ium.runtime", "serve", part],
                    cwd=self.code,
                    env=self.environment | {"PYTHONPATH": f"{self.code}:{INSIDE}"},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def stop(self, *parts: str) -> None:
        """End parts as systemd does, and wait for it."""
        ending = {part: self.processes.pop(part) for part in parts or PARTS}
        for process in ending.values():
            process.send_signal(signal.SIGTERM)
        for part, process in ending.items():
            self._wait(part, process)

    def _wait(self, part: str, process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired as error:
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.5)
            error.add_note(self.log(part).read_text()[-6000:])
            raise
        finally:
            _kill(process)

    def kill(self, *parts: str) -> None:
        """Let the machine lose its power."""
        for part in parts or PARTS:
            if part in self.processes:
                _kill(self.processes.pop(part))

    def tend(self) -> None:
        """Start again what ended by itself."""
        for part, process in list(self.processes.items()):
            if process.poll() is not None and self.processes.get(part) is process:
                self.restarts[part] += 1
                time.sleep(AGAIN_AFTER)
                if self.processes.get(part) is process:
                    self.start(part)

    def log(self, part: str) -> Path:
        """Where a part writes what it does."""
        return self.folder / f"{part}.log"

    def plans(self) -> bool:
        """Whether its Beat said last that it plans."""
        text = self.log("beat").read_text() if self.log("beat").exists() else ""
        return text.rfind(PLANS) > text.rfind(STANDS_BY)

    def answers(self) -> bool:
        """Whether its web server does."""
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/livez", timeout=2).status_code == 200
        return False


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The web server's own children too."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass
class Cluster(KillableIum):
    """Nodes, one PostgreSQL, one Valkey and the simulated Jira. `url` is a node in turn, as behind a proxy."""

    nodes: list[Node] = field(default_factory=list)
    cables: Cables = field(default_factory=Cables)
    common: dict[str, str] = field(default_factory=dict)
    code: Path = ROOT

    def __post_init__(self) -> None:
        """Begin with the first node."""
        self._turns = itertools.count()

    @property
    def url(self) -> str:
        """The next node's address."""
        return self.nodes[next(self._turns) % len(self.nodes)].url

    @property
    def root(self) -> Path:
        """Where the code of management commands is."""
        return self.code

    def environment(self) -> dict[str, str]:
        """Return the environment of management commands: no node's, with a cable that is never cut."""
        return super().environment() | self.common | {"IUM_DEMO": "1"}

    def is_ready(self) -> bool:
        """Whether every node says so."""
        with suppress(requests.RequestException):
            return all(
                requests.get(f"{node.url}/readyz", timeout=5).status_code == 200
                for node in self.nodes
            )
        return False

    def planner(self) -> Node:
        """Return the node whose Beat plans."""
        found = wait_for(lambda: [node for node in self.nodes if node.plans()], 40, "a Beat plans")
        return found[0]


def running(stack: ExitStack, *, nodes: int = 2, code: Path = ROOT) -> Cluster:
    """Start a cluster; `stack` ends and removes everything. `code`: of another version."""
    folder = Path(tempfile.mkdtemp(prefix="ium-nodes-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    cluster = Cluster(folder / "data", "", postgres=CrashingPostgres())
    stack.callback(cluster.cables.close)
    cluster.data.mkdir()
    cluster.code = code
    assert cluster.postgres is not None
    cluster.postgres.start()
    stack.callback(cluster.postgres.stop)
    broker = _start_broker(stack, folder)
    jira = SimulatorProcess("--state", str(folder / "jira.sqlite3"), port=cluster.jira_port).start()
    stack.callback(jira.stop)
    cluster.common = _common(cluster)
    cluster.nodes = [_node(cluster, f"node-{number}", broker, code) for number in range(nodes)]
    cluster.common["IUM_URL"] = cluster.nodes[0].url
    for node in cluster.nodes:
        node.environment["IUM_URL"] = cluster.nodes[0].url
        stack.callback(node.kill)
    for command in ("migrate", "demo_setup"):
        prepare(cluster, code, command)
    for node in cluster.nodes:
        node.start()
    _tend(stack, cluster)
    wait_for(cluster.is_ready, START_SECONDS, "every node is ready")
    return cluster


def _start_broker(stack: ExitStack, folder: Path) -> Path:
    broker = embedded_broker(folder, "only-for-tests", keep=False)
    process = subprocess.Popen(broker.prepare(), stdout=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.kill)
    wait_for(broker.ready, 20, "the broker answers")
    return broker.folder / "broker.sock"


def _common(cluster: Cluster) -> dict[str, str]:
    assert cluster.postgres is not None
    return {
        "DATABASE_URL": cluster.postgres.url,
        "REDIS_URL": f"redis+socket://{cluster.data.parent}/broker/broker.sock?virtual_host=0",
        "IUM_SECRET_KEY": "of all nodes",
        "IUM_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "IUM_SIMULATOR_URL": cluster.jira_url,
    }


def _node(cluster: Cluster, name: str, broker: Path, code: Path) -> Node:
    assert cluster.postgres is not None
    lay = cluster.cables.lay
    cables = {
        "database": lay(cluster.postgres.folder / ".s.PGSQL.5432"),
        "broker": lay(broker),
        "jira": lay(cluster.jira_port),
    }
    folder = cluster.data.parent / name
    folder.mkdir()
    port = free_port()
    own: dict[str, Any] = {
        "DATABASE_URL": f"postgres://ium@127.0.0.1:{cables['database'].port}/postgres",
        "REDIS_URL": f"redis://127.0.0.1:{cables['broker'].port}/0",
        "IUM_DATA": str(folder),
        "IUM_PORT": str(port),
        "IUM_SELF_URL": f"http://127.0.0.1:{port}",
        "IUM_TEST_CABLE": f"{cluster.jira_port}:{cables['jira'].port}",
        "IUM_TEST_HOST": name,
    }
    environment = KillableIum.environment(cluster) | cluster.common | own
    return Node(name, folder, environment, port, cables, code)


def prepare(cluster: Cluster, code: Path, command: str) -> None:
    """Run a command of this code: `migrate` brings the database to its version, `demo_setup` makes site and people."""
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=code,
        env=cluster.environment()
        | {"IUM_DATA": str(cluster.data), "DJANGO_SETTINGS_MODULE": "ium.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _tend(stack: ExitStack, cluster: Cluster) -> None:
    over = threading.Event()

    def tend(node: Node) -> None:
        while not over.wait(0.5):
            node.tend()

    threads = [threading.Thread(target=tend, args=(node,), daemon=True) for node in cluster.nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        stack.callback(thread.join, 10)
    stack.callback(over.set)
