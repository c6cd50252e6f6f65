"""Checks of the sign-in: is there one, and can it find the people."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.directory.models import User
from jira_sync.doctor.facts import InstallationFacts
from jira_sync.doctor.registry import Problem, check
from jira_sync.models import Severity


@check("no_sign_in", "installation")
def no_sign_in(facts: InstallationFacts) -> Iterator[Problem]:
    """No way for people to sign in but local accounts."""
    if not settings.IUM_SIGN_IN:
        yield Problem(
            severity=Severity.WARNING,
            what=_("No sign-in is set up: only local accounts can sign in."),
            why=_("Nobody of your IUM users reaches the queue page or can use the extension."),
            fix=_(
                "Set IUM_SIGN_IN and its variables, then start IUM again (administrator's guide, Sign-in)."
            ),
        )


@check("people_without_email", "installation")
def people_without_email(facts: InstallationFacts) -> Iterator[Problem]:
    """People whom a sign-in by e-mail address cannot find, because Jira did not tell their address."""
    if not _only_by_email():
        return
    people = User.objects.filter(memberships__group__user_pools__isnull=False).distinct()
    if number := people.filter(email="").count():
        text = ngettext(
            "%(number)d IUM user has no e-mail address in IUM.",
            "%(number)d IUM users have no e-mail address in IUM.",
            number,
        )
        yield Problem(
            severity=Severity.WARNING,
            what=text % {"number": number},
            why=_("Your sign-in finds people by their address, so these cannot sign in."),
            fix=_(
                "Let the provider send the Atlassian account id (…_ACCOUNT_ID_CLAIM), offer the sign-in with Atlassian"
                " as well, or use a key that may read addresses: Jira hides those of accounts your company does not"
                " manage."
            ),
        )


def _only_by_email() -> bool:
    """Whether every sign-in needs the address."""
    providers = settings.IUM_SIGN_IN
    return bool(providers) and all(
        provider.kind == "openid" and not provider.account_id_claim for provider in providers
    )
