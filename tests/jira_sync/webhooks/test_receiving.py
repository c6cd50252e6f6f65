"""Events of Jira: what counts, what does not, and what nobody can make IUM believe."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from rest_framework.test import APIClient

from activity.models import LastActivity, Source
from ium.directory.models import AccountStatus, Product, Project, User
from jira_sync.webhooks.models import SiteWebhook, WebhookEvent
from jira_sync.webhooks.services import (
    OVERLAP,
    webhook_events_prune,
    webhook_remove,
    webhook_renew,
)
from slots.models import LicencePool, Slot
from tests.conftest import Now
from tests.factories import (
    AT,
    FakeJira,
    PoolFactory,
    events_of,
    member,
    minutes,
    seconds,
    slot_of,
    token_for,
)
from tests.jira_sync.webhooks.conftest import Sender, actor, ago, issue_event

pytestmark = pytest.mark.django_db


def last(user: User) -> tuple[datetime, str] | None:
    """Return when the person was last active, and from which source."""
    rows = LastActivity.objects.filter(user=user)
    return rows.values_list("last_active_at", "source").first()


def test_editing_an_issue_counts_with_the_time_of_the_event(jira: Sender, ada: User) -> None:
    assert jira.tell(issue_event(ada, ago(minutes=7))) == 204
    assert last(ada) == (ago(minutes=7), Source.WEBHOOK)


@pytest.mark.parametrize("part", ["comment", "worklog"])
@pytest.mark.parametrize("role", ["author", "updateAuthor"])
def test_comments_and_worklogs_count_for_who_wrote_them_last(
    jira: Sender, ada: User, pool: LicencePool, part: str, role: str
) -> None:
    other = member(pool)
    people = {"author": actor(other), role: actor(ada)}
    event = issue_event(other) | {"webhookEvent": f"{part}_updated", part: people}
    del event["user"]
    assert jira.tell(event) == 204
    assert last(ada) is not None
    assert (last(other) is not None) is False


def test_older_evidence_never_replaces_newer(jira: Sender, ada: User, pool: LicencePool) -> None:
    token = token_for(ada)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    client.post("/api/v1/activity", {"idle_seconds": 60}, format="json")
    jira.tell(issue_event(ada, ago(minutes=20)))
    assert last(ada) == (ago(minutes=1), Source.EXTENSION)
    jira.tell(issue_event(ada, ago(seconds=30)))
    assert last(ada) == (ago(seconds=30), Source.WEBHOOK)


def test_an_event_ahead_of_our_clock_counts_as_now(jira: Sender, ada: User) -> None:
    assert jira.tell(issue_event(ada, AT + minutes(4))) == 204
    assert last(ada) == (AT, Source.WEBHOOK)


@pytest.mark.parametrize("at", [AT - minutes(61), AT + minutes(6), AT + timedelta(days=900)])
def test_what_is_too_old_or_too_far_ahead_does_not_count(
    jira: Sender, ada: User, at: datetime
) -> None:
    assert jira.tell(issue_event(ada, at)) == 204
    assert last(ada) is None
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize("kind", ["app", "customer", "unknown", "", None])
def test_nobody_but_people_counts(jira: Sender, ada: User, kind: Any) -> None:
    assert jira.tell(issue_event(ada, kind=kind)) == 204
    event = issue_event(ada)
    del event["user"]["accountType"]
    assert jira.tell(event) == 204
    assert last(ada) is None


@pytest.mark.parametrize(
    "event",
    [
        "project_created",
        "user_updated",
        "comment_deleted",
        "jira:version_released",
        "issue_updated",
    ],
)
def test_other_events_are_no_work(jira: Sender, ada: User, event: str) -> None:
    assert jira.tell(issue_event(ada, event=event)) == 204
    assert last(ada) is None


def test_somebody_unknown_or_closed_is_left_alone(jira: Sender, ada: User) -> None:
    assert jira.tell(issue_event("712020:nobody")) == 204
    User.objects.filter(pk=ada.pk).update(account_status=AccountStatus.SUSPENDED)
    assert jira.tell(issue_event(ada)) == 204
    assert not LastActivity.objects.exists()


@pytest.mark.parametrize(
    ("type_key", "product"),
    [
        ("software", Product.JIRA),
        ("business", Product.JIRA),
        (None, Product.JIRA),
        ("service_desk", Product.SERVICE_MANAGEMENT),
        ("product_discovery", None),
    ],
)
def test_work_counts_in_the_pool_of_its_product_only(
    jira: Sender, ada: User, pool: LicencePool, type_key: str | None, product: Product | None
) -> None:
    PoolFactory.create(site=pool.site, product=Product.SERVICE_MANAGEMENT)
    assert jira.tell(issue_event(ada, type_key=type_key)) == 204
    found = list(LastActivity.objects.values_list("product", flat=True))
    assert found == ([product] if product else [])


def test_a_type_that_jira_does_not_name_is_taken_from_the_mirror(
    jira: Sender, ada: User, pool: LicencePool
) -> None:
    Project.objects.create(site=pool.site, key="DEMO", type_key="service_desk")
    assert jira.tell(issue_event(ada, type_key=None)) == 204
    assert last(ada) is None
    assert jira.tell(issue_event(ada, type_key="software")) == 204
    assert last(ada) is not None


def test_work_on_one_site_counts_for_no_other(jira: Sender, ada: User) -> None:
    other = PoolFactory.create()
    jira.tell(issue_event(ada))
    assert not LastActivity.objects.filter(site=other.site).exists()


def test_work_after_a_warning_keeps_the_slot(jira: Sender, pool: LicencePool, clock: Now) -> None:
    holder = FakeJira().holder(pool)
    warned = AT + minutes(60)
    Slot.objects.update(warned_at=warned, revoke_at=warned + seconds(60))
    clock.at = warned + seconds(30)
    jira.tell(issue_event(holder, warned - seconds(5)))
    assert slot_of(holder).warned_at is None, "that activity ends the hour later"
    Slot.objects.update(warned_at=warned, revoke_at=warned + seconds(60))
    jira.tell(issue_event(holder, warned + seconds(20)))
    assert slot_of(holder).warned_at is None
    assert events_of(holder).count("kept") == 2


# --- who may send --------------------------------------------------------------------------------


def test_the_same_body_counts_once_whatever_else_it_comes_with(
    jira: Sender, ada: User, clock: Now
) -> None:
    body = json.dumps(issue_event(ada)).encode()
    jira.post(body, **{"x-atlassian-webhook-identifier": "a"})
    LastActivity.objects.all().delete()
    clock.at = AT + minutes(2)
    answer = jira.post(body, **{"x-atlassian-webhook-identifier": "b"})
    assert answer.status_code == 204
    assert last(ada) is None
    assert WebhookEvent.objects.count() == 1


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        "sha256=" + "0" * 64,
        "sha1=" + "0" * 40,
        "sha256=" + "é" * 64,
        "sha256=" + "0" * 65,
    ],
)
def test_without_the_right_signature_nothing_counts(
    jira: Sender, ada: User, header: str | None
) -> None:
    headers = {"x-hub-signature": header} if header is not None else {}
    answer = jira.client.post(
        f"/webhooks/jira/{jira.webhook.key}",
        json.dumps(issue_event(ada)),
        content_type="application/json",
        headers=headers,
    )
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert last(ada) is None
    jira.webhook.refresh_from_db()
    assert (jira.webhook.refused_at, jira.webhook.heard_at) == (AT, None)


def test_the_secret_of_another_site_signs_nothing_here(jira: Sender, ada: User) -> None:
    _other, secret = webhook_renew(site_id=PoolFactory.create().site_id, at=AT)
    for wrong in (secret, "", jira.secret + " ", jira.secret.upper()):
        assert jira.tell(issue_event(ada), secret=wrong) == 403
    assert last(ada) is None


def test_a_changed_body_is_refused(jira: Sender, ada: User) -> None:
    from jira_sync.simulator.webhooks import signature

    body = json.dumps(issue_event(ada)).encode()
    changed = body.replace(b"DEMO-1", b"DEMO-2")
    answer = jira.client.post(
        f"/webhooks/jira/{jira.webhook.key}",
        changed,
        content_type="application/json",
        headers={"x-hub-signature": signature(jira.secret, body)},
    )
    assert answer.status_code == 403


def test_a_new_secret_leaves_the_old_one_a_day(jira: Sender, ada: User, clock: Now) -> None:
    old = jira.secret
    _webhook, new = webhook_renew(site_id=jira.webhook.site_id, at=AT)
    assert new != old
    clock.at = AT + OVERLAP - seconds(1)
    assert jira.tell(issue_event(ada, clock.at), secret=old) == 204
    assert jira.tell(issue_event(ada, clock.at), secret=new) == 204
    clock.at = AT + OVERLAP
    assert jira.tell(issue_event(ada, clock.at), secret=old) == 403
    assert jira.tell(issue_event(ada, clock.at + seconds(1)), secret=new) == 204


def test_a_removed_webhook_is_not_found(jira: Sender, ada: User) -> None:
    assert webhook_remove(site_id=jira.webhook.site_id)
    assert not webhook_remove(site_id=jira.webhook.site_id)
    assert jira.tell(issue_event(ada)) == 404


@pytest.mark.parametrize("key", ["1", "x" * 500, "é", "%00", "..", "' OR 1=1"])
def test_an_address_nobody_has_is_not_found(jira: Sender, key: str) -> None:
    assert Client().post(f"/webhooks/jira/{key}").status_code in {400, 404}


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_post_is_taken(jira: Sender, method: str) -> None:
    assert getattr(Client(), method)(f"/webhooks/jira/{jira.webhook.key}").status_code == 405


# --- limits --------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused(jira: Sender, settings: Any) -> None:
    answer = jira.post(b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1))
    assert answer.status_code == 413


def test_too_many_events_are_sent_again_later(jira: Sender, ada: User, settings: Any) -> None:
    settings.IUM_THROTTLES = {**settings.IUM_THROTTLES, "webhooks": 2}
    told = [jira.tell(issue_event(ada, ago(minutes=n))) for n in range(4)]
    assert told[:2] == [204, 204]
    assert 429 in told


def test_wrong_signatures_slow_down_nobody_who_has_the_right_one(
    jira: Sender, ada: User, settings: Any
) -> None:
    settings.IUM_THROTTLES = {**settings.IUM_THROTTLES, "wrong_webhooks": 2}
    told = [jira.tell(issue_event(ada), secret="wrong") for _ in range(5)]
    assert told[0] == 403
    assert 429 in told
    assert jira.tell(issue_event(ada)) == 204


def test_a_busy_database_asks_jira_to_send_it_again(
    jira: Sender, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(**_: Any) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr("jira_sync.webhooks.services.slot_activity", locked)
        assert jira.tell(issue_event(ada)) == 503
    assert jira.tell(issue_event(ada)) == 204
    assert last(ada) is not None, "the failed try did not use the event up"


def test_events_are_forgotten_when_they_cannot_come_again(jira: Sender, ada: User) -> None:
    jira.tell(issue_event(ada))
    assert webhook_events_prune(at=AT + minutes(64)) == 0
    assert webhook_events_prune(at=AT + minutes(66)) == 1


def test_the_last_event_is_noted_once_a_minute(
    jira: Sender, ada: User, clock: Now, django_assert_max_num_queries: Any
) -> None:
    jira.tell(issue_event(ada))
    assert SiteWebhook.objects.get().heard_at == AT
    clock.at = AT + seconds(50)
    jira.tell(issue_event(ada, clock.at))
    assert SiteWebhook.objects.get().heard_at == AT
    clock.at = AT + seconds(70)
    with django_assert_max_num_queries(16):
        jira.tell(issue_event(ada, clock.at))
    assert SiteWebhook.objects.get().heard_at == clock.at
