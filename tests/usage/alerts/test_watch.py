"""Alerts: one message when something begins, one when it is over, none in quiet hours."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from ium.directory.models import Device
from ium.lib.errors import Refused
from slots.models import AlertKind, AlertRule, JobRun, JournalEntry, LicencePool, Notice
from slots.sentences import sentence
from slots.services import alert_test, alert_watch, notices_send, slot_release
from tests.factories import FakeJira, active, holder, member, minutes, token_for

pytestmark = pytest.mark.django_db


def rule(pool: LicencePool, kind: AlertKind, threshold: int, **fields: Any) -> AlertRule:
    """Make a rule."""
    return AlertRule.objects.create(pool=pool, kind=kind, threshold=threshold, **fields)


def watch(pool: LicencePool, start: datetime, *offsets: float) -> list[str]:
    """Look at these minutes after `start`; return what was told, in order."""
    for offset in offsets:
        alert_watch(pool_id=pool.pk, at=start + minutes(offset))
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def every_minute(first: int, last: int) -> list[float]:
    """Return the minutes from first to last."""
    return [float(number) for number in range(first, last + 1)]


def test_a_pool_that_stays_full_is_told_once_and_its_end_once(
    pool: LicencePool, at: datetime, jira: FakeJira
) -> None:
    rule(pool, AlertKind.FULL, 10)
    ann = jira.holder(pool, at)
    assert watch(pool, at, *every_minute(0, 9)) == []
    assert watch(pool, at, *every_minute(10, 40)) == ["alert"]
    slot_release(user=ann, pool=pool, at=at + minutes(40))
    jira.settle(at + minutes(40))
    assert watch(pool, at, *every_minute(41, 50)) == ["alert"]
    assert watch(pool, at, *every_minute(51, 60)) == ["alert", "alert_over"]
    assert AlertRule.objects.get().since is None


def test_a_pool_that_is_full_only_now_and_then_is_told_of_neither_way(
    pool: LicencePool, at: datetime, jira: FakeJira
) -> None:
    rule(pool, AlertKind.FULL, 3)
    for number in range(4):
        ann = jira.holder(pool, at + minutes(4 * number))
        watch(pool, at, 4 * number, 4 * number + 1)
        slot_release(user=ann, pool=pool, at=at + minutes(4 * number + 2))
        jira.settle(at + minutes(4 * number + 2))
        assert watch(pool, at, 4 * number + 2, 4 * number + 3) == []


def test_time_in_which_nobody_looked_does_not_count(
    pool: LicencePool, at: datetime, jira: FakeJira
) -> None:
    rule(pool, AlertKind.FULL, 10)
    jira.holder(pool, at)
    assert watch(pool, at, 0, 60) == []
    assert watch(pool, at, *every_minute(61, 70)) == ["alert"]


def test_the_mail_says_what_is_and_where_to_look(
    pool: LicencePool, at: datetime, jira: FakeJira
) -> None:
    rule(pool, AlertKind.FULL, 10)
    jira.holder(pool, at)
    watch(pool, at, *every_minute(0, 10))
    assert notices_send(at=at + minutes(11)) == 1
    [message] = mail.outbox
    assert message.subject == "IUM: Jira: no slot is free"
    assert "No slot of Jira has been free for 10 min (slots: 1). People waiting: 0." in message.body
    assert "https://ium.example/admin/slots/queueentry/" in message.body
    entry = JournalEntry.objects.select_related("pool", "user", "actor").latest("pk")
    assert sentence(entry) == "Alert for Jira: no slot is free."


@pytest.mark.parametrize("start", [time(8, 30), time(22)])
def test_in_quiet_hours_nothing_is_told_but_afterwards_if_it_lasts(
    pool: LicencePool, at: datetime, jira: FakeJira, start: time
) -> None:
    rule(pool, AlertKind.FULL, 5, quiet_from=start, quiet_until=time(9, 30))
    jira.holder(pool, at)
    assert watch(pool, at, *every_minute(0, 29)) == []
    assert watch(pool, at, 30) == ["alert"]


def test_what_is_over_before_quiet_hours_end_is_never_told(
    pool: LicencePool, at: datetime, jira: FakeJira
) -> None:
    rule(pool, AlertKind.FULL, 5, quiet_from=time(8), quiet_until=time(9, 30))
    ann = jira.holder(pool, at)
    watch(pool, at, *every_minute(0, 20))
    slot_release(user=ann, pool=pool, at=at + minutes(20))
    jira.settle(at + minutes(20))
    assert watch(pool, at, *every_minute(21, 60)) == []


def test_coverage_is_told_below_the_limit_and_over_only_well_above_it(
    pool: LicencePool, at: datetime
) -> None:
    rule(pool, AlertKind.COVERAGE, 50)
    people = [member(pool) for _ in range(10)]
    for user in people:
        active(user, pool, at)
        token_for(user)

    def heard(number: int) -> None:
        chosen = [user.pk for user in people[:number]]
        Device.objects.filter(user__in=chosen).update(extension_seen_at=at)

    heard(4)
    assert watch(pool, at, 0) == ["alert"]
    heard(5)
    assert watch(pool, at, 61) == ["alert"]
    heard(6)
    assert watch(pool, at, 100) == ["alert"], "read once an hour"
    assert watch(pool, at, 125) == ["alert", "alert_over"]


def test_of_a_few_people_no_percentage_is_told(pool: LicencePool, at: datetime) -> None:
    rule(pool, AlertKind.COVERAGE, 50)
    for _ in range(4):
        active(member(pool), pool, at)
    assert watch(pool, at, 0) == []


def test_a_key_that_ends_soon_is_told_until_it_is_changed(pool: LicencePool, at: datetime) -> None:
    rule(pool, AlertKind.KEY, 14)
    pool.site.org_key_expires_on = date(2026, 3, 16)
    pool.site.save()
    assert watch(pool, at, 0, 1, 2) == ["alert"]
    assert Notice.objects.get().details["days_left"] == 14
    notices_send(at=at)
    assert "ends in 14 days, on 16 March 2026" in mail.outbox[0].body
    pool.site.org_key_expires_on = date(2027, 3, 1)
    pool.site.save()
    assert watch(pool, at, 3, 4) == ["alert", "alert_over"]


def test_jira_that_stays_away_is_told_after_the_time(pool: LicencePool, at: datetime) -> None:
    rule(pool, AlertKind.JIRA, 10)
    pool.site.connection_state, pool.site.connection_changed_at = "refused", at
    pool.site.connection_message = "the key is wrong"
    pool.site.save()
    assert watch(pool, at, 9) == []
    assert watch(pool, at, 10, 11) == ["alert"]
    notices_send(at=at + minutes(11))
    assert "not been usable for 10 min: the key is wrong" in mail.outbox[0].body
    pool.site.connection_state = "ok"
    pool.site.save()
    assert watch(pool, at, 12) == ["alert", "alert_over"]


def test_sweeps_that_do_not_run_are_told(pool: LicencePool, at: datetime) -> None:
    rule(pool, AlertKind.SWEEP, 5)
    run = JobRun.objects.create(name="sweep", finished_at=at)
    assert watch(pool, at, 4) == []
    assert watch(pool, at, 5, 6) == ["alert"]
    run.finished_at = at + minutes(7)
    run.save()
    assert watch(pool, at, 7) == ["alert", "alert_over"]


def test_a_rule_that_is_switched_off_forgets_its_episode(
    pool: LicencePool, at: datetime, jira: FakeJira
) -> None:
    made = rule(pool, AlertKind.FULL, 1)
    jira.holder(pool, at)
    assert watch(pool, at, 0, 1) == ["alert"]
    AlertRule.objects.update(enabled=False)
    assert watch(pool, at, 2) == ["alert"]
    made.refresh_from_db()
    assert made.since is None


def test_a_second_run_at_the_same_time_tells_nothing_twice(
    pool: LicencePool, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule(pool, AlertKind.SWEEP, 5)
    JobRun.objects.create(name="sweep", finished_at=at - timedelta(hours=1))
    from slots.services import alerts

    begin = alerts._begin

    def late(*args: Any) -> bool:
        AlertRule.objects.update(since=at)
        return begin(*args)

    monkeypatch.setattr(alerts, "_begin", late)
    assert watch(pool, at, 0) == []


def test_the_test_message_goes_out_on_every_channel(pool: LicencePool, at: datetime) -> None:
    pool.wait_alert_webhook = "https://hooks.example/ium"
    pool.save()
    assert alert_test(pool_id=pool.pk, at=at) == 2
    assert {notice.channel for notice in Notice.objects.all()} == {"mail", "webhook"}


def test_a_test_message_without_any_channel_says_what_to_do(
    pool: LicencePool, at: datetime
) -> None:
    pool.site.alert_emails = ""
    pool.site.save()
    with pytest.raises(Refused, match="enter e-mail addresses"):
        alert_test(pool_id=pool.pk, at=at)


@pytest.mark.parametrize(
    ("kind", "threshold", "quiet"),
    [
        ("coverage", 101, (None, None)),
        ("forecast", 25, (None, None)),
        ("full", 5, (time(22), None)),
        ("full", 5, (time(22), time(22))),
    ],
)
def test_rules_that_mean_nothing_are_refused(
    pool: LicencePool, kind: str, threshold: int, quiet: tuple[time | None, time | None]
) -> None:
    made = AlertRule(
        pool=pool, kind=kind, threshold=threshold, quiet_from=quiet[0], quiet_until=quiet[1]
    )
    with pytest.raises(ValidationError):
        made.full_clean()


def test_looking_costs_little_without_rules(
    pool: LicencePool, at: datetime, django_assert_num_queries: Any
) -> None:
    holder(pool, at)
    with django_assert_num_queries(1):
        alert_watch(pool_id=pool.pk, at=at)
