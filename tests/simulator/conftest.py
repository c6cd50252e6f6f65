"""Fixtures: one real simulator for all tests of a worker, made new before each, with clients for its APIs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jira_sync.simulator import credentials, demo
from tests.simulator.browser import Browser
from tests.simulator.described import JiraClient, OrganisationClient
from tests.simulator.process import SimulatorProcess, running


@pytest.fixture(scope="session")
def _process() -> Iterator[SimulatorProcess]:
    with running("--delay", "0.15", "--ium-url", "http://127.0.0.1:8000") as process:
        yield process


@pytest.fixture
def simulator(_process: SimulatorProcess) -> SimulatorProcess:
    """A simulator with the untouched demo organisation."""
    _process.order("reset")
    return _process


@pytest.fixture
def jira(simulator: SimulatorProcess) -> Iterator[JiraClient]:
    client = JiraClient(simulator.url)
    yield client
    client.session.close()


@pytest.fixture
def organisation(simulator: SimulatorProcess) -> Iterator[OrganisationClient]:
    client = OrganisationClient(simulator.url)
    yield client
    client.session.close()


@pytest.fixture
def browser(simulator: SimulatorProcess) -> Iterator[Browser]:
    """A browser in which nobody is signed in."""
    visitor = Browser(simulator.url)
    yield visitor
    visitor.session.close()


@pytest.fixture
def access_group() -> str:
    return credentials.stable_uuid("group-ium-access")


@pytest.fixture
def people() -> list[str]:
    """Account ids of people in the user group: no licence yet."""
    return [credentials.account_id(number) for number in range(demo.FIXED, demo.FIXED + 60)]
