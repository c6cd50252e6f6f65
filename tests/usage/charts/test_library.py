"""The chart library that browsers get: which npm packages it is, with what licence, and that it can be built again."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3] / "ium" / "usage"
SHIPPED = ROOT / "static" / "usage" / "vendor"
SOURCE = ROOT / "charts" / "library"


def record() -> dict[str, Any]:
    """Return what the build wrote down."""
    found: dict[str, Any] = json.loads((SHIPPED / "echarts.json").read_text())
    return found


def test_the_file_is_the_one_that_was_recorded() -> None:
    content = (SHIPPED / "echarts.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == record()["sha256"]
    assert len(content) == record()["bytes"] < 700_000


def test_the_packages_are_those_of_the_lock_file_and_may_be_shipped() -> None:
    locked = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    for name, package in record()["packages"].items():
        assert locked[f"node_modules/{name}"]["integrity"] == package["integrity"]
        assert package["license"] in {"Apache-2.0", "BSD-3-Clause", "0BSD"}
        assert f"{name} {package['version']}" in (SHIPPED / "echarts.js").read_text()[:300]


def test_the_licences_are_shipped_with_it() -> None:
    text = (SHIPPED / "echarts.LICENSE.txt").read_text()
    for words in ("Apache License", "Redistribution and use", "Apache ECharts\nCopyright"):
        assert words in text
    assert "tslib" in text


def test_it_needs_nothing_that_the_policy_forbids() -> None:
    text = (SHIPPED / "echarts.js").read_text()
    assert "new Function" not in text
    assert "eval(" not in text
    assert "sourceMappingURL" not in text


def test_the_same_packages_give_the_same_bytes(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is needed to get the packages")
    for name in ("package.json", "package-lock.json", "entry.mjs", "build.mjs"):
        shutil.copy(SOURCE / name, tmp_path)
    got = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if got.returncode != 0:
        pytest.skip(f"npm cannot get the packages: {got.stderr.strip()[-200:]}")
    built = tmp_path / "built"
    subprocess.run(
        ["node", "build.mjs", built], cwd=tmp_path, check=True, capture_output=True, timeout=120
    )
    for name in ("echarts.js", "echarts.LICENSE.txt", "echarts.json"):
        assert (built / name).read_bytes() == (SHIPPED / name).read_bytes(), name
