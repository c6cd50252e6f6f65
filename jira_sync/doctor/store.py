"""The only writes to findings: what is seen opens or renews a row, what is not seen any more ends one."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from ium.directory.models import Site
from jira_sync.doctor.registry import FindingSeen, Scope
from jira_sync.models import Finding

# A finding that comes back within this time is the same one: no new mail for something that flickers.
SAME_AGAIN = timedelta(days=1)
Key = tuple[str, int | None, int | None, str]
TOLD = ("severity", "what", "why", "fix")


@transaction.atomic
def findings_store(
    *, seen: Iterable[FindingSeen], checked_scopes: Iterable[Scope], at: datetime
) -> None:
    """Make the open findings equal to what was seen, within the scopes that were checked. Repeating is harmless.

    Findings outside the scopes stay as they are: nobody knows whether they last.
    """
    _lock()
    wanted = {_key(one): one for one in seen}
    rows = {_key(row): row for row in Finding.objects.filter(_recent(at)).order_by("ended_at")}
    rows |= {_key(row): row for row in Finding.objects.current()}
    for key, one in wanted.items():
        _open(rows.get(key), one, at)
    scopes = set(checked_scopes)
    ended = [
        row.pk
        for key, row in rows.items()
        if row.ended_at is None and key not in wanted and Scope(*key[:3]) in scopes
    ]
    moved = Q(pool__isnull=False) & ~Q(pool__site=F("site"))  # the pool belongs to another site now
    Finding.objects.current().filter(Q(pk__in=ended) | moved).update(ended_at=at)


def _lock() -> None:
    """Let one run store at a time; on SQLite every transaction is exclusive anyway."""
    list(Site.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _recent(at: datetime) -> Q:
    return Q(ended_at__gt=at - SAME_AGAIN)


def _key(one: FindingSeen | Finding) -> Key:
    return one.code, one.site_id, one.pool_id, one.subject


def _open(row: Finding | None, seen: FindingSeen, at: datetime) -> None:
    """Renew the row, open it again, or make it."""
    if row is None:
        row = Finding(
            code=seen.code,
            site_id=seen.site_id,
            pool_id=seen.pool_id,
            subject=seen.subject,
            first_seen_at=at,
        )
    for name in TOLD:
        setattr(row, name, getattr(seen, name))
    row.last_seen_at, row.ended_at = at, None
    row.save()
