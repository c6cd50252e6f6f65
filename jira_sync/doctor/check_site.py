"""Checks of a site: does it answer, its clock, its address, who is told of problems."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from ium.directory.models import Site
from jira_sync.client.addresses import is_loopback
from jira_sync.client.checks import WORST_CLOCK_OFFSET
from jira_sync.doctor.facts import SiteFacts
from jira_sync.doctor.registry import Problem, check
from jira_sync.models import Severity


@check("jira_unreachable", "site")
def jira_unreachable(facts: SiteFacts) -> Iterator[Problem]:
    """No answer from Jira. Other findings of the site stay as they were."""
    failed = [error for _key, error in facts.key_errors() if error is not None]
    unreachable = [error for error in failed if error.retryable]
    if unreachable:
        yield Problem(
            severity=Severity.WARNING,
            what=_("%(site)s could not be checked: Jira does not answer as it should.")
            % {"site": facts.site},
            why=_("Holders keep their slots, but nobody new gets one."),
            fix=unreachable[0].message,
        )


@check("clock_difference", "site")
def clock_difference(facts: SiteFacts) -> Iterator[Problem]:
    """A clock that is wrong by more than a minute."""
    offset = facts.clock().offset_seconds
    if abs(offset) > WORST_CLOCK_OFFSET:
        direction = _("behind") if offset > 0 else _("ahead of")
        yield Problem(
            severity=Severity.WARNING,
            what=_("This server's clock is %(seconds)d seconds %(direction)s Atlassian's.")
            % {"seconds": abs(offset), "direction": direction},
            why=_("Times in the journal mislead, and activity from Jira counts at the wrong time."),
            fix=_("Switch on time synchronisation (NTP) on this server."),
        )


@check("site_without_tls", "site")
def site_without_tls(facts: SiteFacts) -> Iterator[Problem]:
    """An address without https: keys would travel readably. Loopback is the simulated Jira."""
    for url in (facts.site.url, facts.site.api_url):
        if not url.startswith("https://") and not is_loopback(url):
            yield Problem(
                severity=Severity.ERROR,
                subject=url,
                what=_("The address %(url)s of %(site)s does not use https.")
                % {"url": url, "site": facts.site},
                why=_("Keys would travel readably, so IUM sends nothing there."),
                fix=_("Enter the address with https:// in the site's settings."),
            )


@check("no_alert_email", "site")
def no_alert_email(facts: SiteFacts) -> Iterator[Problem]:
    """Nobody who would be told of problems."""
    if not alert_addresses(facts.site):
        yield Problem(
            severity=Severity.NOTICE,
            what=_("No e-mail address is entered for problems of %(site)s.") % {"site": facts.site},
            why=_("Nobody is told when a key ends or something else goes wrong."),
            fix=_("Enter the administrators' addresses in the site's settings."),
        )


def alert_addresses(site: Site) -> list[str]:
    """Return who is told about problems of a site: its own addresses, else the installation's administrators."""
    own = [line.strip() for line in site.alert_emails.splitlines() if line.strip()]
    return own or administrators()


def administrators() -> list[str]:
    """Return the addresses of the installation's administrators."""
    return [address for _name, address in settings.ADMINS]
