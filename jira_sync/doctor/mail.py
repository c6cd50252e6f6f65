"""Telling administrators: what is wrong, once a day while it lasts, and once when it is over.

Mail goes out before it is noted as sent, outside any transaction: after a crash in between it comes twice, never not
at all. A server that fails is tried again by the next run.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.directory.models import Site
from jira_sync.doctor.check_keys import stage
from jira_sync.doctor.check_site import administrators, alert_addresses
from jira_sync.models import Finding, Severity

log = logging.getLogger(__name__)
AGAIN_AFTER = timedelta(days=1)


def mail_findings(*, at: datetime) -> int:
    """Mail what is due, one mail per site and one for the installation; return how many were sent."""
    due: dict[int | None, list[Finding]] = defaultdict(list)
    for finding in _candidates(at):
        if finding.ended_at is not None or _is_due(finding, at):
            due[finding.site_id].append(finding)
    return sum(_send(site_id, findings, at) for site_id, findings in due.items())


def _candidates(at: datetime) -> Iterable[Finding]:
    """Return open findings worth a mail, and ended ones whose end was not told since the last mail."""
    lasting = Q(ended_at=None) & ~Q(severity=Severity.NOTICE)
    told = Q(end_mailed_at=None) | Q(end_mailed_at__lt=F("mailed_at"))
    over = Q(ended_at__isnull=False, mailed_at__isnull=False) & told
    return Finding.objects.filter(lasting | over).select_related("pool").order_by("severity", "pk")


def _is_due(finding: Finding, at: datetime) -> bool:
    if finding.mailed_at is None:
        return True
    rule = _OWN_RULES.get(finding.code)
    return rule(finding, at) if rule else at - finding.mailed_at >= AGAIN_AFTER


def _nearer_its_end(finding: Finding, at: datetime) -> bool:
    """Tell whether a key that ends has come to the next of its reminders since the last mail."""
    sites = Site.objects.filter(findings=finding)
    expires_on = sites.values_list(f"{finding.subject}_expires_on", flat=True).first()
    if expires_on is None or finding.mailed_at is None:
        return False
    left, before = (expires_on - at.date()).days, (expires_on - finding.mailed_at.date()).days
    return stage(left) > stage(before)


_OWN_RULES: dict[str, Callable[[Finding, datetime], bool]] = {"key_expiring": _nearer_its_end}


def _send(site_id: int | None, findings: list[Finding], at: datetime) -> bool:
    """Send one mail and note it. Returns False when there is nobody to tell or the server fails."""
    addresses = _addresses(site_id)
    if not addresses:
        log.warning("Nobody is told about %d findings: no e-mail address is entered", len(findings))
        return False
    name = Site.objects.values_list("name", flat=True).get(pk=site_id) if site_id else "IUM"
    mail = EmailMessage(_subject(name, findings), _text(findings), to=addresses)
    try:
        mail.send()
    except (SMTPException, OSError, ValueError) as error:
        log.warning("The mail about %s could not be sent (%s); it is tried again", name, error)
        return False
    keys = [finding.pk for finding in findings]
    Finding.objects.filter(pk__in=keys, ended_at=None).update(mailed_at=at)
    Finding.objects.filter(pk__in=keys, ended_at__isnull=False).update(end_mailed_at=at)
    return True


def _addresses(site_id: int | None) -> list[str]:
    """Return who is told: the site's addresses; for the installation its administrators, else everybody's."""
    # Without the keys: they need not be decrypted, and may be what is wrong.
    sites = Site.objects.defer("org_key", "second_org_key", "api_token")
    if site_id is not None:
        return alert_addresses(sites.get(pk=site_id))
    return administrators() or sorted({one for site in sites for one in alert_addresses(site)})


def _subject(name: str, findings: list[Finding]) -> str:
    lasting = sum(finding.ended_at is None for finding in findings)
    if not lasting:
        return _("IUM: over at %(name)s") % {"name": name}
    return ngettext(
        "IUM: %(n)d problem with %(name)s", "IUM: %(n)d problems with %(name)s", lasting
    ) % {"n": lasting, "name": name}


def _text(findings: list[Finding]) -> str:
    """Write the mail: what lasts, with why and what to do; what is over, in a line each."""
    lasting = [_paragraph(finding) for finding in findings if finding.ended_at is None]
    over = [f"* {finding.what}" for finding in findings if finding.ended_at is not None]
    parts = [*lasting]
    if over:
        parts.append("\n".join([_("No longer a problem:"), *over]))
    parts.append(_("Look at it here: %(url)s") % {"url": settings.IUM_URL + reverse("admin:index")})
    return "\n\n".join(parts) + "\n"


def _paragraph(finding: Finding) -> str:
    return "\n".join(
        [
            f"[{finding.get_severity_display()}] {finding.what}",
            _("Why it matters: %(why)s") % {"why": finding.why},
            _("What to do: %(fix)s") % {"fix": finding.fix},
        ]
    )
