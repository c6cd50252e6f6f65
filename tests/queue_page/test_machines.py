"""Programs that are led to the queue page get JSON and a time to come back, never HTML."""

import pytest
from django.test import Client

from ium.directory.models import User
from ium.lib import clock
from slots import services
from slots.models import LicencePool
from tests import factories
from tests.queue_page.conftest import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("intake")]


@pytest.mark.parametrize("accept", ["application/json", "text/plain, application/json;q=0.9"])
def test_a_program_without_a_slot_is_told_when_to_come_back(
    person: User, pool: LicencePool, accept: str
) -> None:
    answer = browser_of(person).get("/queue/", headers={"accept": accept})

    assert answer.status_code == 429
    assert answer["Content-Type"] == "application/json"
    assert int(answer["Retry-After"]) >= answer.json()["retry_after"]
    assert answer.json()["state"] == "none"
    assert "no-store" in answer["Cache-Control"]
    assert not pool.entries.exists()


def test_a_program_with_a_slot_is_told_where_to_go(person: User, pool: LicencePool) -> None:
    earlier = clock.now() - factories.minutes(10)
    services.slot_request(user=person, pool=pool, return_url=None, at=earlier)
    factories.confirmed(person, earlier)

    answer = browser_of(person).get("/queue/", headers={"accept": "application/json"})

    assert answer.status_code == 200
    assert answer.json()["redirect_url"] == pool.site.url


def test_a_program_that_is_not_signed_in_is_not_sent_to_a_page(pool: LicencePool) -> None:
    answer = Client().get("/queue/", headers={"accept": "application/json"})

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_browsers_get_the_page(person: User, pool: LicencePool) -> None:
    accept = "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"

    assert browser_of(person).get("/queue/", headers={"accept": accept}).status_code == 200
