"""Checks of a site's webhook: is anything heard of it, and is it signed with the right secret."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from activity.models import LastActivity
from jira_sync.doctor.facts import SiteFacts
from jira_sync.doctor.registry import Problem, check
from jira_sync.models import Severity
from jira_sync.webhooks.models import SiteWebhook

# On a site where people work, somebody edits an issue every day.
SILENT = timedelta(days=2)
WORKED = timedelta(days=1)


@check("webhook_silent", "site")
def webhook_silent(facts: SiteFacts) -> Iterator[Problem]:
    """A webhook of which nothing was heard for long, although people work."""
    webhook = SiteWebhook.objects.filter(site=facts.site).first()
    if webhook is None:
        return
    since = webhook.heard_at or webhook.secret_at
    worked = LastActivity.objects.filter(
        site=facts.site, last_active_at__gte=facts.at - WORKED
    ).exists()
    if worked and facts.at - since > SILENT:
        yield Problem(
            severity=Severity.WARNING,
            what=_("No event has come from the webhook of %(site)s for %(days)d days.")
            % {"site": facts.site, "days": (facts.at - since).days},
            why=_("People without the browser extension look inactive and lose their slots."),
            fix=_(
                "Look in Jira under System, WebHooks: it must be enabled and have the address that the site's"
                " webhook page shows, and Atlassian must be able to reach IUM."
            ),
        )


@check("webhook_refused", "site")
def webhook_refused(facts: SiteFacts) -> Iterator[Problem]:
    """Events with a wrong signature, and none with a right one since."""
    webhook = SiteWebhook.objects.filter(site=facts.site).first()
    if webhook is None or webhook.refused_at is None or facts.at - webhook.refused_at > SILENT:
        return
    if webhook.heard_at is None or webhook.heard_at < webhook.refused_at:
        yield Problem(
            severity=Severity.WARNING,
            what=_("Events come to the webhook of %(site)s with a wrong signature.")
            % {"site": facts.site},
            why=_("They do not count as activity: anybody could have sent them."),
            fix=_("Make a new secret on the site's webhook page and enter it in Jira."),
        )
