"""What the machine needs around itself."""

from collections.abc import Iterator

import pytest

from tests.model import machine


@pytest.fixture
def world(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Database, clock, Jira and messages. Each example is a transaction of its own, which is rolled back."""
    machine.prepare(monkeypatch)
    yield
    machine.clean()
