"""The programs IUM consists of, in the order of their start."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from ium.runtime.config import ROOT, Config
from ium.runtime.embedded_valkey import Broker
from ium.runtime.probes import http_ready
from ium.runtime.supervisor import Service

# Messages handled at once; the calls of one message are made side by side in threads of their own
# (jira_sync.tasks.CALLS_AT_ONCE). Threads are made when they are needed.
JIRA_THREADS = 12
# By module, not by script: the scripts of a moved virtual environment point nowhere.
PYTHON = (sys.executable, "-m")
MANAGE = (sys.executable, str(ROOT / "manage.py"))
STAND_IN = "ium.beat:StandInScheduler"
STATIC_SOURCES = ("ium", "slots", "jira_sync", "activity")


def broker_service(broker: Broker) -> Service:
    return Service("broker", broker.prepare(), ready=broker.ready, remark=broker.description)


def jira_service(config: Config) -> Service:
    arguments = (
        "--port", str(config.simulator_port),
        "--state", str(config.data / "simulated-jira.sqlite3"),
        "--ium-url", config.public_url,
    )  # fmt: skip
    return Service(
        "jira",
        (*PYTHON, "jira_sync.simulator", *arguments),
        ready=http_ready(f"{config.simulator_url}/_sim/health"),
        remark=f"simulated, {config.simulator_url}",
    )


def worker_services() -> tuple[Service, Service]:
    """Two workers: a Jira that takes 15 s to answer must not hold up the sweep."""
    return _worker("worker", "celery", threads=2), _worker(
        "jira-worker", "jira", threads=JIRA_THREADS
    )


def _worker(name: str, queue: str, threads: int) -> Service:
    arguments = ("worker", "--queues", queue, "--concurrency", str(threads), "--name", name)
    return Service(name, (*PYTHON, "ium.background", *arguments), grace=8.0)


def beat_service(*, alone: bool = True) -> Service:
    """`alone`: the lock of the data folder makes sure that there is only one; otherwise one of several plans."""
    scheduler = "django_celery_beat.schedulers:DatabaseScheduler" if alone else STAND_IN
    # Its own process, not a thread of a worker: two workers with that would plan everything twice.
    return Service("beat", (*PYTHON, "ium.background", "beat", "--scheduler", scheduler))


def web_service(config: Config) -> Service:
    arguments = (
        "--interface", "wsgi", "--host", config.bind, "--port", str(config.port),
        "--workers", str(config.web_workers), "--blocking-threads", "8", "--no-ws", "--respawn-failed-workers",
        "--log-config", str(ROOT / "ium" / "runtime" / "web_log.json"),
    )  # fmt: skip
    return Service(
        "web",
        (*PYTHON, "granian", *arguments, "ium.wsgi:application"),
        ready=http_ready(f"{config.url}/livez", config.host),
        remark=config.url,
    )


def crowd_service() -> Service:
    return Service("crowd", (*MANAGE, "demo_crowd"), grace=3.0, remark="simulated people")


def static_state() -> str:
    """Changes whenever a static file or a package that brings some does."""
    digest = hashlib.sha256((ROOT / "uv.lock").read_bytes())
    for path in _static_files():
        facts = path.stat()
        digest.update(f"{path.relative_to(ROOT)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _static_files() -> Iterator[Path]:
    for source in STATIC_SOURCES:
        for folder in sorted((ROOT / source).glob("**/static")):
            yield from sorted(path for path in folder.rglob("*") if path.is_file())
