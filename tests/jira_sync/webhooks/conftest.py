"""A site with a webhook, a person, and events as Jira sends them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from ium.directory.models import User
from jira_sync.simulator.webhooks import signature
from jira_sync.webhooks.models import SiteWebhook
from jira_sync.webhooks.services import webhook_renew
from slots.models import LicencePool
from tests.conftest import Now
from tests.factories import AT, PoolFactory, member


@pytest.fixture(autouse=True)
def clock(intake: None, utc_now: Now, monkeypatch: pytest.MonkeyPatch) -> Now:
    """The clock of the server, standing still at `at`; nothing was counted before, and no window ends."""
    monkeypatch.setattr("slots.api.throttles.time.time", lambda: 1_800_000_000.0)
    caches["counters"].clear()
    return utc_now


@pytest.fixture
def pool(clock: Now) -> LicencePool:
    """A pool of one licence."""
    made: LicencePool = PoolFactory.create(key="jira", assigned_licences=1)
    return made


@pytest.fixture
def ada(pool: LicencePool) -> User:
    """An IUM user."""
    return member(pool, display_name="Ada")


@dataclass
class Sender:
    """Jira's side of a webhook."""

    webhook: SiteWebhook
    secret: str
    client: Client = field(default_factory=Client)

    def post(self, body: bytes, secret: str | None = None, **headers: str) -> Any:
        """Deliver a body, signed with a secret."""
        signed = {"x-hub-signature": signature(self.secret if secret is None else secret, body)}
        return self.client.post(
            f"/webhooks/jira/{self.webhook.key}",
            body,
            content_type="application/json; charset=UTF-8",
            headers=signed | headers,
        )

    def tell(self, event: dict[str, Any], **how: Any) -> int:
        """Deliver an event; return the status."""
        return int(self.post(json.dumps(event).encode(), **how).status_code)


@pytest.fixture
def jira(pool: LicencePool) -> Sender:
    """Jira, which knows the secret."""
    webhook, secret = webhook_renew(site_id=pool.site_id, at=AT)
    return Sender(webhook, secret)


def actor(user: User | str, kind: str = "atlassian") -> dict[str, Any]:
    """Return a person as events name them."""
    account_id = user if isinstance(user, str) else user.account_id
    return {"accountId": account_id, "accountType": kind, "displayName": "Ada", "active": True}


def issue_event(
    user: User | str,
    at: datetime = AT,
    *,
    event: str = "jira:issue_updated",
    kind: str = "atlassian",
    type_key: str | None = "software",
) -> dict[str, Any]:
    """Return an event of an issue, as in Atlassian's documentation."""
    project = {"id": "10000", "key": "DEMO", "name": "Demo"}
    if type_key is not None:
        project["projectTypeKey"] = type_key
    return {
        "timestamp": int(at.timestamp() * 1000),
        "webhookEvent": event,
        "issue_event_type_name": "issue_generic",
        "user": actor(user, kind),
        "issue": {"id": "1", "key": "DEMO-1", "fields": {"summary": "x", "project": project}},
        "changelog": {"id": "1", "items": []},
    }


def ago(**time: float) -> datetime:
    """Return a moment before AT."""
    return AT - timedelta(**time)
