"""The extension's part of lint: packages are installed when they differ, and what fails is shown."""

import json
import subprocess
from pathlib import Path

import pytest

from ium.runtime import extension, lint


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An extension with one package that its lock names."""
    monkeypatch.setattr(extension, "EXTENSION", tmp_path)
    monkeypatch.setattr(extension, "_INSTALLED", tmp_path / "node_modules" / ".package-lock.json")
    (tmp_path / "node_modules").mkdir()
    _lock(tmp_path / "package-lock.json", "sha512-a")
    return tmp_path


def _lock(path: Path, checksum: str) -> None:
    packages = {
        "": {"name": "ium-extension"},
        "node_modules/one": {"integrity": checksum},
        "node_modules/for-another-system": {"integrity": "sha512-x", "optional": True},
    }
    path.write_text(json.dumps({"packages": packages}))


@pytest.mark.parametrize(
    ("installed", "calls"), [("sha512-a", 0), ("sha512-b", 1), (None, 1)], ids=str
)
def test_packages_are_installed_only_when_they_are_not_those_of_the_lock(
    folder: Path, monkeypatch: pytest.MonkeyPatch, installed: str | None, calls: int
) -> None:
    if installed is not None:
        _lock(folder / "node_modules" / ".package-lock.json", installed)
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(extension, "npm", lambda *arguments: called.append(arguments))
    extension.install_packages()
    assert len(called) == calls


def test_what_fails_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: str) -> None:
        raise subprocess.CalledProcessError(1, "npm", "not ok 7 - the queue", "")

    monkeypatch.setattr(extension, "install_packages", lambda: None)
    monkeypatch.setattr(extension, "npm", fails)
    assert extension.main() == 1
    assert "not ok 7" in capsys.readouterr().out


def test_without_npm_lint_says_that_the_extension_was_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lint, "has_npm", lambda: False)
    assert "extension: SKIPPED, no npm with Node 20" in [step.name for step in lint.steps(tmp_path)]
