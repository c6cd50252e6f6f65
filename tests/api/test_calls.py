"""The five calls, with a token and with a session (section 6 of the design)."""

from collections.abc import Callable
from datetime import datetime

import pytest
from rest_framework.test import APIClient

from activity.models import LastActivity
from ium.directory.models import User
from slots.models import LicencePool, SlotLock, SlotState
from tests.api.conftest import problem_of, state_of, with_session, with_token
from tests.conftest import Now
from tests.factories import (
    PoolFactory,
    UserFactory,
    entry_of,
    last_active,
    minutes,
    seconds,
    slot_of,
    waiting,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("both_ways")]
Sign = Callable[[User], APIClient]


def by_session(user: User) -> APIClient:
    """Return a client of the queue page, which sends the CSRF token."""
    return with_session(user, csrf=True)


SIGNS = pytest.mark.parametrize("sign", [with_token, by_session])


@SIGNS
def test_the_state_is_told_and_nothing_asked_for(pool: LicencePool, ben: User, sign: Sign) -> None:
    document = state_of(sign(ben).get("/api/v1/slot"))
    assert (document["pool"], document["state"], document["reason"]) == ("jira", "none", "no_slot")
    assert document["server_time"] == "2026-03-02T09:00:00Z"
    assert not ben.queue_entries.exists()


@SIGNS
def test_a_request_gives_a_free_slot(pool: LicencePool, ben: User, sign: Sign) -> None:
    page = f"{pool.site.url}/browse/KEY-1?focusedId=7#comment"
    document = state_of(sign(ben).post("/api/v1/slot", {"return_url": page}, format="json"))
    assert (document["state"], document["position"]) == ("granting", None)
    assert slot_of(ben).return_url == page


@SIGNS
def test_a_request_joins_and_polls_the_queue(ann: User, ben: User, sign: Sign) -> None:
    client = sign(ben)
    answers = [state_of(client.post("/api/v1/slot", {}, format="json")) for _ in range(2)]
    assert [(a["state"], a["position"], a["waiting"]) for a in answers] == [("queued", 1, 1)] * 2
    assert answers[0]["joined_at"] == "2026-03-02T09:00:00Z"
    assert ben.queue_entries.count() == 1


@SIGNS
def test_a_slot_is_handed_back(ann: User, sign: Sign) -> None:
    client = sign(ann)
    assert state_of(client.delete("/api/v1/slot"))["state"] == "revoking"
    assert state_of(client.delete("/api/v1/slot?pool=jira"))["state"] == "revoking"
    assert slot_of(ann).state == SlotState.REVOKING


@SIGNS
def test_the_queue_is_left(ann: User, pool: LicencePool, sign: Sign) -> None:
    cleo = waiting(pool)
    assert state_of(sign(cleo).delete("/api/v1/slot"))["state"] == "none"
    assert entry_of(cleo).close_reason == "left"


@SIGNS
def test_activity_is_an_age_and_is_answered_with_the_state(
    ann: User, sign: Sign, at: datetime, clock: Now
) -> None:
    clock.at = at + minutes(2)
    body = {"idle_seconds": 20, "page": "/browse/KEY-1"}
    document = state_of(sign(ann).post("/api/v1/activity", body, format="json"))
    assert document["state"] == "active"
    assert last_active(ann) == at + seconds(100)


def test_the_source_of_activity_is_known_by_how_the_caller_signed_in(ann: User) -> None:
    for sign, source in ((with_token, "extension"), (by_session, "queue_page")):
        sign(ann).post("/api/v1/activity", {"idle_seconds": 0}, format="json")
        assert LastActivity.objects.get(user=ann).source == source


def test_activity_takes_a_warning_back(
    ann: User, pool: LicencePool, at: datetime, clock: Now
) -> None:
    pool.slots.update(warned_at=at + minutes(59), revoke_at=at + minutes(60))
    clock.at = at + minutes(59.5)
    client = with_token(ann)
    document = state_of(client.get("/api/v1/slot"))
    assert (document["reason"], document["warned_at"], document["revoke_at"]) == (
        "warned",
        "2026-03-02T09:59:00Z",
        "2026-03-02T10:00:00Z",
    )
    document = state_of(client.post("/api/v1/activity", {"idle_seconds": 0}, format="json"))
    assert (document["reason"], document["revoke_at"]) == ("active", None)


