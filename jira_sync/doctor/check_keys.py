"""Checks of a site's keys: do they work, what may they do, when do they end."""

from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_sync.client import errors
from jira_sync.doctor.credentials import Credential, connect
from jira_sync.doctor.facts import SiteFacts
from jira_sync.doctor.probing import change_refused
from jira_sync.doctor.registry import Problem, check
from jira_sync.models import Severity

# Administrators are told so many days before a key ends.
STAGES = (30, 14, 7, 1)
# What says that a credential cannot be used, other than "wrong key" and "not reached".
UNUSABLE = (errors.NotAllowed, errors.NotFound, errors.ConnectionIncomplete, errors.RequestRefused)


@check("no_credentials", "site")
def no_credentials(facts: SiteFacts) -> Iterator[Problem]:
    """A site without any key."""
    if not facts.credentials:
        yield Problem(
            severity=Severity.ERROR,
            what=_("%(site)s has neither an organisation key nor an API token.")
            % {"site": facts.site},
            why=_("IUM cannot talk to Jira: nobody gets a slot."),
            fix=_("Enter a key in the site's settings."),
        )


@check("key_refused", "site")
def key_refused(facts: SiteFacts) -> Iterator[Problem]:
    """A key that Jira does not accept."""
    tried = facts.key_errors()
    for credential, error in tried:
        if isinstance(error, errors.KeyRefused):
            yield Problem(
                severity=_weight(credential, tried),
                subject=credential.code,
                what=_("Jira refuses the %(key)s of %(site)s.") % _named(facts, credential),
                why=_lost_without(credential),
                fix=error.message,
            )
    _stop_where_unknown(tried)


@check("connection_wrong", "site")
def connection_wrong(facts: SiteFacts) -> Iterator[Problem]:
    """A key that is good but does not lead to this site's groups."""
    tried = facts.key_errors()
    for credential, error in tried:
        if isinstance(error, UNUSABLE):
            yield Problem(
                severity=_weight(credential, tried),
                subject=credential.code,
                what=_("The %(key)s of %(site)s cannot read the groups.")
                % _named(facts, credential),
                why=_lost_without(credential),
                fix=error.message,
            )
    _stop_where_unknown(tried)


def _weight(
    credential: Credential, tried: list[tuple[Credential, errors.JiraError | None]]
) -> Severity:
    """Weigh the loss of a credential: an error when IUM cannot work without it."""
    families = {one.family for one, _error in tried}
    leading = "organisation" if "organisation" in families else "rest"
    works = any(error is None and one.family == leading for one, error in tried)
    return Severity.WARNING if works or credential.family != leading else Severity.ERROR


def _lost_without(credential: Credential) -> str:
    if credential.family == "rest":
        return _("Without the API token IUM cannot count licences.")
    return _("Without a working key IUM cannot give or take slots.")


def _stop_where_unknown(tried: list[tuple[Credential, errors.JiraError | None]]) -> None:
    """Raise if a credential could not be tried: then nothing can be said about it."""
    for _key, error in tried:
        if error is not None and error.retryable:
            raise error


def _named(facts: SiteFacts, credential: Credential) -> dict[str, object]:
    return {"key": credential.label, "site": facts.site}


@check("key_expiring", "site")
def key_expiring(facts: SiteFacts) -> Iterator[Problem]:
    """A key that ends within 30 days."""
    for credential in facts.credentials:
        left = days_left(credential.expires_on, facts.at.date())
        if left is not None and 0 <= left <= STAGES[0]:
            end = ngettext("in %(days)d day", "in %(days)d days", left) % {"days": left}
            yield Problem(
                severity=Severity.WARNING,
                subject=credential.code,
                what=_("The %(key)s of %(site)s ends %(end)s, on %(date)s.")
                % {**_named(facts, credential), "end": end, "date": credential.expires_on},
                why=_lost_without(credential),
                fix=_replace(credential),
            )


@check("key_expired", "site")
def key_expired(facts: SiteFacts) -> Iterator[Problem]:
    """A key whose end has passed."""
    for credential in facts.credentials:
        left = days_left(credential.expires_on, facts.at.date())
        if left is not None and left < 0:
            yield Problem(
                severity=Severity.ERROR,
                subject=credential.code,
                what=_("The %(key)s of %(site)s ended on %(date)s.")
                % {**_named(facts, credential), "date": credential.expires_on},
                why=_lost_without(credential),
                fix=_replace(credential),
            )


@check("key_expiry_unknown", "site")
def key_expiry_unknown(facts: SiteFacts) -> Iterator[Problem]:
    """A key whose end nobody entered: nobody would be warned."""
    for credential in facts.credentials:
        if credential.expires_on is None and credential.expiry_is_kept:
            yield Problem(
                severity=Severity.NOTICE,
                subject=credential.code,
                what=_("It is not known when the %(key)s of %(site)s ends.")
                % _named(facts, credential),
                why=_("Every key of Atlassian ends within a year; IUM warns 30 days ahead."),
                fix=_("Enter the date that Atlassian shows beside the key in the site's settings."),
            )


def days_left(expires_on: date | None, today: date) -> int | None:
    """Return days until a credential ends, negative afterwards; None when that is not known."""
    return (expires_on - today).days if expires_on else None


def stage(left: int) -> int:
    """Return how many of the reminders are due with so many days left."""
    return sum(left <= days for days in STAGES)


def _replace(credential: Credential) -> str:
    if credential.family == "rest":
        return _("Create a new API token at id.atlassian.com and enter it with its date.")
    return _(
        "Create a new key in admin.atlassian.com (both work side by side), enter it as second key,"
        " test the connection, then make it the first and enter its date."
    )


@check("org_key_scoped", "site", costly=True)
def org_key_scoped(facts: SiteFacts) -> Iterator[Problem]:
    """A key that reads but may not change groups."""
    works = [one for one, error in facts.key_errors() if error is None]
    leading = [one for one in facts.credentials if one.family == "organisation"]
    for credential in leading or facts.credentials:
        if credential in works and change_refused(connect(credential.connection), facts.site):
            yield Problem(
                severity=Severity.ERROR,
                subject=credential.code,
                what=_("The %(key)s of %(site)s may not change members of groups.")
                % _named(facts, credential),
                why=_("IUM could read everything but give and take no slot."),
                fix=_(
                    "Keys with scopes cannot change groups. Create a key without scopes (or use the token of an "
                    "organisation administrator) and enter it in the site's settings."
                ),
            )
