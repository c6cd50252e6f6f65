"""One membership at Jira: made so, whatever happened to an earlier attempt."""

import random
from typing import Literal

from django.utils.translation import gettext as _

from jira_sync.client.errors import (
    BadAnswer,
    JiraError,
    JiraUnreachable,
    LicenceLimitReached,
    ListChanged,
    OutcomeUnknown,
    RateLimited,
)
from jira_sync.client.interface import JiraDirectory

Consequence = Literal["wait", "person", "end"]

# After so many unclear answers about one person the others go on without them.
UNCLEAR_AT_MOST = 5
LONGEST_DELAY = 60.0
LONGEST_PAUSE = 3600.0  # Atlassian's longest window


def set_member(
    directory: JiraDirectory, group_id: str, account_id: str, *, member: bool, again: bool
) -> None:
    """Put a person into a group or take them out; success if it is so already.

    `again`: an earlier call may have been lost, so look first. Raises JiraError.
    """
    if again and directory.is_member(group_id, account_id) == member:
        return
    if member:
        directory.add_member(group_id, account_id)
    else:
        directory.remove_member(group_id, account_id)


def consequence_of(error: JiraError, attempts: int) -> Consequence:
    """Tell what an error means for a long job: wait and repeat, leave this person out, or end the job."""
    if isinstance(error, OutcomeUnknown | BadAnswer):
        return "wait" if attempts < UNCLEAR_AT_MOST else "person"
    if isinstance(error, RateLimited | JiraUnreachable | ListChanged):
        return "wait"
    if error.affects == "user" or isinstance(error, LicenceLimitReached):
        return "person"
    # A refused key is replaced by the administrator, then everything goes on by itself.
    return "wait" if error.code == "key_refused" else "end"


def delay_of(error: JiraError, attempts: int) -> float:
    """Return seconds until the next attempt: what Jira asks for, or doubling with jitter."""
    if error.retry_after is not None:
        return min(LONGEST_PAUSE, max(1.0, error.retry_after))
    return min(LONGEST_DELAY, 2.0 ** min(attempts, 6)) * random.uniform(0.7, 1.3)  # noqa: S311 - no secret


def waiting_message(error: JiraError) -> str:
    """Return what a job says while it waits."""
    return _("Waiting, and going on by itself: %(error)s") % {"error": error.message}
