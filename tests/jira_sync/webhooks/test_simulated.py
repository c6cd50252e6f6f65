"""The simulated Jira delivers to a live IUM over real HTTP: somebody edits an issue and counts as active."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from activity.models import LastActivity, Source
from ium.demo.webhook import demo_webhook
from ium.lib import clock
from jira_sync.simulator import credentials
from jira_sync.webhooks.services import webhook_renew
from tests.factories import PoolFactory, SiteFactory, UserFactory
from tests.simulator.process import SimulatorProcess, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jira's clock and ours are the same one here."""
    from datetime import UTC, datetime

    monkeypatch.setattr("ium.lib.clock.now", lambda: datetime.now(UTC))


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    """A simulated Jira."""
    with running("--delay", "0") as process:
        yield process


def outcome(simulator: SimulatorProcess) -> dict[str, int]:
    """Return what became of the deliveries, once one has an end."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        state: dict[str, int] = simulator.state()["webhooks"][-1]
        if state["delivered"] or state["refused"]:
            return state
        time.sleep(0.02)
    raise AssertionError(simulator.state()["webhooks"])


def test_editing_an_issue_reaches_ium(live_server: LiveServer, simulator: SimulatorProcess) -> None:
    pool = PoolFactory.create()
    user = UserFactory.create(account_id=credentials.MEMBER)
    webhook, secret = webhook_renew(site_id=pool.site_id, at=clock.now())
    address = f"{live_server.url}/webhooks/jira/{webhook.key}"
    simulator.order("webhooks", url=address, secret=secret)

    simulator.order("edit", accountId=credentials.MEMBER, issue="DEMO-1")

    assert outcome(simulator)["delivered"] == 1
    found = LastActivity.objects.get(user=user)
    assert (found.source, found.product) == (Source.WEBHOOK, "jira-software")
    assert abs((clock.now() - found.last_active_at).total_seconds()) < 30


def test_another_secret_is_refused_and_not_sent_again(
    live_server: LiveServer, simulator: SimulatorProcess
) -> None:
    pool = PoolFactory.create()
    UserFactory.create(account_id=credentials.MEMBER)
    webhook, _secret = webhook_renew(site_id=pool.site_id, at=clock.now())
    simulator.order("reset")
    simulator.order("webhooks", url=f"{live_server.url}/webhooks/jira/{webhook.key}", secret="no")

    simulator.order("edit", accountId=credentials.MEMBER, issue="DEMO-1")

    assert outcome(simulator)["refused"] == 1
    assert not LastActivity.objects.exists()


def test_the_demo_enters_its_webhook_once_and_again_only_when_it_is_gone(
    live_server: LiveServer, simulator: SimulatorProcess, settings: Any
) -> None:
    settings.IUM_SELF_URL = live_server.url
    pool = PoolFactory.create(site=SiteFactory.create(url=simulator.url, api_url=simulator.url))
    UserFactory.create(account_id=credentials.MEMBER)
    simulator.order("reset")
    first = demo_webhook(pool.site, credentials.printable())
    again = demo_webhook(pool.site, credentials.printable())
    assert (again.pk, again.secret) == (first.pk, first.secret)
    assert len(simulator.state()["webhooks"]) == 1
    simulator.order("reset")
    assert demo_webhook(pool.site, credentials.printable()).secret != first.secret

    simulator.order("edit", accountId=credentials.MEMBER, issue="OPS-1")

    assert outcome(simulator)["delivered"] == 1
    assert LastActivity.objects.get().source == Source.WEBHOOK
