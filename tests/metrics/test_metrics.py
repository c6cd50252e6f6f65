"""The numbers for Prometheus: right, without people, and the same cost for any number of them."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis import RedisError

from ium.tasks import advance_totals
from ium.usage.models import CALL_BUCKETS, CallTime
from slots.models import AlertRule, JobRun, JournalEntry, LicencePool
from slots.services import job_run, slot_release
from tests.conftest import Now
from tests.factories import AT, FakeJira, holder, minutes, seconds, slot_of, trusted, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("intake")]


def test_slots_and_queue_of_a_pool(pool: LicencePool, scrape: Any, utc_now: Now) -> None:
    holder(pool, AT)
    waiting(pool, AT)
    utc_now.at = AT + seconds(40)
    told = scrape()
    assert told.get("ium_slots", pool="jira", state="active") == 1
    assert told.get("ium_slots", pool="jira", state="free") == 0
    assert told.get("ium_slot_limit", pool="jira") == 1
    assert told.get("ium_waiting", pool="jira") == 1
    assert told.get("ium_longest_wait_seconds", pool="jira") == 40
    assert told.get("ium_changes_open", pool="jira", kind="addition") == 0


def test_changes_that_jira_has_not_confirmed(pool: LicencePool, scrape: Any, utc_now: Now) -> None:
    waiting(pool, AT)
    utc_now.at = AT + seconds(25)
    told = scrape()
    assert told.get("ium_changes_open", pool="jira", kind="addition") == 1
    assert told.get("ium_change_oldest_seconds", pool="jira") == 25


def test_jira_that_is_down_and_keys_that_end(pool: LicencePool, scrape: Any) -> None:
    assert scrape().get("ium_jira_up", site=pool.site.name) == 1
    pool.site.connection_state, pool.site.org_key_expires_on = "refused", date(2026, 4, 1)
    pool.site.save()
    told = scrape()
    assert told.get("ium_jira_up", site=pool.site.name) == 0
    end = told.get("ium_key_end_timestamp_seconds", site=pool.site.name, key="organisation")
    assert end == (AT + timedelta(days=30) - timedelta(hours=9)).timestamp()


def test_jobs_count_their_runs_and_failures(scrape: Any, utc_now: Now) -> None:
    def fail(_id: int, _at: Any) -> int:
        raise ValueError("no")

    job_run(name="sweep", ids=[1], step=lambda *_: 0)
    with pytest.raises(ValueError, match="no"):
        job_run(name="sweep", ids=[1], step=fail)
    utc_now.at = AT + seconds(90)
    told = scrape()
    assert told.get("ium_job_runs_total", job="sweep") == 2
    assert told.get("ium_job_failures_total", job="sweep") == 1
    assert told.get("ium_job_failures_in_a_row", job="sweep") == 1
    assert told.get("ium_sweep_age_seconds") == 90
    assert told.get("ium_job_success_timestamp_seconds", job="sweep") == AT.timestamp()


def test_activity_that_cannot_be_received(scrape: Any, utc_now: Now) -> None:
    assert scrape().get("ium_activity_trusted") == 1
    utc_now.at = AT + minutes(10)
    told = scrape()
    assert told.get("ium_activity_trusted") == 0
    assert told.get("ium_activity_intake_timestamp_seconds") == AT.timestamp()


def test_the_broker_and_its_queues(scrape: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told = scrape()
    assert told.get("ium_broker_up") == 1
    assert told.get("ium_task_queue_length", queue="jira") == 3

    def away(*_: Any) -> int:
        raise RedisError("away")

    monkeypatch.setattr("tests.metrics.conftest.Broker.llen", away)
    told = scrape()
    assert told.get("ium_broker_up") == 0
    assert told.get("ium_task_queue_length", queue="jira") is None


def test_an_alert_that_lasts(pool: LicencePool, scrape: Any) -> None:
    rule = AlertRule.objects.create(pool=pool, kind="full", threshold=5)
    assert scrape().get("ium_alert_active", pool="jira", kind="full") == 0
    rule.since = AT
    rule.save()
    assert scrape().get("ium_alert_active", pool="jira", kind="full") == 1


def passed(utc_now: Now, number: int = 2) -> None:
    """Let the job run so often, a minute apart."""
    for _ in range(number):
        utc_now.at += minutes(1)
        trusted(utc_now.at)
        advance_totals()


def lost(pool: LicencePool, jira: FakeJira, utc_now: Now) -> None:
    """Give somebody a slot, and let them hand it back."""
    user = jira.holder(pool, utc_now.at)
    slot_release(user=user, pool=pool, at=utc_now.at)
    jira.settle(utc_now.at)


def test_events_are_counted_at_once_and_stay_counted(
    pool: LicencePool, scrape: Any, utc_now: Now, jira: FakeJira
) -> None:
    advance_totals()
    for number in range(1, 4):
        lost(pool, jira, utc_now)
        told = scrape()
        assert told.get("ium_grants_total", pool="jira") == number, "before the job"
        passed(utc_now, number)
        told = scrape()
        assert told.get("ium_grants_total", pool="jira") == number, "after the job"
        assert told.get("ium_losses_total", pool="jira", reason="released") == number
    assert told.get("ium_events_total", pool="jira", event="freed") == 3


def test_an_entry_whose_transaction_ends_late_is_counted(
    pool: LicencePool, scrape: Any, utc_now: Now, jira: FakeJira
) -> None:
    """An entry with a smaller number can be committed after one with a greater number."""
    advance_totals()
    late = JournalEntry.objects.create(at=utc_now.at, pool=pool, event="granted")
    number = late.pk
    late.delete()
    JournalEntry.objects.create(at=utc_now.at, pool=pool, event="granted")
    passed(utc_now, 1)
    JournalEntry.objects.create(pk=number, at=utc_now.at, pool=pool, event="granted")
    passed(utc_now, 2)
    assert scrape().get("ium_grants_total", pool="jira") == 2


def test_counting_begins_with_the_installation_not_with_the_journal(
    pool: LicencePool, scrape: Any, utc_now: Now, jira: FakeJira
) -> None:
    lost(pool, jira, utc_now)
    advance_totals()
    passed(utc_now)
    assert scrape().get("ium_grants_total", pool="jira") == 0


def test_refusals_are_told_by_reason(pool: LicencePool, scrape: Any, utc_now: Now) -> None:
    advance_totals()
    JournalEntry.objects.create(at=AT, pool=pool, event="refused", reason="locked")
    passed(utc_now)
    JournalEntry.objects.create(at=AT, pool=pool, event="refused", reason="locked")
    assert scrape().get("ium_refusals_total", pool="jira", reason="locked") == 2


def test_hand_overs_are_measured_from_the_decision_until_the_next_heard(
    pool: LicencePool, scrape: Any, utc_now: Now, jira: FakeJira
) -> None:
    advance_totals()
    ann = jira.holder(pool, AT)
    ben = waiting(pool, AT + seconds(1))
    slot_release(user=ann, pool=pool, at=AT + seconds(10))
    jira.settle(AT + seconds(12))
    from slots.services import slot_request

    slot_request(user=ben, pool=pool, return_url=None, at=AT + seconds(14))
    assert slot_of(ben).state == "active"
    for _ in range(2):
        told = scrape()
        assert told.get("ium_hand_over_seconds_count", pool="jira") == 1
        assert told.get("ium_hand_over_seconds_sum", pool="jira") == 4
        assert told.get("ium_hand_over_seconds_bucket", pool="jira", le="3.0") == 0
        assert told.get("ium_hand_over_seconds_bucket", pool="jira", le="5.0") == 1
        assert told.get("ium_hand_over_seconds_bucket", pool="jira", le="+Inf") == 1
        passed(utc_now)


def called(pool: LicencePool, hour: Any, count: int, failed: int) -> None:
    """Note calls of an hour, each of 0.2 s."""
    CallTime.objects.create(
        site=pool.site, hour=hour, operation="add_member", count=count, failed=failed,
        seconds_sum=count * 0.2, seconds_max=0.2, buckets=[0, count, *[0] * (len(CALL_BUCKETS) - 1)],
    )  # fmt: skip


def test_calls_never_fall_when_old_hours_are_removed(
    pool: LicencePool, scrape: Any, utc_now: Now
) -> None:
    advance_totals()
    called(pool, AT, 10, 1)
    labels = {"site": pool.site.name, "operation": "add_member"}
    assert scrape().get("ium_jira_calls_total", outcome="ok", **labels) == 9
    utc_now.at = AT + timedelta(hours=3)
    passed(utc_now)
    called(pool, AT + timedelta(hours=3), 5, 0)
    CallTime.objects.filter(hour=AT).delete()
    told = scrape()
    assert told.get("ium_jira_calls_total", outcome="ok", **labels) == 14
    assert told.get("ium_jira_calls_total", outcome="failed", **labels) == 1
    assert told.get("ium_jira_call_seconds_bucket", le="0.25", **labels) == 15
    assert told.get("ium_jira_call_seconds_sum", **labels) == pytest.approx(3)


def test_no_person_is_told(pool: LicencePool, scrape: Any, client: Client) -> None:
    user = holder(pool, AT, display_name="Grace Hopper")
    text = client.get("/metrics").content.decode()
    assert "Grace" not in text
    assert str(user.account_id) not in text


def test_more_people_cost_no_more_queries(pool: LicencePool, scrape: Any) -> None:
    LicencePool.objects.update(assigned_licences=20)
    JobRun.objects.create(name="sweep", finished_at=AT)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            scrape()
        return len(queries)

    first = cost()
    for _ in range(5):
        waiting(pool, AT)
    assert cost() == first <= 30
