"""Accounts that Atlassian closed: their people are forgotten; renamed ones get their new names.

Atlassian's own call for this, `POST /app/report-accounts/`, is for apps of its marketplace kinds: it needs the token of
a 3LO app with the scope `report:personal-data`. IUM runs with the company's own keys and has none, so it asks what
these may ask: the state of every account that it knows, once a day. See docs/privacy.md.
"""

from collections.abc import Iterator
from datetime import datetime

from ium.directory.models import AccountStatus, Site, User
from ium.directory.services import people_upsert
from ium.lib.errors import Refused
from ium.usage.privacy.erasing import person_erase
from jira_sync.connections import directory_of
from jira_sync.services.people import seen

# As many as Atlassian lets its own call report at once.
BATCH = 90


def accounts_check(*, site_id: int, at: datetime) -> int:
    """Ask a site about every account; return how many people were renamed or forgotten. Raises JiraError.

    An account that the site does not know is left alone: it may belong to another site. Somebody who still has a
    slot is forgotten by a later run, when Jira has confirmed that it is gone.
    """
    directory = directory_of(Site.objects.get(pk=site_id))
    changed = 0
    for account_ids in _batches():
        before = dict(_told(account_ids))
        people = [seen(person) for person in directory.people(account_ids)]
        # A closed account is called "Former user" by Jira: that is no name to store.
        people_upsert(person for person in people if person.status != AccountStatus.CLOSED)
        changed += sum(before[key] != value for key, value in _told(account_ids))
        closed = [person.account_id for person in people if person.status == AccountStatus.CLOSED]
        changed += sum(_forget(pk, at) for pk in _numbers(closed))
    return changed


def _batches() -> Iterator[list[str]]:
    known = (
        User.objects.exclude(account_id=None).order_by("pk").values_list("account_id", flat=True)
    )
    ids = [str(account_id) for account_id in known]
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _told(account_ids: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    rows = User.objects.filter(account_id__in=account_ids)
    for key, name, email in rows.values_list("account_id", "display_name", "email"):
        yield str(key), (name, email)


def _numbers(account_ids: list[str]) -> list[int]:
    found = User.objects.filter(account_id__in=account_ids)
    found.update(account_status=AccountStatus.CLOSED)
    return list(found.values_list("pk", flat=True))


def _forget(user_id: int, at: datetime) -> bool:
    try:
        return person_erase(user_id=user_id, at=at, reason="account_closed")
    except Refused:
        return False
