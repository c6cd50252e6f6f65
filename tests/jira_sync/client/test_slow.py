"""Calls that take long are logged by their pattern."""

import logging

import pytest

from jira_sync.client.credentials import KeyRing
from jira_sync.client.transport import Transport, Tuning


def test_only_calls_that_take_long_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "ium.slow")
    transport = Transport("http://127.0.0.1:9", KeyRing(), tuning=Tuning(slow=2.0))

    transport._note("GET /rest/api/3/user", 200, 1.9)
    transport._note("GET /rest/api/3/group/{id}", 0, 2.0)

    (line,) = caplog.records
    assert line.facts == {"call": "GET /rest/api/3/group/{id}", "status": 0, "ms": 2000}  # type: ignore[attr-defined]
