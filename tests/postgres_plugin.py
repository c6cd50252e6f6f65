"""A pytest plugin: a real PostgreSQL and a real Valkey for the tests, unless addresses are given.

Load it with `-p tests.postgres_plugin`. What DATABASE_URL and REDIS_URL name is left alone, so
`DATABASE_URL=sqlite:///... pytest -p tests.postgres_plugin` gets a Valkey only.
"""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ium.runtime.embedded_postgres import EmbeddedPostgres
from ium.runtime.embedded_valkey import embedded_broker
from ium.runtime.process import die_with_parent

READY_WITHIN = 10.0
_servers = ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """A wrapper, because it must come before pytest-django, which reads the settings in this hook.

    Workers of pytest-xdist inherit the addresses from the controller, so they start nothing.
    """
    # A start that fails before pytest is configured is not unconfigured either.
    atexit.register(_servers.close)
    if not os.environ.get("IUM_DATA"):
        os.environ["IUM_DATA"] = _servers.enter_context(
            tempfile.TemporaryDirectory(prefix="ium-tests-")
        )
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = _start_valkey()
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = _start_postgres()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop what this process started: nothing in workers of pytest-xdist."""
    _servers.close()


def _start_postgres() -> str:
    server = EmbeddedPostgres()
    server.start()
    _servers.callback(server.stop)
    return server.url


def _start_valkey() -> str:
    folder = Path(tempfile.mkdtemp(prefix="ium-valkey-"))
    _servers.callback(shutil.rmtree, folder, ignore_errors=True)
    broker = embedded_broker(folder, "only-for-tests", keep=False)
    process = subprocess.Popen(
        broker.prepare(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - before any thread
    )
    _servers.callback(process.wait)
    _servers.callback(process.kill)
    deadline = time.monotonic() + READY_WITHIN
    while not broker.ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise pytest.UsageError("Valkey for the tests did not start")
        time.sleep(0.01)
    return broker.url
