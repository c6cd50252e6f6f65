"""Who is not synchronised, and why."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from jira_sync.client.interface import Person
from jira_sync.sync.reading import Reading
from slots.models import LicencePool

PERSON = "atlassian"


@dataclass(frozen=True)
class Reason:
    """Why: a code for machines, a sentence for people. IUM never changes anything about an `untouchable` account."""

    code: str
    text: str
    untouchable: bool = False


def filter_of(account_id: str, reading: Reading, pool: LicencePool) -> Reason | None:
    """Return why this account cannot be an IUM user; None when it can. The first reason that applies."""
    person = reading.people[account_id]
    if person.kind != PERSON:
        return Reason(
            "not_a_person", _("Is an app or a portal customer, not a person."), untouchable=True
        )
    if account_id in reading.administrators:
        return Reason(
            "administrator",
            _("Is a site or organisation administrator; IUM never touches those."),
            untouchable=True,
        )
    return _account_reason(person) or _licence_reason(account_id, reading, pool)


def _account_reason(person: Person) -> Reason | None:
    if person.status == "closed":
        return Reason("closed", _("The Atlassian account is closed."))
    if not person.active:
        return Reason("suspended", _("The Atlassian account is suspended or deactivated."))
    return None


def _licence_reason(account_id: str, reading: Reading, pool: LicencePool) -> Reason | None:
    product = pool.get_product_display()
    if group := reading.licensed.get(account_id):
        text = _("Has %(product)s anyway, by the group “%(group)s”.")
        return Reason("fixed_licence", text % {"product": product, "group": group})
    if account_id in reading.own_licence:
        text = _("Has %(product)s anyway, by a role of their own.")
        return Reason("fixed_licence", text % {"product": product})
    return None


def source_reason(group_name: str) -> Reason:
    """Return the reason of those who are added."""
    return Reason("source_group", _("Is in the source group “%(group)s”.") % {"group": group_name})


def room_reason() -> Reason:
    """Return the reason of those who are left out for want of room."""
    return Reason("maximum_users", _("The allowed number of IUM users is reached."))


def left_reason() -> Reason:
    """Return the reason of those who are removed because they left."""
    return Reason("left_sources", _("Is in no source group any more."))


def reset_reason() -> Reason:
    """Return the reason of those whom a reset takes out."""
    return Reason("reset", _("The user sync was reset."))
