"""The way of a slot from one person to the next, put together from the journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from slots.models import Event, HandOver, JournalEntry

# A grant's fence is two above that of the removal before it: one for becoming free, one for being given.
FENCES_BETWEEN = 2
_STEPS = (Event.REVOKING, Event.FREED, Event.CONFIRMED, Event.CLAIMED)
Steps = Mapping[tuple[int, int, str], JournalEntry]


@dataclass(frozen=True)
class Chain:
    """When each step of a hand-over was taken; None for one that was not needed, or not taken yet.

    `noticed_at`: the holder was found inactive (warned, or taken at once). `asked` means that the call to Jira that
    succeeded began; the call may have been repeated.
    """

    before: JournalEntry | None
    noticed_at: datetime | None
    removal_asked_at: datetime | None
    removed_at: datetime | None
    given_at: datetime
    addition_asked_at: datetime | None
    added_at: datetime | None
    taken_up_at: datetime | None

    @property
    def removing(self) -> timedelta | None:
        """How long Jira's removal took, from the decision."""
        decided = self.before.at if self.before is not None else None
        return _between(decided, self.removed_at)

    @property
    def idle(self) -> timedelta | None:
        """How long the slot lay free."""
        return _between(self.removed_at, self.given_at)

    @property
    def adding(self) -> timedelta | None:
        """How long Jira's addition took, from the grant."""
        return _between(self.given_at, self.added_at)

    @property
    def telling(self) -> timedelta | None:
        """How long until the person's browser asked and heard of it."""
        return _between(self.added_at, self.taken_up_at)

    @property
    def whole(self) -> timedelta | None:
        """How long from the decision to take the slot, or from the grant, until the next person heard of it."""
        decided = self.before.at if self.before is not None else self.given_at
        return _between(decided, self.taken_up_at)


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    return end - start if start is not None and end is not None else None


def chains_of(grants: Iterable[HandOver]) -> dict[int, Chain]:
    """Return the chain of each grant, by its primary key. One query."""
    grants = list(grants)
    fences = {(grant.fence or 0) - back for grant in grants for back in (0, FENCES_BETWEEN)}
    entries = JournalEntry.objects.filter(
        slot_id__in={grant.slot_id for grant in grants}, fence__in=fences, event__in=_STEPS
    ).select_related("user")
    steps = {(entry.slot_id or 0, entry.fence or 0, entry.event): entry for entry in entries}
    return {grant.pk: _chain(grant, steps) for grant in grants}


def _chain(grant: HandOver, steps: Steps) -> Chain:
    slot, fence = grant.slot_id or 0, grant.fence or 0
    taken = steps.get((slot, fence - FENCES_BETWEEN, Event.REVOKING))
    freed = steps.get((slot, fence - FENCES_BETWEEN, Event.FREED))
    added = steps.get((slot, fence, Event.CONFIRMED))
    claimed = steps.get((slot, fence, Event.CLAIMED))
    return Chain(
        before=taken,
        noticed_at=(_moment(taken, "warned_at") or taken.at) if taken is not None else None,
        removal_asked_at=_moment(freed, "asked_at"),
        removed_at=freed.at if freed is not None else None,
        given_at=grant.at,
        addition_asked_at=_moment(added, "asked_at"),
        added_at=added.at if added is not None else None,
        taken_up_at=claimed.at if claimed is not None else None,
    )


def _moment(entry: JournalEntry | None, name: str) -> datetime | None:
    text = entry.details.get(name) if entry is not None else None
    return datetime.fromisoformat(text) if text else None
