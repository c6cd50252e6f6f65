"""`./ium.sh audit`: known vulnerabilities of what uv.lock and the package-lock.json files name.

It asks the package indexes, so its answer changes without any change here: it is no part of tests or lint. An index
that does not answer is said, and is no failure.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ium.runtime.config import ROOT
from ium.runtime.errors import OperatorError
from ium.runtime.output import say
from ium.runtime.supply.sbom import find_uv

# An index that is not there must not hold anybody up.
SECONDS = 240
NPM = {
    "extension (tools only)": ROOT / "extension",
    "charts": ROOT / "ium" / "usage" / "charts" / "library",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an index said: how many packages it knows, what is wrong, and what it did not answer."""

    checked: int = 0
    found: tuple[str, ...] = ()
    unanswered: str = ""


def audit() -> int:
    """Say what is known of every part; answers 1 when a vulnerability is."""
    answers = {"Python, run time": python(), **{name: npm(at) for name, at in NPM.items()}}
    for name, answer in answers.items():
        for line in lines(name, answer):
            say(line)
    return 1 if any(answer.found for answer in answers.values()) else 0


def lines(name: str, answer: Answer) -> list[str]:
    """Put an answer into words."""
    said = [f"{name}: {each}" for each in answer.found]
    if answer.checked and not answer.found:
        said.append(f"{name}: nothing known against {answer.checked} packages.")
    if answer.unanswered:
        said.append(f"{name}: NOT CHECKED: {answer.unanswered}")
    return said


def python() -> Answer:
    """Ask for the run-time packages of uv.lock."""
    with tempfile.TemporaryDirectory(prefix="ium-audit-") as folder:
        wanted = Path(folder) / "requirements.txt"
        listed = _run(
            find_uv(), "export", "--frozen", "--quiet", "--no-dev", "--no-emit-project",
            "--format", "requirements.txt", "--output-file", str(wanted),
        )  # fmt: skip
        if listed.returncode != 0:
            raise OperatorError(f"uv could not list the packages: {listed.stderr.strip()}")
        done = _run(
            sys.executable, "-m", "pip_audit", "--requirement", str(wanted), "--disable-pip",
            "--require-hashes", "--format", "json", "--progress-spinner", "off",
        )  # fmt: skip
    return read_python(done.stdout, done.stderr)


def read_python(output: str, errors: str) -> Answer:
    """Understand what pip-audit writes."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except ValueError:
        return Answer(unanswered=_last_line(errors))
    silent = [each["name"] for each in packages if "skip_reason" in each]
    found = tuple(
        f"{each['name']} {each['version']}: {problem['id']}, {_cure(problem['fix_versions'])}"
        for each in packages
        for problem in each.get("vulns", [])
    )
    unanswered = f"the index knows nothing of {len(silent)} packages: {', '.join(silent)}"
    return Answer(len(packages) - len(silent), found, unanswered if silent else "")


def _cure(versions: Sequence[str]) -> str:
    return f"cured in {', '.join(versions)}" if versions else "no cure yet"


def npm(folder: Path) -> Answer:
    """Ask for the packages of a package-lock.json; those are the tools that build what is delivered, too."""
    if shutil.which("npm") is None:
        return Answer(unanswered="npm is not installed")
    done = _run("npm", "audit", "--json", "--package-lock-only", folder=folder)
    return read_npm(done.stdout, done.stderr)


def read_npm(output: str, errors: str) -> Answer:
    """Understand what `npm audit --json` writes."""
    try:
        document: dict[str, Any] = json.loads(output)
    except ValueError:
        return Answer(unanswered=_last_line(errors))
    if "vulnerabilities" not in document:
        return Answer(unanswered=str(document.get("message") or "the registry gave no list"))
    found = tuple(
        f"{name} {each['range']}: {each['severity']}"
        for name, each in sorted(document["vulnerabilities"].items())
    )
    return Answer(document["metadata"]["dependencies"]["total"], found)


def _last_line(errors: str) -> str:
    return (errors.strip().splitlines() or ["no answer"])[-1]


def _run(*command: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - the commands above
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer within {SECONDS} s")
