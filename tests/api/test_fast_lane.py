"""The fast lane: how old its memory may be, what it may not answer, and what happens when writing stalls."""

import time
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from activity.models import LastActivity
from ium.directory.known import known_devices
from ium.directory.models import Device, User
from ium.directory.services import device_sign_out
from slots import live, snapshot
from slots.models import LicencePool, SlotState
from slots.services import slot_release
from tests.api.conftest import problem_of, state_of, with_token
from tests.api.ticking import Ticking
from tests.conftest import Now
from tests.factories import (
    UserFactory,
    entry_of,
    events_of,
    holder,
    last_active,
    member,
    minutes,
    seconds,
    slot_of,
    trusted,
    waiting,
)

pytestmark = pytest.mark.django_db
ACTIVITY = "/api/v1/activity"


class Clock:
    """This process's own clock, which runs when the test says so."""

    def __init__(self) -> None:
        """Start now."""
        self.now = time.monotonic()

    def __call__(self) -> float:
        """Return its seconds."""
        return self.now


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The process's own clock, stopped."""
    clock = Clock()
    for module in ("slots.snapshot", "ium.directory.known", "activity.buffer"):
        monkeypatch.setattr(f"{module}.time.monotonic", clock)
    return clock


@pytest.fixture
def ann(pool: LicencePool) -> User:
    """Ann, who holds the only slot and has taken it up."""
    ann = holder(pool, display_name="Ann")
    pool.slots.update(seen_at=slot_of(ann).confirmed_at)
    return ann


def report(client: Any, idle: float = 0) -> dict[str, Any]:
    """Report activity; return the state."""
    return state_of(client.post(ACTIVITY, {"idle_seconds": idle}, format="json"))


def test_both_ways_tell_the_same(
    pool: LicencePool, ann: User, ticks: Ticking, django_assert_num_queries: Any
) -> None:
    ben = waiting(pool)
    for user in (ann, ben):
        client = with_token(user)
        client.get("/api/v1/slot")
        with django_assert_num_queries(0):
            fast = client.get("/api/v1/slot")
        ticks.hang()
        usual = client.get("/api/v1/slot")
        ticks.second()
        assert {**fast.json(), "retry_after": 0} == {**usual.json(), "retry_after": 0}
        usual.headers.pop("Allow", None)  # of the usual way's framework
        assert fast.headers.pop("X-Request-ID") != usual.headers.pop("X-Request-ID")
        assert dict(fast.headers) == dict(usual.headers)


def test_a_report_is_written_within_a_second(ann: User, ticks: Ticking, at: datetime) -> None:
    client = with_token(ann)
    report(client, 5)
    assert not LastActivity.objects.exists()
    ticks.second()
    assert last_active(ann) == at - seconds(5)


def test_who_is_warned_is_written_before_the_answer(
    pool: LicencePool, ann: User, ticks: Ticking, at: datetime, clock: Now
) -> None:
    client = with_token(ann)
    report(client)
    pool.slots.update(warned_at=at + minutes(59), revoke_at=at + minutes(60))
    ticks.second()
    clock.at = at + minutes(59.5)
    assert report(client)["reason"] == "active"
    assert slot_of(ann).warned_at is None
    assert last_active(ann) == clock.at


@pytest.mark.parametrize("reclaims", [True, False])
def test_whose_slot_a_request_could_take_is_written_before_the_answer(
    reclaims: bool, pool: LicencePool, ann: User, ticks: Ticking, at: datetime, clock: Now
) -> None:
    type(pool).objects.update(reclaim_on_request=reclaims)
    client = with_token(ann)
    report(client)
    ticks.second()
    almost = clock.at = at + minutes(pool.inactivity_minutes) - seconds(5)
    ticks.second()
    report(client)
    assert (last_active(ann) == almost) is reclaims
    ticks.second()
    assert last_active(ann) == almost


