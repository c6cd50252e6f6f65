"""`./ium.sh lint`: every check of the source, each with its time; all run even if one fails."""

import base64
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from ium.runtime.config import ROOT
from ium.runtime.environment import python_path
from ium.runtime.extension import has_npm
from ium.runtime.output import report, say
from ium.runtime.testing import test_environment

MANAGE = (sys.executable, str(ROOT / "manage.py"))
# import-linter cannot be run as a module, and scripts of a moved virtual environment point nowhere.
IMPORT_LINTER = "from importlinter.cli import lint_imports_command as main; main()"
# A program in a wheel, not a module.
HADOLINT = Path(sys.executable).with_name("hadolint")
# Of the copy in the package: nothing is asked from the network.
COMPOSE_SPEC = ("--builtin-schema", "vendor.compose-spec")
OPENAPI = ROOT / "docs" / "openapi.yaml"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step answered: its output is shown only when it failed."""

    name: str
    ok: bool
    output: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """A check: a command, and what to look at afterwards (answers a complaint or nothing)."""

    name: str
    command: Sequence[str]
    afterwards: Callable[[], str] = str


def steps(scratch: Path) -> list[Step]:
    """All checks, the slowest first: two run at a time."""
    schema = scratch / "openapi.yaml"
    found = [
        Step("mypy", _python("mypy", ".")),
        _extension(),
        Step("ruff check", _python("ruff", "check", ".")),
        Step("ruff format", _python("ruff", "format", "--check", ".")),
        Step("imports", (sys.executable, "-c", IMPORT_LINTER)),
        Step("migrations exist", (*MANAGE, "makemigrations", "--check", "--dry-run")),
        Step("migrations safe", _python("ium.runtime.migrations")),
        Step("deployment", (*MANAGE, "check", "--deploy", "--fail-level", "WARNING")),
        Step("templates", _python("djlint", "templates", "--lint", "--quiet")),
        Step("API description", _spectacular(schema), lambda: _difference(schema)),
        Step("container image", (str(HADOLINT), "deploy/Containerfile")),
        Step("compose file", _python("check_jsonschema", *COMPOSE_SPEC, "deploy/compose.yaml")),
    ]
    if shellcheck := shutil.which("shellcheck"):
        found.append(Step("shell", (shellcheck, "ium.sh", ".ci/run")))
    return found


def _extension() -> Step:
    """The browser extension's own checks; where there is no npm the line says so."""
    if not has_npm():
        return Step("extension: SKIPPED, no npm with Node 20", (sys.executable, "-c", ""))
    return Step("extension", _python("ium.runtime.extension"))


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def _spectacular(schema: Path) -> tuple[str, ...]:
    return (*MANAGE, "spectacular", "--validate", "--fail-on-warn", "--file", str(schema))


def _difference(schema: Path) -> str:
    """The API description in docs/ is part of the contract: it must be what the code does."""
    if OPENAPI.exists() and OPENAPI.read_text("utf-8") == schema.read_text("utf-8"):
        return ""
    return (
        "docs/openapi.yaml is not what the code describes. Bring it up to date with:\n"
        "  ./ium.sh manage spectacular --file docs/openapi.yaml\n"
    )


def lint() -> int:
    """Run all checks; answers 1 when one failed."""
    with tempfile.TemporaryDirectory(prefix="ium-lint-") as folder:
        environment = lint_environment(os.environ, Path(folder))
        with ThreadPoolExecutor(max_workers=2) as pool:
            todo = [pool.submit(_run, step, environment) for step in steps(Path(folder))]
            outcomes = [_shown(future.result()) for future in as_completed(todo)]
    failed = [outcome.name for outcome in outcomes if not outcome.ok]
    say(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


def lint_environment(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """As in production, so that `check --deploy` judges what is deployed."""
    key = base64.urlsafe_b64encode(b"only-to-look-at-the-source-code.").decode("ascii")
    return python_path(
        test_environment(environment)
        | {
            "DJANGO_SETTINGS_MODULE": "ium.settings",
            "IUM_DATA": str(folder),
            "IUM_DEMO": "0",
            "IUM_ENCRYPTION_KEYS": key,
            "IUM_SECRET_KEY": "".join(chr(ord("!") + (i * 37) % 90) for i in range(64)),
            "IUM_URL": "https://ium.example.com",
            "IUM_ALLOWED_HOSTS": "ium.example.com",
            "DATABASE_URL": f"sqlite:///{folder}/ium.sqlite3",
        }
    )


def _shown(outcome: Outcome) -> Outcome:
    report(outcome.name, outcome.seconds, "ok" if outcome.ok else "FAILED")
    if not outcome.ok:
        say(textwrap.indent(outcome.output.strip() or "(no output)", "    "))
    return outcome


def _run(step: Step, environment: Mapping[str, str]) -> Outcome:
    began = time.monotonic()
    done = subprocess.run(  # noqa: S603 - the commands above
        step.command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    complaint = step.afterwards() if done.returncode == 0 else ""
    ok = done.returncode == 0 and not complaint
    return Outcome(step.name, ok, done.stdout + complaint, time.monotonic() - began)
