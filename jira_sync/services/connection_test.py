"""The connection test: in words, what each credential of a site may do and what it may not. Changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from ium.directory.models import Site
from ium.lib import clock
from jira_sync.client.errors import JiraError
from jira_sync.client.interface import CheckResult, JiraDirectory
from jira_sync.doctor.credentials import Credential, connect, credentials_of
from jira_sync.doctor.probing import change_refused

CLOCK = "Clock"  # how the client's own check calls its lines
RIGHTS = "Rights of the account"


@dataclass(frozen=True)
class Line:
    """One sentence. `ok` is None where it is neither good nor bad. `code` is for machines."""

    code: str
    ok: bool | None
    message: str


@dataclass(frozen=True)
class CredentialReport:
    """What one credential may do. `accepted` is whether Jira knows it at all."""

    code: str
    label: str
    accepted: bool
    expires_on: date | None
    lines: list[Line]


@dataclass(frozen=True)
class ConnectionReport:
    """The whole test. `ok`: with these credentials IUM can do its work."""

    credentials: list[CredentialReport] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether some credential may do everything that giving and taking slots needs."""
        needed = {"read_groups", "read_members", "change_members"}
        return any(
            needed <= {line.code for line in one.lines if line.ok} for one in self.credentials
        )


def connection_test(*, site: Site) -> ConnectionReport:
    """Try every credential of a site by itself. The site may be unsaved: a form can ask before it saves.

    Never raises a JiraError and never shows a secret. Calls Jira, so it must not be used inside a transaction.
    """
    credentials = credentials_of(site)
    if not credentials:
        message = _("Enter an organisation key, or an e-mail address with its API token.")
        return ConnectionReport(lines=[Line("no_credentials", False, message)])
    reports, clocks = [], []
    for credential in credentials:
        report, about_clock = _report(site, credential)
        reports.append(report)
        clocks += about_clock
    return ConnectionReport(reports, clocks[:1] + _licence_lines(credentials))


def _report(site: Site, credential: Credential) -> tuple[CredentialReport, list[Line]]:
    """Return what one credential may do, and what its connection says about the clock."""
    expiry = _expiry_line(credential)
    try:
        directory = connect(credential.connection)
        checked = {result.what: result for result in directory.check()}
    except JiraError as error:
        checked = {}
        lines = [Line("accepted", False, error.message)]
    else:
        lines = _lines(site, directory, list(checked.values()))
    found = checked.get(CLOCK)
    about_clock = [Line("clock", found.ok, found.message)] if found else []
    accepted = bool(lines[0].ok)
    report = CredentialReport(
        credential.code, str(credential.label), accepted, credential.expires_on, [*lines, expiry]
    )
    return report, about_clock


def _lines(site: Site, directory: JiraDirectory, checked: list[CheckResult]) -> list[Line]:
    """Return one line per thing that IUM needs; only the first when the credential is not accepted."""
    first = checked[0]
    accepted = Line("accepted", first.ok, first.message)
    if not first.ok:
        return [accepted]
    rights = next((one for one in checked if one.what == RIGHTS), None)
    return [
        accepted,
        _line("read_groups", _("read groups"), lambda: _read_groups(directory)),
        _line("read_members", _("read who is in a group"), lambda: _read_members(site, directory)),
        _line(
            "change_members",
            _("change who is in a group"),
            lambda: _change_members(site, directory, rights),
        ),
        _line("count_licences", _("count licences"), lambda: _count_licences(directory)),
        _line("see_administrators", _("see administrators"), lambda: _administrators(directory)),
    ]


def _line(code: str, what: str, attempt: Callable[[], str]) -> Line:
    """Try something; the attempt returns what to add to "may", and raises what stands behind "may not"."""
    try:
        added = attempt()
    except JiraError as error:
        message = _("May not %(what)s: %(why)s") % {"what": what, "why": error.message}
        return Line(code, False, message)
    except _CannotError as reason:
        return Line(
            code, reason.ok, _("Cannot %(what)s: %(why)s") % {"what": what, "why": str(reason)}
        )
    return Line(code, True, _("May %(what)s%(added)s.") % {"what": what, "added": added})


class _CannotError(Exception):
    """Something is missing, without Jira having refused anything."""

    def __init__(self, message: str, *, ok: bool | None) -> None:
        super().__init__(message)
        self.ok = ok


def _read_groups(directory: JiraDirectory) -> str:
    if next(iter(directory.iter_groups()), None) is None:
        raise _CannotError(_("Jira shows it no group at all."), ok=False)
    return ""


def _read_members(site: Site, directory: JiraDirectory) -> str:
    """Read a group of IUM's; without one the administrators' groups, which are small."""
    groups = site.groups.filter(access_pools__isnull=False, missing_since=None) if site.pk else None
    group_id = groups.values_list("group_id", flat=True).first() if groups is not None else None
    if group_id is None:
        directory.admin_account_ids()
    else:
        next(iter(directory.iter_members(group_id)), None)
    return ""


def _change_members(site: Site, directory: JiraDirectory, rights: CheckResult | None) -> str:
    if refusal := change_refused(directory, site):
        raise refusal
    if rights is not None and not rights.ok:
        raise _CannotError(rights.message, ok=False)
    return ""


def _count_licences(directory: JiraDirectory) -> str:
    products = directory.products()
    if not products:
        raise _CannotError(
            _("organisation keys never can. Add an API token if you want it."), ok=None
        )
    counts = [
        f"{one.name} {one.used}/{one.seats if one.seats is not None else '∞'}" for one in products
    ]
    return f" ({', '.join(counts)})"


def _administrators(directory: JiraDirectory) -> str:
    found = len(directory.admin_account_ids())
    if not found:
        raise _CannotError(_("Jira names none, so IUM could not spare them."), ok=False)
    return _(" (%(n)d, whom IUM never touches)") % {"n": found}


def _expiry_line(credential: Credential) -> Line:
    if credential.expires_on is not None and credential.expires_on < clock.now().date():
        message = _("Ended on %(date)s. Create a new one and enter it with its date.")
        return Line("expiry", False, message % {"date": credential.expires_on})
    if credential.expires_on is not None:
        message = _("Ends on %(date)s; IUM warns 30, 14, 7 and 1 days ahead.")
        return Line("expiry", True, message % {"date": credential.expires_on})
    if credential.expiry_is_kept:
        message = _("Its end is not known: enter the date, every key ends within a year.")
        return Line("expiry", False, message)
    message = _("Its end is watched when you make it the first key.")
    return Line("expiry", None, message)


def _licence_lines(credentials: list[Credential]) -> list[Line]:
    """Say what the credentials together lack."""
    families = {credential.family for credential in credentials}
    if families == {"organisation", "rest"}:
        return []
    if families == {"rest"}:
        message = _(
            "Without an organisation key IUM cannot see e-mail addresses, suspended accounts and Confluence."
        )
        return [Line("no_organisation_key", None, message)]
    message = _("Without an API token IUM cannot check assigned licences against those you bought.")
    return [Line("no_api_token", None, message)]
