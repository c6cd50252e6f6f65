"""Is IUM alive, and is it ready."""

from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from redis import RedisError

from slots.models import JobRun, LicencePool
from tests.conftest import Now
from tests.factories import seconds

pytestmark = pytest.mark.django_db


class Broker:
    """A broker that answers, or not."""

    def __init__(self, *, works: bool) -> None:
        """Choose whether it answers."""
        self.works = works

    def ping(self) -> None:
        """Answer."""
        if not self.works:
            raise RedisError("away")

    def close(self) -> None:
        """End the connection."""


@pytest.fixture
def _ready(pool: LicencePool, at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything works."""
    broker(monkeypatch, works=True)
    JobRun.objects.create(name="sweep", finished_at=at)


def broker(monkeypatch: pytest.MonkeyPatch, *, works: bool) -> None:
    """Put a broker in place that answers, or not."""
    monkeypatch.setattr("ium.health.Redis.from_url", lambda *_, **__: Broker(works=works))


def ready(client: Client, status: int) -> dict[str, Any]:
    """Ask for readiness; check the status and return the document."""
    answer = client.get("/readyz")
    assert (answer.status_code, answer["Cache-Control"]) == (status, "no-store")
    document: dict[str, Any] = answer.json()
    assert document["ready"] is (status == 200)
    return document


def test_alive_needs_no_database(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/livez")
    assert (answer.status_code, answer.content) == (200, b"ok")


@pytest.mark.usefixtures("_ready")
def test_ready_when_everything_works(client: Client) -> None:
    assert ready(client, 200) == {
        "ready": True,
        "database": "ok",
        "broker": "ok",
        "sweep": "ok",
        "jira": "ok",
        "configuration": "ok",
    }


@pytest.mark.usefixtures("_ready")
def test_not_ready_without_a_broker(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    broker(monkeypatch, works=False)
    document = ready(client, 503)
    assert (document["database"], document["broker"]) == ("ok", "the broker does not answer")


@pytest.mark.usefixtures("_ready")
def test_not_ready_without_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> str:
        raise DatabaseError("away")

    monkeypatch.setattr("ium.health._database", away)
    assert ready(client, 503)["database"] == "the database does not answer"


@pytest.mark.usefixtures("_ready")
def test_not_ready_when_the_sweep_stopped(client: Client, clock: Now, at: datetime) -> None:
    clock.at = at + seconds(60)
    ready(client, 200)
    clock.at = at + seconds(61)
    assert "61 seconds ago" in ready(client, 503)["sweep"]
    JobRun.objects.all().delete()
    assert "not run yet" in ready(client, 503)["sweep"]


@pytest.mark.usefixtures("_ready")
def test_not_ready_while_jira_fails(client: Client, pool: LicencePool) -> None:
    pool.site.connection_state, pool.site.connection_message = "unreachable", "no route"
    pool.site.save()
    assert ready(client, 503)["jira"] == f"{pool.site}: no route"
