"""Every request that any test here sends is checked against Atlassian's descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from jira_sync.client import Connection, JiraDirectory, Pace, Tuning, build

from . import contract, data, simulated
from .simulated import SimulatedJira

FAST = Tuning(connect_timeout=0.5, read_timeout=0.5, backoff=0.0)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[requests.PreparedRequest]]:
    """The requests sent so far; afterwards each is checked against its description."""
    requested: list[requests.PreparedRequest] = []
    send = requests.Session.send

    def noting(self: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
        requested.append(request)
        return send(self, request, **more)

    monkeypatch.setattr(requests.Session, "send", noting)
    yield requested
    for request in requested:
        if "/_sim/" not in str(request.url):
            contract.check(request)


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    """Answers without a network; requests nobody prepared an answer for fail."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def organisation() -> JiraDirectory:
    """A client with two organisation keys, never waiting."""
    return build(data.ORGANISATION, pace=eager(), tuning=FAST)


@pytest.fixture
def jira() -> JiraDirectory:
    """A client with e-mail and API token, never waiting."""
    return build(data.JIRA, pace=eager(), tuning=FAST)


@pytest.fixture
def combined() -> JiraDirectory:
    """A client with both kinds of keys."""
    both = Connection(
        site_url=data.SITE,
        org_id=data.ORG,
        directory_id=data.DIRECTORY,
        org_keys=data.ORGANISATION.org_keys,
        email=data.EMAIL,
        api_token=data.TOKEN,
    )
    return build(both, pace=eager(), tuning=FAST)


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[SimulatedJira]:
    """One simulated Jira for all tests of a process."""
    with simulated.running() as running:
        yield running


@pytest.fixture
def simulator(simulator_process: SimulatedJira) -> SimulatedJira:
    """The simulated Jira as it is when freshly started."""
    simulator_process.reset()
    return simulator_process


@pytest.fixture(params=["organisation", "jira", "scoped"])
def directory(request: pytest.FixtureRequest, simulator: SimulatedJira) -> JiraDirectory:
    """A client of each family (and of the gateway form of Jira REST) for the simulated Jira."""
    client: JiraDirectory = getattr(simulator, request.param)()
    return client


def eager() -> Pace:
    """A pace of its own per client, which does not sleep."""
    return Pace(sleep=lambda _seconds: None)