@SIGNS
def test_clients_learn_what_they_need(pool: LicencePool, ben: User, sign: Sign) -> None:
    document = sign(ben).get("/api/v1/config").json()
    assert set(document) >= {
        "sign_in",
        "pools",
        "free_paths",
        "free_project_types",
        "queue_url",
        "activity_seconds",
    }
    (told,) = document["pools"]
    expected = {
        "key": "jira",
        "name": pool.name,
        "product": "jira-software",
        "site_url": pool.site.url,
        "first_attempt": "on_reconnect",
        "queue_timer_seconds": 60,
        "warning_seconds": 60,
        "extension_check": True,
    }
    assert {name: told[name] for name in expected} == expected
    assert document["queue_url"].endswith("/queue/")


@pytest.mark.parametrize(
    "path", ["/jira/servicedesk/x", "/servicedesk", "/jira/polaris/1", "/wiki"]
)
def test_pages_that_need_no_slot_are_told_as_expressions(
    pool: LicencePool, ben: User, path: str
) -> None:
    import re

    free = with_token(ben).get("/api/v1/config").json()["free_paths"]
    assert any(re.search(expression, path) for expression in free)
    assert not any(re.search(expression, "/browse/KEY-1") for expression in free)


def test_who_is_not_managed_gets_a_state_and_no_error(pool: LicencePool) -> None:
    client = with_token(UserFactory.create())
    for answer in (client.get("/api/v1/slot"), client.post("/api/v1/slot", {}, format="json")):
        document = state_of(answer)
        assert (document["state"], document["reason"]) == ("not_managed", "not_in_user_group")


def test_who_is_locked_gets_a_state_and_no_error(
    pool: LicencePool, ben: User, at: datetime
) -> None:
    SlotLock.objects.create(pool=pool, user=ben, until=at + minutes(5))
    document = state_of(with_token(ben).post("/api/v1/slot", {}, format="json"))
    assert (document["state"], document["retry_after"]) == ("locked", 60.0)
    assert not ben.queue_entries.exists()


def test_the_pool_is_chosen_by_name_and_else_the_first(pool: LicencePool, ben: User) -> None:
    other = PoolFactory.create(key="other")
    client = with_token(ben)
    assert state_of(client.get("/api/v1/slot"))["pool"] == "jira"
    assert state_of(client.get("/api/v1/slot?pool=other"))["pool"] == "other"
    chosen = client.post("/api/v1/slot", {"pool": "other"}, format="json")
    assert state_of(chosen)["state"] == "not_managed"
    assert other.slots.used().count() == 0


def test_activity_in_one_pool_is_noted_for_its_site_and_product_only(
    ann: User, pool: LicencePool
) -> None:
    PoolFactory.create(key="other")
    body = {"idle_seconds": 0, "pool": "other"}
    with_token(ann).post("/api/v1/activity", body, format="json")
    assert not LastActivity.objects.filter(site=pool.site).exists()


def test_two_people_never_see_each_others_state(ann: User, ben: User) -> None:
    assert state_of(with_token(ann).get("/api/v1/slot"))["state"] == "granting"
    assert state_of(with_token(ben).get("/api/v1/slot"))["state"] == "none"


def test_a_claim_to_be_somebody_else_is_ignored(ann: User, ben: User) -> None:
    body = {"account_id": ann.account_id, "user": ann.pk, "idle_seconds": 0}
    with_token(ben).post("/api/v1/activity", body, format="json")
    assert not LastActivity.objects.filter(user=ann).exists()
    with_token(ben).delete(f"/api/v1/slot?account_id={ann.account_id}")
    assert slot_of(ann).state == SlotState.ACTIVE


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/api/v1/slot"), ("delete", "/api/v1/slot"), ("post", "/api/v1/activity")],
)
def test_a_session_without_the_csrf_token_changes_nothing(
    ann: User, method: str, path: str
) -> None:
    answer = getattr(with_session(ann), method)(path, {"idle_seconds": 0}, format="json")
    problem_of(answer, 403, "permission_denied")
    assert slot_of(ann).state == SlotState.ACTIVE
    assert not LastActivity.objects.exists()


def test_a_session_may_look_without_the_csrf_token(ann: User) -> None:
    state_of(with_session(ann).get("/api/v1/slot"))


def test_a_poll_without_joining_asks_for_nothing(pool: LicencePool, ann: User, ben: User) -> None:
    client = with_token(ben)
    answer = client.post("/api/v1/slot", {"join": False}, format="json").json()
    assert (answer["state"], answer["position"]) == ("none", None)
    assert client.post("/api/v1/slot", {}, format="json").json()["state"] == "queued"
    assert client.post("/api/v1/slot", {"join": False}, format="json").json()["position"] == 1
    assert client.delete("/api/v1/slot").json()["reason"] == "left_queue"
    assert client.post("/api/v1/slot", {"join": False}, format="json").json()["state"] == "none"
