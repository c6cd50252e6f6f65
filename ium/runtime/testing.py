"""`./ium.sh test` and `./ium.sh bench`."""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from ium.runtime.config import ROOT
from ium.runtime.environment import python_path
from ium.runtime.errors import OperatorError
from ium.runtime.output import say
from ium.runtime.process import die_with_parent

# What would let the tests reach the operator's own installation.
NOT_FOR_TESTS = (
    "DATABASE_URL", "REDIS_URL", "IUM_DATA", "IUM_DEMO", "IUM_DEMO_CROWD", "IUM_ENCRYPTION_KEYS",
    "IUM_PORT", "IUM_SECRET_KEY", "IUM_SIMULATOR_PORT", "IUM_SIMULATOR_URL", "IUM_URL",
)  # fmt: skip
# Both cores; what belongs to one running system stays together (pytest.mark.xdist_group).
IN_PARALLEL = ("--numprocesses", "2", "--dist", "loadgroup")


def run_tests(arguments: Sequence[str]) -> int:
    """The suite on SQLite, then on PostgreSQL; both run even if the first fails."""
    environment = test_environment(os.environ)
    if "--deep" in arguments:
        arguments = [argument for argument in arguments if argument != "--deep"]
        environment["IUM_TEST_DEEP"] = "1"
    postgres = environment.get("IUM_TEST_POSTGRES_URL", "")
    with tempfile.TemporaryDirectory(prefix="ium-tests-") as folder:
        sqlite = f"sqlite:///{folder}/ium.sqlite3"
        first = _run_suite("SQLite", environment | {"DATABASE_URL": sqlite}, arguments)
    # Without an address the plugin starts a PostgreSQL of its own.
    given = {"DATABASE_URL": postgres} if postgres else {}
    second = _run_suite("PostgreSQL", environment | given, arguments)
    return first or second


def test_environment(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if name not in NOT_FOR_TESTS}
    # Not left to pytest's own configuration: another value in the environment would win over that.
    return python_path(
        kept | {"DJANGO_SETTINGS_MODULE": "ium.settings_test", "PYTHONUNBUFFERED": "1"}
    )


def _run_suite(name: str, environment: Mapping[str, str], arguments: Sequence[str]) -> int:
    say(f"\n===== Tests on {name}, with a real Valkey =====")
    began = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.postgres_plugin",
        *IN_PARALLEL,
        *arguments,
    ]
    # An interrupt, should this process be ended: pytest then stops the servers it started.
    end = die_with_parent(signal.SIGINT)
    suite = subprocess.run(  # noqa: S603 - our own tests
        command,
        cwd=ROOT,
        env=environment,
        check=False,
        preexec_fn=end,
    )
    code = suite.returncode
    say(
        f"===== {name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s ====="
    )
    return code


def run_bench(arguments: Sequence[str]) -> int:
    """Hand over to the measurements; their output is for programs, so nothing is added to it."""
    if importlib.util.find_spec("ium.bench") is None:
        raise OperatorError("This version of IUM has no measurements (module ium.bench).")
    command = [sys.executable, "-m", "ium.bench", *arguments]
    environment = python_path(dict(os.environ))
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603
