"""Who works on a long job: a claim is a column, and runs out when its worker dies.

The same column holds a pause: "nobody before this moment". A claim is believed by its value, so that a worker that was
away for too long notices that somebody else went on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

# Longer than one change at Jira with its read back may take, so that nobody starts the same call meanwhile.
CLAIM_TIME = timedelta(seconds=90)


class ClaimLostError(Exception):
    """Somebody else went on with the job, or it was ended: stop without another step."""


@dataclass
class Claim:
    """The right to work on one row of `rows`, which must have `claimed_until`."""

    rows: "QuerySet[Any]"
    pk: int
    until: datetime

    @classmethod
    def take(cls, rows: "QuerySet[Any]", pk: int, at: datetime) -> "Claim | None":
        """Claim a row; None when it is not among `rows` any more, claimed, or paused."""
        until = at + CLAIM_TIME
        free = Q(claimed_until=None) | Q(claimed_until__lte=at)
        taken = rows.filter(free, pk=pk).update(claimed_until=until)
        return cls(rows, pk, until) if taken else None

    def renew(self, at: datetime, length: timedelta = CLAIM_TIME) -> None:
        """Keep the claim for `length` from now; written only when a third of it is gone. Raises ClaimLostError."""
        if self.until - at > length * 2 / 3:
            return
        self.update(claimed_until=at + length)
        self.until = at + length

    def update(self, **values: Any) -> None:
        """Write columns of the row while it is ours. Raises ClaimLostError, then nothing is written."""
        if not self.rows.filter(pk=self.pk, claimed_until=self.until).update(**values):
            raise ClaimLostError
