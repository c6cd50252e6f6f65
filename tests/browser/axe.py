"""axe-core, the usual checker of accessibility: fetched from npm once, kept in .tools, never in git."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

VERSION = "4.14.1"
KEPT = Path(__file__).parents[2] / ".tools" / f"axe-core-{VERSION}.js"


def axe_source() -> str:
    """Return axe's source; skip the test where npm cannot get it."""
    if not KEPT.exists():
        _fetch()
    return KEPT.read_text()


def _fetch() -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is needed to get axe-core")
    KEPT.parent.mkdir(exist_ok=True)
    # Each test process in a folder of its own: two of them may fetch at the same moment.
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as folder:
        packed = subprocess.run(
            ["npm", "pack", f"axe-core@{VERSION}", "--silent"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if packed.returncode != 0:
            pytest.skip(f"npm cannot get axe-core: {packed.stderr.strip()[-200:]}")
        with tarfile.open(Path(folder) / packed.stdout.strip()) as package:
            source = package.extractfile("package/axe.min.js")
            assert source is not None
            part = Path(folder) / KEPT.name
            part.write_bytes(source.read())
        part.replace(KEPT)


def violations(page: Page) -> list[str]:
    """Return what axe finds: the rule, and the elements that break it."""
    page.evaluate(axe_source())
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(result => result.violations)")
    return [
        f"{rule['id']}: {', '.join(str(node['target'][0]) for node in rule['nodes'])}"
        for rule in found
    ]
