"""Telling administrators of waits and alerts: once per episode, and once when it is over.

Deciding is a transaction and writes rows; sending is outside of any, from the rows, and repeated until it works.
After a crash in between a message comes twice, never not at all.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F

from ium.directory.models import Site
from ium.lib.webhook import WebhookFailedError, webhook_send
from slots.models import Channel, Event, LicencePool, Notice, NoticeKind
from slots.services.journal import journal_write
from slots.services.notice_texts import payload_of, subject_of, text_of
from slots.services.pools import pool_lock

log = logging.getLogger(__name__)
# While one worker sends, no other does; longer than any attempt takes.
CLAIM = timedelta(minutes=2)
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=1)
SENT_AT_ONCE = 20


@transaction.atomic
def wait_watch(*, pool_id: int, at: datetime) -> bool:
    """Note when the longest wait of people who are there passes the pool's limit, and when it is over.

    An episode is over when nobody waits longer than half the limit: otherwise every person would be one. Returns
    whether something was noted.
    """
    if not _concerns(pool_id):
        return False
    pool = pool_lock(pool_id)
    oldest = pool.entries.alive(at).order_by("joined_at").values_list("joined_at", flat=True)
    longest = max(timedelta(0), at - (oldest.first() or at))
    limit = timedelta(minutes=pool.wait_alert_minutes)
    if pool.wait_alert_since is None:
        return bool(limit) and longest >= limit and _begin(pool, longest, at)
    return (not limit or longest <= limit / 2) and _end(pool, at)


def _concerns(pool_id: int) -> bool:
    """Look without the lock whether the pool has a limit, or an episode that could end."""
    pools = LicencePool.objects.filter(pk=pool_id)
    return pools.exclude(wait_alert_minutes=0, wait_alert_since=None).exists()


def _begin(pool: LicencePool, longest: timedelta, at: datetime) -> bool:
    LicencePool.objects.filter(pk=pool.pk).update(wait_alert_since=at)
    waited = round(longest.total_seconds())
    waiting = pool.entries.alive(at).count()
    journal_write(event=Event.WAIT_LONG, at=at, pool=pool, waited_seconds=waited, waiting=waiting)
    details = {"longest_wait_seconds": waited, "waiting": waiting}
    _write(pool, NoticeKind.WAIT_LONG, at, details)
    return True


def _end(pool: LicencePool, at: datetime) -> bool:
    since = pool.wait_alert_since or at
    LicencePool.objects.filter(pk=pool.pk).update(wait_alert_since=None)
    lasted = round((at - since).total_seconds())
    journal_write(event=Event.WAIT_OVER, at=at, pool=pool, seconds=lasted)
    _write(pool, NoticeKind.WAIT_OVER, at, {"lasted_seconds": lasted})
    return True


def _write(pool: LicencePool, kind: NoticeKind, at: datetime, details: dict[str, Any]) -> None:
    whole = {"limit_minutes": pool.wait_alert_minutes, **details}
    notice_write(pool=pool, kind=kind, at=at, details=whole)


def notice_write(
    *, pool: LicencePool, kind: NoticeKind, at: datetime, details: dict[str, Any]
) -> int:
    """Write a message for every channel that the pool has; return how many. They are sent afterwards."""
    channels = [Channel.MAIL] if addresses_of(pool.site) else []
    if pool.wait_alert_webhook:
        channels.append(Channel.WEBHOOK)
    Notice.objects.bulk_create(
        Notice(
            pool=pool,
            kind=kind,
            channel=channel,
            created_at=at,
            next_attempt_at=at,
            details=details,
        )
        for channel in channels
    )
    return len(channels)


def addresses_of(site: Site) -> list[str]:
    """Return who is told by mail: the site's addresses, else the installation's administrators."""
    own = [line.strip() for line in site.alert_emails.splitlines() if line.strip()]
    return own or [address for _name, address in settings.ADMINS]


def notices_send(*, at: datetime) -> int:
    """Send what is due; return how many went out."""
    due = Notice.objects.due(at).select_related("pool__site")[:SENT_AT_ONCE]
    return sum(_send(notice, at) for notice in list(due))


def _send(notice: Notice, at: datetime) -> bool:
    """Claim a notice and send it. The outcome is a row whatever happens."""
    unsent = Notice.objects.unsent().filter(pk=notice.pk)
    mine = unsent.filter(next_attempt_at=notice.next_attempt_at).update(
        next_attempt_at=at + CLAIM, attempts=F("attempts") + 1
    )
    if not mine:
        return False
    try:
        _SENDERS[Channel(notice.channel)](notice, at)
    except (SMTPException, OSError, ValueError, WebhookFailedError) as error:
        reason = str(error) if isinstance(error, WebhookFailedError) else type(error).__name__
        log.warning("Notice %s could not be sent (%s)", notice.pk, reason)
        _postpone(notice, reason, at)
        return False
    unsent.update(sent_at=at, last_error="")
    return True


def _postpone(notice: Notice, reason: str, at: datetime) -> None:
    wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(notice.attempts, 10))
    over = at >= notice.created_at + GIVE_UP_AFTER
    Notice.objects.filter(pk=notice.pk).update(
        next_attempt_at=at + wait, last_error=reason, given_up_at=at if over else None
    )


def _mail(notice: Notice, at: datetime) -> None:
    EmailMessage(subject_of(notice), text_of(notice), to=addresses_of(notice.pool.site)).send()


def _webhook(notice: Notice, at: datetime) -> None:
    webhook_send(
        url=notice.pool.wait_alert_webhook,
        secret=settings.IUM_WEBHOOK_SECRET,
        previous=settings.IUM_WEBHOOK_SECRET_PREVIOUS,
        message_id=f"ium-notice-{notice.pk}",
        payload=payload_of(notice),
        at=at,
    )


_SENDERS = {Channel.MAIL: _mail, Channel.WEBHOOK: _webhook}
