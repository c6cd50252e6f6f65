"""What the machine needs around itself."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.model import machine


@pytest.fixture
def world(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Database, clock, Jira and messages. Each example is a transaction of its own, which is rolled back."""
    # Playwright leaves an event loop running in its process; greenlets then get database connections of their own,
    # which wait for the machine's transaction for ever. tests/conftest.py lets these tests come first.
    with suppress(RuntimeError):
        asyncio.get_running_loop()
        pytest.skip("a browser test ran before in this process")
    machine.prepare(monkeypatch)
    yield
    machine.clean()
