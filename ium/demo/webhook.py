"""The demo's webhook: entered in the simulated Jira as an administrator would do it in the real one."""

from typing import Any

import requests
from django.conf import settings
from django.urls import reverse

from ium.directory.models import Site
from ium.lib import clock
from jira_sync.webhooks.models import SiteWebhook
from jira_sync.webhooks.parsing import EVENTS
from jira_sync.webhooks.services import webhook_renew

REGISTER = "/rest/webhooks/1.0/webhook"
TIMEOUT = 10


def demo_webhook(site: Site, credentials: dict[str, Any]) -> SiteWebhook:
    """Make the site's webhook and enter it in the simulated Jira; what is there already stays."""
    session = requests.Session()
    session.auth = (credentials["admin_email"], credentials["api_token"])
    known = SiteWebhook.objects.filter(site=site).first()
    if known is not None and _address(known) in _entered(session, site):
        return known
    webhook, secret = webhook_renew(site_id=site.pk, at=clock.now())
    form = {
        "name": "IUM",
        "url": _address(webhook),
        "events": list(EVENTS),
        "secret": secret,
    }
    session.post(f"{site.url}{REGISTER}", json=form, timeout=TIMEOUT).raise_for_status()
    return webhook


def _address(webhook: SiteWebhook) -> str:
    return f"{settings.IUM_SELF_URL}{reverse('jira-webhook', args=[webhook.key])}"


def _entered(session: requests.Session, site: Site) -> set[str]:
    answer = session.get(f"{site.url}{REGISTER}", timeout=TIMEOUT)
    answer.raise_for_status()
    return {str(row.get("url")) for row in answer.json()}
