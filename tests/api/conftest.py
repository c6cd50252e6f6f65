"""A pool, people, and clients that call as they do."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from ium.directory.models import User
from slots.models import LicencePool
from tests.api.ticking import both_ways, ticks
from tests.conftest import Now
from tests.factories import PoolFactory, holder, member, token_for

__all__ = ["both_ways", "ticks"]

Client = Callable[[User], APIClient]
CONTRACT = {
    "pool",
    "state",
    "reason",
    "message",
    "position",
    "waiting",
    "eta_seconds",
    "retry_after",
    "warned_at",
    "revoke_at",
    "redirect_url",
    "server_time",
}


@pytest.fixture(autouse=True)
def clock(intake: None, utc_now: Now) -> Now:
    """The clock of the server, standing still at `at`; activity can be trusted."""
    return utc_now


@pytest.fixture
def pool() -> LicencePool:
    """A pool of one licence."""
    made: LicencePool = PoolFactory.create(key="jira", assigned_licences=1)
    return made


@pytest.fixture
def ann(pool: LicencePool) -> User:
    """Ann, who holds the only slot."""
    return holder(pool, display_name="Ann")


@pytest.fixture
def ben(pool: LicencePool) -> User:
    """Ben, who has no slot."""
    return member(pool, display_name="Ben")


def with_token(user: User, **device: Any) -> APIClient:
    """Return a client that calls with a token of the person's, as the extension does."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(user, **device)}")
    return client


def with_session(user: User, *, csrf: bool = False) -> APIClient:
    """Return a client signed in as on the queue page, with the CSRF token or without."""
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)
    if csrf:
        token = "a" * 32
        client.cookies["csrftoken"] = token
        client.credentials(HTTP_X_CSRFTOKEN=token)
    return client


def problem_of(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    """Check that the answer is a problem document (RFC 9457) of this status and code; return it."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "detail"} <= set(document)
    assert document["status"] == status
    assert document["title"] != "Error"
    assert document["detail"]
    if code is not None:
        assert document["code"] == code
    return document


def state_of(answer: Any) -> dict[str, Any]:
    """Check that the answer is a state document with the keys of the contract; return it."""
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"
    document: dict[str, Any] = answer.json()
    added = {"automatic", "joined_at", "locked_until", "wanted_url"}
    assert set(document) == CONTRACT | added
    return document
