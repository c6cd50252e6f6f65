"""One simulated Jira for all tests of a worker, made new before each, and a site that is set up rightly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jira_sync.client.conftest import sent
from tests.jira_sync.doctor.world import World, quick, right_world
from tests.simulator.process import SimulatorProcess, running

# `sent` checks every request against Atlassian's descriptions.
__all__ = ["quick", "sent"]


@pytest.fixture(scope="session")
def jira_process() -> Iterator[SimulatorProcess]:
    """Start the simulated Jira once."""
    with running("--delay", "0") as process:
        yield process


@pytest.fixture
def world(jira_process: SimulatorProcess, db: None) -> World:
    """A site and a pool in which nothing is wrong."""
    jira_process.order("reset")
    return right_world(jira_process)
