"""The seed behaviours, shown on the running system: worker, Beat, broker, database, Jira over HTTP."""

import time

import pytest
import requests

from tests.system.running import Person, RunningIum, wait_for

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system")]

HOUR = 3600
# One sign-in per person and running system is enough, and a start of Django less per test.
_PEOPLE: dict[RunningIum, list[Person]] = {}


@pytest.fixture
def people(ium: RunningIum) -> list[Person]:
    """Four IUM users; nobody has access."""
    wait_for(lambda: not ium.members(), 20, "nobody in the access group")
    if ium not in _PEOPLE:
        _PEOPLE[ium] = ium.people(4)
    return _PEOPLE[ium]


def test_a_free_slot_leads_back_to_the_wanted_page_within_seconds(
    ium: RunningIum, people: list[Person]
) -> None:
    ann = people[0]
    began = time.monotonic()
    assert ann.state()["state"] == "none"
    assert ann.reconnect("/browse/DEMO-7")["state"] == "granting"
    document = ann.until("active")
    assert time.monotonic() - began < 10
    assert document["redirect_url"] == f"{ium.jira_url}/browse/DEMO-1"
    assert ium.members() == {ann.account_id}


def test_without_a_free_slot_the_queue_is_served_in_order_when_one_is_handed_back(
    ium: RunningIum, people: list[Person]
) -> None:
    ann, ben, carl, dora = people
    for holder in (ann, ben):
        holder.until("active")
    assert carl.reconnect()["position"] == 1
    waiting = dora.reconnect()
    assert (waiting["state"], waiting["position"], waiting["redirect_url"]) == ("queued", 2, None)
    assert 0 < waiting["retry_after"] <= 60
    ann.hands_back()
    carl.until("active")
    assert dora.state()["position"] == 1
    ben.hands_back()
    dora.until("active")
    assert ium.members() == {carl.account_id, dora.account_id}


def test_the_sweep_warns_an_idle_holder_takes_the_slot_and_leaves_the_active_one(
    ium: RunningIum, people: list[Person]
) -> None:
    ann, ben, carl, _ = people
    for holder in (ann, ben):
        holder.until("active")
    carl.reconnect()
    ium.time_passes(2 * HOUR)
    ben.works()
    warned = wait_for(
        lambda: (d := ann.state())["reason"] == "warned" and d, 60, "ann is warned by Beat"
    )
    assert warned["revoke_at"] > warned["warned_at"]
    assert ann.account_id in ium.members()
    ium.time_passes(90, only="warned_at__isnull=False")
    carl.until("active", 30)
    lost = ann.until("none", asks=False)
    assert (lost["reason"], lost["automatic"]) == ("sweep", False)
    assert ium.members() == {ben.account_id, carl.account_id}


def test_activity_after_the_warning_keeps_the_slot(ium: RunningIum, people: list[Person]) -> None:
    ann = people[0]
    ann.until("active")
    ium.time_passes(2 * HOUR)
    wait_for(lambda: ann.state()["reason"] == "warned", 60, "ann is warned by Beat")
    kept = ann.works()
    assert (kept["reason"], kept["revoke_at"]) == ("active", None)
    time.sleep(12)  # one run of the sweep: the only way to see that nothing happens
    assert ann.state()["state"] == "active"


def test_with_reclaim_a_request_takes_the_longest_idle_slot_without_a_warning(
    ium: RunningIum, people: list[Person]
) -> None:
    ann, ben, carl, _ = people
    ium.option(reclaim_on_request=True, automatic_login=True, sweep_interval_minutes=720)
    for holder in (ann, ben):
        holder.until("active")
    ium.time_passes(2 * HOUR, only=f"holder__account_id='{ann.account_id}'")
    carl.until("active")
    assert ium.members() == {ben.account_id, carl.account_id}
    lost = ann.until("none", asks=False)
    assert (lost["reason"], lost["automatic"]) == ("reclaim", True)


def test_jira_away_keeps_everybody_and_goes_on_by_itself(
    ium: RunningIum, people: list[Person]
) -> None:
    ann, ben, _, _ = people
    ann.until("active")
    ium.fault(match={"method": ".*", "path": "/admin/.*"}, kind="status", status=503, rate=1)
    ben.reconnect()
    told = wait_for(
        lambda: (d := ben.reconnect())["reason"] == "jira_down" and d, 40, "ben is told"
    )
    assert told["state"] in {"granting", "queued"}
    assert requests.get(f"{ium.url}/readyz", timeout=5).status_code == 503
    assert ann.state()["state"] == "active"
    ium.fault(match={}, kind="none")
    ben.until("active", 45)
    assert ium.is_ready()
    assert ium.members() == {ann.account_id, ben.account_id}


def test_a_call_cut_after_its_effect_is_read_back_and_not_repeated_blindly(
    ium: RunningIum, people: list[Person]
) -> None:
    ann = people[0]
    ium.fault(match={"method": "POST", "path": ".*/memberships"}, kind="drop_after_apply", times=1)
    ann.until("active", 30)
    assert ium.members() == {ann.account_id}


def test_the_limit_can_be_lowered_below_use_and_only_falls(
    ium: RunningIum, people: list[Person]
) -> None:
    ann, ben, carl, _ = people
    for holder in (ann, ben):
        holder.until("active")
    ium.option(assigned_licences=1)
    carl.reconnect()
    ann.hands_back()
    wait_for(lambda: ium.members() == {ben.account_id}, 20, "one member")
    time.sleep(1)
    assert carl.reconnect()["state"] == "queued"
    assert ium.members() == {ben.account_id}
    ben.hands_back()
    carl.until("active")
