"""A simulated Jira over HTTP for all tests of a process, and a pool of five licences on it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from ium.backup import loading, restoring, writing
from tests.backup.world import World
from tests.conftest import Now
from tests.jira_sync.sync.conftest import full_speed, sim, sync_simulator, woken

__all__ = ["full_speed", "sim", "sync_simulator", "woken"]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: LazySettings) -> Path:
    """A data folder of this test's own, on which nobody runs."""
    folder = tmp_path / "data"
    folder.mkdir()
    settings.DATA_DIR = folder
    return folder


@pytest.fixture
def one_transaction(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let backup and restore run in the test's transaction: emptying real tables costs a second for each test."""

    def replace_all(path: Path, *, credentials: bool) -> None:
        # PostgreSQL truncates no table while checks of earlier rows are pending.
        connection.check_constraints()
        loading.replace_all(path, credentials=credentials)

    monkeypatch.setattr(writing, "one_moment", nullcontext)
    monkeypatch.setattr(restoring, "replace_all", replace_all)


@pytest.fixture
def world(one_transaction: None, sim: object, utc_now: Now, tmp_path: Path) -> World:
    """Five licences, nobody holds one."""
    return World(sim, utc_now, tmp_path / "ium.jsonl.gz")  # type: ignore[arg-type]
