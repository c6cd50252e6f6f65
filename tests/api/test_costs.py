"""What every call costs the database, pinned: a number that grows is a decision, not an accident."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.conf import settings

from slots import live
from slots.models import LicencePool
from tests.api.conftest import with_session, with_token
from tests.api.ticking import Ticking
from tests.factories import AT, UserFactory, holder, member, waiting

pytestmark = pytest.mark.django_db
Counter = Callable[[int], AbstractContextManager[Any]]
# PostgreSQL is told how long to wait for the pool lock. Within a test's transaction, each one of a service costs
# two more (its savepoint), where in earnest it costs BEGIN and COMMIT.
LIMIT = 0 if settings.IS_SQLITE else 1
MANY = 10 + LIMIT


@pytest.fixture
def counted(django_assert_num_queries: Counter) -> Counter:
    """Count the queries of a block."""
    return django_assert_num_queries


def client_of(user: Any) -> Any:
    """Return a client whose token was used a moment ago, as while polling."""
    return with_token(user, last_used_at=AT)


def test_looking_without_a_slot(pool: LicencePool, counted: Counter) -> None:
    client = client_of(member(pool))
    with counted(9):
        client.get("/api/v1/slot")


def test_looking_with_a_slot(pool: LicencePool, counted: Counter) -> None:
    client = client_of(holder(pool))
    with counted(4):
        client.get("/api/v1/slot")


def test_looking_while_waiting(pool: LicencePool, counted: Counter) -> None:
    holder(pool)
    client = client_of(waiting(pool))
    with counted(8):
        client.get("/api/v1/slot")


def test_looking_by_session(pool: LicencePool, counted: Counter) -> None:
    client = with_session(holder(pool))
    with counted(5):
        client.get("/api/v1/slot")


def test_looking_without_being_managed(pool: LicencePool, counted: Counter) -> None:
    client = client_of(UserFactory.create())
    with counted(6):
        client.get("/api/v1/slot")


def test_asking_with_a_slot(pool: LicencePool, counted: Counter) -> None:
    client = client_of(holder(pool))
    with counted(11 + LIMIT):
        client.post("/api/v1/slot", {}, format="json")


def test_asking_for_a_free_slot(pool: LicencePool, counted: Counter) -> None:
    client = client_of(member(pool))
    with counted(21 + LIMIT):
        client.post("/api/v1/slot", {}, format="json")


def test_joining_the_queue(pool: LicencePool, counted: Counter) -> None:
    holder(pool)
    client = client_of(member(pool))
    with counted(21 + LIMIT):
        client.post("/api/v1/slot", {}, format="json")


def test_polling_the_queue(pool: LicencePool, counted: Counter) -> None:
    holder(pool)
    client = client_of(waiting(pool))
    with counted(17 + LIMIT):
        client.post("/api/v1/slot", {}, format="json")


def test_polling_costs_the_same_behind_a_hundred_people(
    pool: LicencePool, counted: Counter
) -> None:
    holder(pool)
    for _ in range(100):
        waiting(pool)
    client = client_of(waiting(pool))
    with counted(17 + LIMIT):
        client.post("/api/v1/slot", {}, format="json")


def test_handing_back(pool: LicencePool, counted: Counter) -> None:
    client = client_of(holder(pool))
    with counted(14 + LIMIT):
        client.delete("/api/v1/slot")


def test_leaving_the_queue(pool: LicencePool, counted: Counter) -> None:
    holder(pool)
    client = client_of(waiting(pool))
    with counted(17 + LIMIT):
        client.delete("/api/v1/slot")


def test_reporting_activity_with_a_slot(pool: LicencePool, counted: Counter) -> None:
    client = client_of(holder(pool))
    client.post("/api/v1/activity", {"idle_seconds": 0}, format="json")
    with counted(9):
        client.post("/api/v1/activity", {"idle_seconds": 0}, format="json")


def test_reporting_activity_without_a_slot(pool: LicencePool, counted: Counter) -> None:
    client = client_of(UserFactory.create())
    client.post("/api/v1/activity", {"idle_seconds": 0}, format="json")
    with counted(10):
        client.post("/api/v1/activity", {"idle_seconds": 0}, format="json")


def test_learning_what_clients_need(pool: LicencePool, counted: Counter) -> None:
    client = client_of(member(pool))
    with counted(4):
        client.get("/api/v1/config")


def test_in_the_fast_lane_nothing_of_the_ordinary_costs_a_query(
    pool: LicencePool, counted: Counter, ticks: Ticking
) -> None:
    holding, waits = client_of(holder(pool)), client_of(waiting(pool))
    for client in (holding, waits):
        client.get("/api/v1/slot")
    with counted(0):
        for client in (holding, waits):
            client.get("/api/v1/slot")
            client.post("/api/v1/activity", {"idle_seconds": 0}, format="json")
        waits.post("/api/v1/slot", {}, format="json")


def test_a_second_costs_the_same_for_many_as_for_one(
    pool: LicencePool, counted: Counter, ticks: Ticking
) -> None:
    holder(pool)
    clients = [client_of(waiting(pool)) for _ in range(20)]
    for client in clients:
        client.get("/api/v1/slot")
    ticks.second()
    for client in clients:
        client.post("/api/v1/activity", {"idle_seconds": 0}, format="json")
        client.post("/api/v1/slot", {}, format="json")
    with counted(MANY):
        live.buffer.flush()
