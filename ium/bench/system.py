"""An installation of its own for the measurements: database, broker, web server, nothing else."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from ium.runtime.config import ROOT
from ium.runtime.embedded_postgres import EmbeddedPostgres
from ium.runtime.embedded_valkey import embedded_broker
from ium.runtime.environment import python_path
from ium.runtime.process import die_with_parent
from ium.runtime.secret_store import load_secrets

START_SECONDS = 30.0


@dataclass(frozen=True)
class Served:
    """A running web server and how to look at it."""

    url: str
    environment: dict[str, str]
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Return the processor time used by the web server so far."""
        family = [self.process, *self.process.children(recursive=True)]
        times = [member.cpu_times() for member in family]
        return sum(spent.user + spent.system for spent in times)

    def manage(self, *arguments: str) -> str:
        """Run a management command on the same data; return its output."""
        return _manage(self.environment, *arguments)


def _manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


@contextlib.contextmanager
def served(database: str, **variables: str) -> Iterator[Served]:
    """Serve IUM on "sqlite" or "postgres" until the block ends; `variables` join its environment."""
    with contextlib.ExitStack() as parts:
        folder = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="ium-bench-")))
        url = f"sqlite:///{folder}/ium.sqlite3"
        if database == "postgres":
            postgres = EmbeddedPostgres()
            postgres.start()
            parts.callback(postgres.stop)
            url = postgres.url
        broker = embedded_broker(folder, load_secrets(folder).broker_password)
        start(parts, broker.prepare(), dict(os.environ))
        port = _free_port()
        environment = _environment(folder, url, broker.url, port) | variables
        _manage(environment, "migrate", "--verbosity", "0")
        _manage(environment, "collectstatic", "--noinput", "--verbosity", "0")
        yield _serve(parts, environment, port)


def _environment(folder: Path, database_url: str, broker_url: str, port: int) -> dict[str, str]:
    secrets = load_secrets(folder)
    return python_path(
        {name: value for name, value in os.environ.items() if not name.startswith("IUM_")}
        | {
            "DJANGO_SETTINGS_MODULE": "ium.bench.settings",
            "DATABASE_URL": database_url,
            "REDIS_URL": broker_url,
            "IUM_DATA": str(folder),
            "IUM_DEMO": "1",
            "IUM_SECRET_KEY": secrets.secret_key,
            "IUM_ENCRYPTION_KEYS": secrets.encryption_keys,
            "IUM_URL": f"http://127.0.0.1:{port}",
            "IUM_LOG_LEVEL": "ERROR",
        }
    )


def _serve(parts: contextlib.ExitStack, environment: dict[str, str], port: int) -> Served:
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--blocking-threads", "8", "--no-ws",
        "--log-level", "error", "ium.wsgi:application",
    ]  # fmt: skip
    process = start(parts, command, environment)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while not _answers(url):
        if time.monotonic() > deadline:
            raise TimeoutError("The web server for the measurements did not start.")
        time.sleep(0.1)
    return Served(url, environment, psutil.Process(process.pid))


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/livez", timeout=1).status_code == 200
    except requests.RequestException:
        return False


def start(
    parts: contextlib.ExitStack, command: Sequence[str], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start a program that is stopped when `parts` close."""
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - before any thread
    )
    parts.callback(process.wait)
    parts.callback(process.terminate)
    return process


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def prepared(system: Served, *, users: int, licences: int, holders: int) -> list[str]:
    """Fill the database; return the tokens, those of the holders first."""
    output = system.manage(
        "bench_prepare",
        "--users", str(users),
        "--licences", str(licences),
        "--holders", str(holders),
    )  # fmt: skip
    tokens: list[str] = json.loads(output.splitlines()[-1])
    return tokens
