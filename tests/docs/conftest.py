"""The manual, as it is written and as it is built."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from ium.runtime.config import ROOT

DOCS = ROOT / "docs"


def load(path: Path) -> ModuleType:
    """Import a file that belongs to no package."""
    spec = importlib.util.spec_from_file_location(f"manual_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def conf() -> ModuleType:
    """How the site is built."""
    return load(DOCS / "conf.py")


@pytest.fixture(scope="session")
def pages(conf: ModuleType) -> list[Path]:
    """Every Markdown file of the manual."""
    found: list[Path] = sorted(conf.manual_files())
    return found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site: a broken link or anchor stops it."""
    from ium.runtime.manual import build

    folder = tmp_path_factory.mktemp("site")
    build(folder)
    return folder
