"""The browser extension's own tools: npm, its packages, its checks. Only the standard library."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from ium.runtime.config import ROOT

EXTENSION = ROOT / "extension"
# What npm notes about the installed packages: for each the same version and checksum as in package-lock.json.
_INSTALLED = EXTENSION / "node_modules" / ".package-lock.json"


OLDEST_NODE = 20


def has_npm() -> bool:
    """Whether the extension can be built here: with npm and Node 20 or newer."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - node
    major = told.removeprefix("v").partition(".")[0]
    return major.isdecimal() and int(major) >= OLDEST_NODE


def install_packages() -> None:
    """Install what package-lock.json says, unless exactly that is there. Raises CalledProcessError with npm's words."""
    if _checksums(_INSTALLED) != _checksums(EXTENSION / "package-lock.json"):
        npm("ci", "--no-audit", "--no-fund")


def build() -> None:
    """Build dist/chrome and dist/firefox. Raises CalledProcessError."""
    install_packages()
    npm("run", "--silent", "build")


def npm(*arguments: str) -> None:
    """Run npm in the extension's folder. Raises CalledProcessError."""
    subprocess.run(  # noqa: S603 - npm, by its name as people call it
        ["npm", *arguments],  # noqa: S607
        cwd=EXTENSION,
        check=True,
        capture_output=True,
        text=True,
    )


def _checksums(path: Path) -> dict[str, str] | None:
    """Return the checksum of each package; None without such a file. Optional ones of other systems do not count."""
    if not path.exists():
        return None
    packages = json.loads(path.read_text("utf-8"))["packages"]
    return {
        name: package["integrity"]
        for name, package in packages.items()
        if name and not package.get("optional")
    }


def main() -> int:
    """Types, unit tests, build and the stores' linter; answers 1 when one failed."""
    try:
        install_packages()
        npm("run", "--silent", "check")
    except subprocess.CalledProcessError as error:
        print(error.stdout, error.stderr)  # noqa: T201 - the output of this program
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
