"""`./ium.sh sbom FILE`: what IUM is made of, for machines (CycloneDX 1.5 as JSON).

uv writes the Python part from uv.lock, with the checksum of every file; the licences and the npm packages inside the
chart library are added here.
"""

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot5
from packageurl import PackageURL

from ium.runtime.config import ROOT
from ium.runtime.errors import OperatorError
from ium.runtime.supply.licences import chart_record, licence_of

_EXPORT = ("export", "--frozen", "--quiet", "--no-dev", "--format", "cyclonedx1.5")


def write(path: Path) -> None:
    """Write the list of parts. Raises OperatorError without uv, or when the file cannot be written."""
    try:
        path.write_text(as_json(), "utf-8")
    except OSError as problem:
        raise OperatorError(f"{path} cannot be written: {problem}") from problem


def as_json() -> str:
    """Return the list of parts. Raises OperatorError without uv."""
    bom = _python_part()
    for component in bom.components:
        if licence := licence_of(component.name):
            component.licenses.add(LicenseFactory().make_from_string(licence))
    npm = [_npm(name, **each) for name, each in chart_record().items()]
    bom.components.update(npm)
    root = bom.metadata.component
    assert root is not None  # noqa: S101 - uv names the project
    root.type = ComponentType.APPLICATION
    bom.register_dependency(root, npm)  # beside what uv wrote there
    return JsonV1Dot5(bom).output_as_string(indent=2) + "\n"


def _python_part() -> Bom:
    done = subprocess.run(  # noqa: S603 - uv
        [find_uv(), *_EXPORT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise OperatorError(f"uv could not list the packages: {done.stderr.strip()}")
    document: dict[str, Any] = json.loads(done.stdout)
    # uv names itself in the form that 1.5 no longer wants.
    writers = [_tool(**each) for each in document["metadata"].pop("tools")]
    bom: Bom = Bom.from_json(document)  # type: ignore[attr-defined]  # added by a decorator
    bom.metadata.tools = ToolRepository(components=writers)
    return bom


def _npm(name: str, version: str, license: str, integrity: str) -> Component:  # noqa: A002 - npm's word
    algorithm, _, digest = integrity.partition("-")
    assert algorithm == "sha512"  # noqa: S101 - the lock file's only one
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"npm-{name}@{version}",
        purl=PackageURL("npm", None, name, version),
        scope=ComponentScope.REQUIRED,
        licenses=[LicenseFactory().make_from_string(license)],
        hashes=[HashType(alg=HashAlgorithm.SHA_512, content=base64.b64decode(digest).hex())],
    )


def _tool(vendor: str, name: str, version: str) -> Component:
    return Component(name=name, version=version, publisher=vendor, type=ComponentType.APPLICATION)


def find_uv() -> str:
    """Return uv: this machine's, or the one ium.sh set up. Raises OperatorError without one."""
    own = sorted((ROOT / ".tools").glob("uv-*/bin/uv"))
    if found := shutil.which("uv") or (str(own[-1]) if own else None):
        return found
    raise OperatorError("uv was not found: start this with ./ium.sh, which sets it up.")


def main(arguments: list[str]) -> int:
    """Write to the file that is named, or to standard output."""
    match arguments:
        case []:
            sys.stdout.write(as_json())
        case [name]:
            write(Path(name))
        case _:
            raise OperatorError("sbom takes the name of one file.")
    return 0
