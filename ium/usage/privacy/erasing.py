"""Forgetting a person: what names them goes, what stays cannot be traced back to them.

The row of the person keeps its number and nothing else. The journal, which is append-only, then refers to somebody
whom nobody knows any more; so do stays and waits, which are removed after their time like everybody's.
"""

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ium.directory.models import AccountStatus, User
from ium.lib.errors import Refused
from ium.usage.privacy.tables import Fate, places
from jira_sync.models import Finding, GlassMember, GlassState, SyncEntry
from slots.models import CloseReason, Event, QueueEntry
from slots.services.journal import journal_write


def obstacles(user: User) -> list[str]:
    """Return why a person cannot be forgotten now, as sentences; empty when they can."""
    found = []
    if user.slots.exists():
        found.append(
            _("The person has a slot. Take it back first, and wait until Jira has confirmed it.")
        )
    glass = GlassMember.objects.filter(user=user).exclude(glass__state=GlassState.ENDED)
    if glass.exists():
        found.append(_("The person has access by break glass. End it first."))
    if user.is_staff or user.is_superuser:
        found.append(_("The person may use the admin. Take the rights away first."))
    return found


@transaction.atomic
def person_erase(
    *, user_id: int, at: datetime, actor: User | None = None, reason: str = ""
) -> bool:
    """Forget a person; return False when they are forgotten already. Raises Refused, with what to do first."""
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if user.account_id is None:
        return False
    if found := obstacles(user):
        raise Refused(" ".join(found), code="still_needed")
    _end_wait(user, at)
    _take_out_of_texts(user)
    for place in places():
        if place.fate is Fate.REMOVED:
            place.rows(user).delete()
    _empty(user)
    journal_write(event=Event.PERSON_ERASED, at=at, user=user, actor=actor, reason=reason)
    return True


def _end_wait(user: User, at: datetime) -> None:
    own = QueueEntry.objects.filter(user=user)
    own.filter(closed_at=None).update(closed_at=at, close_reason=CloseReason.REMOVED)
    own.update(return_url="")


def _take_out_of_texts(user: User) -> None:
    """Remove copies of the person's name and account id from what other tables say."""
    account_id = user.account_id or ""
    entries = SyncEntry.objects.filter(account_id=account_id)
    entries.update(account_id=_nobody(user), name="", details="")
    told = Q(subject=account_id) | Q(what__contains=account_id)
    if len(user.display_name) > 2:
        told |= Q(what__contains=user.display_name) | Q(why__contains=user.display_name)
    # What is still wrong is found again by the next check, without the person.
    Finding.objects.filter(told).delete()
    edits = LogEntry.objects.filter(
        content_type__app_label="directory", content_type__model="user", object_id=str(user.pk)
    )
    edits.update(object_repr=_nobody(user), change_message="")


def _nobody(user: User) -> str:
    return f"erased-{user.pk}"


def _empty(user: User) -> None:
    user.username, user.account_id = _nobody(user), None
    user.display_name = user.email = ""
    user.account_status = AccountStatus.CLOSED
    user.is_active = user.is_protected = user.hides_extension_notice = False
    user.last_login = None
    user.set_unusable_password()
    user.save()