def test_a_warning_of_the_last_second_is_taken_back_with_the_next_round(
    pool: LicencePool, ann: User, ticks: Ticking, at: datetime, clock: Now
) -> None:
    client = with_token(ann)
    client.get("/api/v1/slot")
    pool.slots.update(warned_at=at + minutes(59), revoke_at=at + minutes(60))
    clock.at = at + minutes(59) + seconds(0.5)
    report(client)
    assert slot_of(ann).warned_at is not None, "the memory does not know of it yet"
    ticks.second()
    assert slot_of(ann).warned_at is None


def test_a_grant_is_taken_up_before_the_answer(
    pool: LicencePool, ticks: Ticking, at: datetime, clock: Now
) -> None:
    ben = holder(pool)
    clock.at = at + seconds(20)
    report(with_token(ben))
    assert slot_of(ben).was_claimed


@pytest.mark.parametrize("trouble", ["hangs", "does not write", "is full", "ends"])
def test_when_nothing_can_be_collected_reports_are_written_before_the_answer(
    ann: User, ticks: Ticking, own: Clock, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = with_token(ann)
    client.get("/api/v1/slot")
    if trouble == "hangs":
        ticks.hang()
    elif trouble == "does not write":
        live.buffer._written = own.now - 5.1
    elif trouble == "is full":
        monkeypatch.setattr("activity.buffer.MOST", 0)
    else:
        live.buffer.close()
    report(client)
    assert LastActivity.objects.filter(user=ann).exists()


def test_what_is_told_is_at_most_a_second_old(
    pool: LicencePool, ann: User, ticks: Ticking, own: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's change, as a worker or another web process makes it."""
    monkeypatch.setattr(snapshot, "FRESH_FOR", 1.0)
    client = with_token(ann)
    assert state_of(client.get("/api/v1/slot"))["state"] == "granting"
    pool.slots.update(confirmed_at=slot_of(ann).confirmed_at - minutes(5))  # type: ignore[operator]
    own.now += 0.99
    assert state_of(client.get("/api/v1/slot"))["state"] == "granting"
    own.now += 0.02
    assert state_of(client.get("/api/v1/slot"))["state"] == "active"


def test_nobody_is_told_less_than_the_process_told_them_before(
    pool: LicencePool, ann: User, ticks: Ticking, own: Clock
) -> None:
    ben = member(pool)
    client, hers = with_token(ben), with_token(ann)
    hers.get("/api/v1/slot")
    own.now += 0.1
    assert state_of(client.post("/api/v1/slot", {}, format="json"))["state"] == "queued"
    assert state_of(client.get("/api/v1/slot"))["state"] == "queued"
    assert state_of(hers.delete("/api/v1/slot"))["state"] == "revoking"
    assert state_of(hers.get("/api/v1/slot"))["state"] == "revoking"


def test_a_token_that_was_signed_out_opens_nothing_after_half_a_minute(
    ann: User, ticks: Ticking, own: Clock, at: datetime
) -> None:
    client = with_token(ann)
    state_of(client.get("/api/v1/slot"))
    device_sign_out(device=Device.objects.get(), at=at)
    own.now += 29
    state_of(client.get("/api/v1/slot"))
    own.now += 2
    problem_of(client.get("/api/v1/slot"), 401, "signed_out")


@pytest.mark.parametrize("how", ["signed out", "deleted", "expired", "person"])
def test_the_ticker_notices_within_half_of_that_that_a_token_is_worth_nothing(
    ann: User, ticks: Ticking, own: Clock, at: datetime, clock: Now, how: str
) -> None:
    client = with_token(ann, expires_at=at + minutes(30))
    state_of(client.get("/api/v1/slot"))
    device = Device.objects.get()
    if how == "signed out":
        device_sign_out(device=device, at=at)
    elif how == "deleted":
        device.delete()
    elif how == "expired":
        clock.at = at + minutes(30)
    else:
        User.objects.update(is_active=False)
    own.now += 15.1
    ticks.second()
    problem_of(client.get("/api/v1/slot"), 401, "signed_out")


def test_tokens_in_use_are_looked_up_many_at_once_and_unused_ones_forgotten(
    pool: LicencePool, ann: User, ticks: Ticking, own: Clock, django_assert_num_queries: Any
) -> None:
    clients = [with_token(user) for user in (ann, *(waiting(pool) for _ in range(9)))]
    for client in clients:
        client.get("/api/v1/slot")
    own.now += 16
    ticks.second()  # also writes that they were used
    own.now += 16
    with django_assert_num_queries(1):
        known_devices.tick()
    own.now += 301
    known_devices.tick()
    assert not known_devices._known


def test_use_of_a_device_is_noted_with_the_next_round(
    ann: User, ticks: Ticking, at: datetime, clock: Now
) -> None:
    client = with_token(ann)
    client.get("/api/v1/slot")
    ticks.second()
    assert Device.objects.get().last_used_at == at
    clock.at = at + minutes(5.1)
    client.get("/api/v1/slot")
    ticks.second()
    assert Device.objects.get().last_used_at == clock.at


def test_who_polls_stays_alive_without_the_lock(
    pool: LicencePool, ann: User, ticks: Ticking, at: datetime, clock: Now
) -> None:
    ben = waiting(pool)
    client = with_token(ben)
    client.get("/api/v1/slot")
    for minute in range(1, 6):
        clock.at = at + minutes(minute)
        document = state_of(client.post("/api/v1/slot", {}, format="json"))
        assert (document["state"], document["position"]) == ("queued", 1)
        ticks.second()
    assert entry_of(ben).alive_until == at + minutes(5) + seconds(90)
    assert entry_of(ben).seq == 2


def test_who_comes_back_after_a_silence_goes_the_locked_way(
    pool: LicencePool, ann: User, ticks: Ticking, at: datetime, clock: Now
) -> None:
    ben = waiting(pool)
    client = with_token(ben)
    client.get("/api/v1/slot")
    clock.at = at + seconds(91)
    state_of(client.post("/api/v1/slot", {}, format="json"))
    assert entry_of(ben).seen_at == clock.at


def test_a_poll_takes_a_slot_that_is_free(pool: LicencePool, ann: User, ticks: Ticking) -> None:
    ben = waiting(pool)
    LicencePool.objects.update(assigned_licences=2)
    pool.slots.create()  # a free row that nobody dispatched
    client = with_token(ben)
    client.get("/api/v1/slot")
    ticks.second()
    assert state_of(client.post("/api/v1/slot", {}, format="json"))["state"] == "granting"


def test_a_poll_reclaims_what_can_be_reclaimed(
    pool: LicencePool, ann: User, ticks: Ticking, at: datetime, clock: Now
) -> None:
    LicencePool.objects.update(reclaim_on_request=True)
    ben = waiting(pool)
    client = with_token(ben)
    for minute in range(1, 62):
        clock.at = at + minutes(minute)
        trusted(clock.at)
        state_of(client.post("/api/v1/slot", {}, format="json"))
        ticks.second()
    ticks.second()
    assert slot_of(ann).state == SlotState.ACTIVE
    state_of(client.post("/api/v1/slot", {}, format="json"))
    assert slot_of(ann).state == SlotState.REVOKING


def test_a_new_page_to_return_to_is_kept(pool: LicencePool, ann: User, ticks: Ticking) -> None:
    ben = waiting(pool)
    client = with_token(ben)
    client.get("/api/v1/slot")
    body = {"return_url": f"{pool.site.url}/browse/KEY-1"}
    state_of(client.post("/api/v1/slot", body, format="json"))
    assert entry_of(ben).return_url == body["return_url"]


def test_who_is_not_managed_any_more_is_told_so_while_waiting(
    pool: LicencePool, ann: User, ticks: Ticking
) -> None:
    ben = waiting(pool)
    User.objects.filter(pk=ben.pk).update(is_protected=True)
    assert state_of(with_token(ben).get("/api/v1/slot"))["state"] == "not_managed"


def test_the_language_of_the_call_is_answered(ann: User, ticks: Ticking) -> None:
    client = with_token(ann)
    answer = client.get("/api/v1/slot", headers={"accept-language": "de"})
    assert answer["Content-Language"] == "de"


def test_a_name_that_is_not_ours_is_refused(ann: User, ticks: Ticking) -> None:
    client = with_token(ann)
    client.get("/api/v1/slot")
    problem_of(client.get("/api/v1/slot", headers={"host": "evil.example"}), 400)


def test_a_session_is_no_token(ann: User, ticks: Ticking) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)
    answer = client.post(ACTIVITY, {"idle_seconds": 0}, content_type="application/json")
    problem_of(answer, 403, "permission_denied")


def test_everybody_beyond_a_few_calls_is_counted_for_all_processes(
    ann: User, ticks: Ticking, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slots.api.throttles.time.time", lambda: 1_800_000_000.0)
    settings.IUM_THROTTLES = {**settings.IUM_THROTTLES, "person": 40}
    client = with_token(ann)
    codes = [client.get("/api/v1/slot").status_code for _ in range(50)]
    assert codes.count(200) == 42, "the limit, and a twentieth of it"
    assert codes[-1] == 429


def test_a_slot_handed_back_elsewhere_is_not_reported_as_held_for_long(
    pool: LicencePool, ann: User, ticks: Ticking, at: datetime
) -> None:
    client = with_token(ann)
    client.get("/api/v1/slot")
    slot_release(user=ann, pool=pool, at=at)
    ticks.second()
    assert state_of(client.get("/api/v1/slot"))["state"] == "revoking"


def test_who_joins_is_told_the_place_without_a_look_at_the_queue(
    pool: LicencePool, ann: User, ticks: Ticking, own: Clock
) -> None:
    first = with_token(member(pool))
    first.get("/api/v1/slot")
    own.now += 0.1
    places = []
    for client in (first, *(with_token(member(pool)) for _ in range(3))):
        document = state_of(client.post("/api/v1/slot", {}, format="json"))
        places.append((document["state"], document["position"], document["waiting"]))
    assert places == [("queued", n, n) for n in (1, 2, 3, 4)]


def test_who_asks_for_a_free_slot_is_given_it(pool: LicencePool, ticks: Ticking) -> None:
    ben = member(pool)
    page = f"{pool.site.url}/browse/KEY-1"
    document = state_of(with_token(ben).post("/api/v1/slot", {"return_url": page}, format="json"))
    assert (document["state"], document["wanted_url"]) == ("granting", page)
    assert slot_of(ben).return_url == page


@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"lock_minutes": 5}, {"has_group_rules": True}]
)
def test_where_rules_decide_requests_go_the_usual_way(
    pool: LicencePool, ticks: Ticking, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    LicencePool.objects.update(**change)
    monkeypatch.setattr(live.together, "ask", None)
    state_of(with_token(member(pool)).post("/api/v1/slot", {}, format="json"))


def test_who_is_refused_is_told_so_and_it_is_journalled(pool: LicencePool, ticks: Ticking) -> None:
    stranger = UserFactory.create()
    document = state_of(with_token(stranger).post("/api/v1/slot", {}, format="json"))
    assert document["reason"] == "not_in_user_group"
    assert events_of(stranger) == ["refused"]


def test_while_a_pool_measures_everybodys_reports_are_collected(
    pool: LicencePool, ticks: Ticking, at: datetime, django_assert_num_queries: Any
) -> None:
    LicencePool.objects.update(measuring=True)
    stranger = UserFactory.create()
    client = with_token(stranger)
    ticks.second()
    report(client)
    with django_assert_num_queries(0):
        assert report(client, 5)["reason"] == "measuring"
    ticks.second()
    assert last_active(stranger) == at
