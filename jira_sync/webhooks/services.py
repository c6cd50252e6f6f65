"""The only writes about webhooks: making and renewing the secret, and taking events."""

import hashlib
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.db.models import Q

from activity.models import LastActivity, Source
from ium.directory.models import AccountStatus, Product, Site, User
from ium.lib.errors import Refused
from jira_sync.webhooks.models import SiteWebhook, WebhookEvent
from jira_sync.webhooks.parsing import Work, work_in
from jira_sync.webhooks.signature import is_signed, new_key, new_secret
from slots.services import slot_activity

# Jira repeats failed deliveries for up to about half an hour; what is older comes from somebody else.
OLDEST = timedelta(hours=1)
# Jira's clock may be ahead of ours by this much. Such an event counts as now.
AHEAD = timedelta(minutes=5)
# How long the old secret is good after a new one was made: time to enter it in Jira.
OVERLAP = timedelta(days=1)
# "Last heard" is shown in minutes: writing it for every event would only cost.
NOTE_STEP = timedelta(minutes=1)
PRUNE_BATCH = 5000
# By the type of the project; None: no product whose licences can be shared. Everything else is Jira.
PRODUCTS: dict[str, Product | None] = {
    "service_desk": Product.SERVICE_MANAGEMENT,
    "product_discovery": None,
}

Outcome = Literal[
    "counted", "not_work", "too_old", "ahead", "known", "repeated", "unknown", "no_pool"
]


class NotSigned(Refused):
    """The signature is missing or wrong: not from this site, or made with another secret."""

    code = "not_signed"
    status = 403


@transaction.atomic
def webhook_renew(*, site_id: int, at: datetime) -> tuple[SiteWebhook, str]:
    """Make the site's webhook, or give it a new secret; return it with the secret, which is never shown again."""
    Site.objects.select_for_update(no_key=True).get(pk=site_id)
    secret = new_secret()
    webhook = SiteWebhook.objects.filter(site_id=site_id).first()
    if webhook is None:
        made = SiteWebhook.objects.create(
            site_id=site_id, key=new_key(), secret=secret, secret_at=at
        )
        return made, secret
    webhook.previous_secret, webhook.previous_until = webhook.secret, at + OVERLAP
    webhook.secret, webhook.secret_at = secret, at
    webhook.save(update_fields=["secret", "secret_at", "previous_secret", "previous_until"])
    return webhook, secret


@transaction.atomic
def webhook_remove(*, site_id: int) -> bool:
    """Take the site's webhook away: its address and its secrets stop working. Returns whether there was one."""
    return bool(SiteWebhook.objects.filter(site_id=site_id).delete()[0])


def webhook_receive(
    *, webhook: SiteWebhook, body: bytes, signature: str | None, at: datetime
) -> Outcome:
    """Take one delivery; return what became of it. Repeating is harmless: the same body counts once.

    Raises NotSigned, BadInput for what Jira does not send, Busy.
    """
    if not is_signed(body, signature, _secrets(webhook, at)):
        _note(webhook, "refused_at", at)
        raise NotSigned("The signature does not fit.")
    _note(webhook, "heard_at", at)
    work = work_in(body)
    if work is None:
        return "not_work"
    if work.at < at - OLDEST:
        return "too_old"
    if work.at > at + AHEAD:
        return "ahead"
    return _count(webhook, body, work, at)


def _secrets(webhook: SiteWebhook, at: datetime) -> list[str]:
    is_kept = webhook.previous_until is not None and at < webhook.previous_until
    return [webhook.secret, webhook.previous_secret] if is_kept else [webhook.secret]


def _note(webhook: SiteWebhook, column: str, at: datetime) -> None:
    stale = Q(**{column: None}) | Q(**{f"{column}__lt": at - NOTE_STEP})
    known = getattr(webhook, column)
    if known is None or known < at - NOTE_STEP:
        SiteWebhook.objects.filter(stale, pk=webhook.pk).update(**{column: at})


@transaction.atomic
def _count(webhook: SiteWebhook, body: bytes, work: Work, at: datetime) -> Outcome:
    """Write the activity, once. What fails takes the note of the event back, and Jira repeats it."""
    user = User.objects.filter(
        account_id=work.account_id, account_status=AccountStatus.ACTIVE
    ).first()
    if user is None:
        return "unknown"
    product = _product(webhook, work)
    pools = list(webhook.site.pools.filter(product=product).select_related("site").order_by("pk"))
    if not pools:
        return "no_pool"
    # Whoever was seen later, by the extension for example, needs no event; and its source stays the one shown.
    seen = LastActivity.objects.filter(user=user, site=webhook.site_id, product=product)
    if seen.filter(last_active_at__gte=work.at).exists():
        return "known"
    # The body is what was signed; the identifier in a header could be changed by whoever repeats it.
    digest = hashlib.sha256(body).hexdigest()
    _event, is_new = WebhookEvent.objects.get_or_create(
        webhook=webhook, digest=digest, defaults={"received_at": at}
    )
    if not is_new:
        return "repeated"
    for pool in pools:
        idle = max(at - work.at, timedelta(0))
        slot_activity(user=user, pool=pool, idle=idle, source=Source.WEBHOOK, at=at)
    return "counted"


def _product(webhook: SiteWebhook, work: Work) -> Product | None:
    """Return the product whose licence the work took; a project whose type nobody knows counts as Jira."""
    type_key = work.project_type
    if type_key is None and work.project_key is not None:
        known = webhook.site.projects.filter(key=work.project_key)
        type_key = known.values_list("type_key", flat=True).first()
    return PRODUCTS.get(type_key or "", Product.JIRA)


def webhook_events_prune(*, at: datetime) -> int:
    """Forget events that are too old to be taken again; return how many."""
    forgotten = 0
    while True:
        old = WebhookEvent.objects.filter(received_at__lt=at - OLDEST - AHEAD)
        keys = list(old.order_by("pk").values_list("pk", flat=True)[:PRUNE_BATCH])
        forgotten += WebhookEvent.objects.filter(pk__in=keys).delete()[0]
        if len(keys) < PRUNE_BATCH:
            return forgotten
