"""What an event of Jira says: who did something, when, and in which project.

Everything here comes from outside, but is signed. What is no event of a person's work is None; what is no event at
all raises BadInput.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rest_framework.exceptions import ParseError

from ium.lib.errors import BadInput
from slots.api.parsers import strict_json

# Events, and where each has the person who did it. Deleted comments and worklogs name only their author.
_OF_USER = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted")
_OF_PART = {
    "comment_created": "comment",
    "comment_updated": "comment",
    "worklog_created": "worklog",
    "worklog_updated": "worklog",
}
EVENTS = (*_OF_USER, *_OF_PART)
PERSON = "atlassian"  # the accountType of people; apps and automation are "app", portal customers "customer"
_ACCOUNT = re.compile(r"[0-9A-Za-z:_.@|-]{1,128}")
_WORD = re.compile(r"[0-9A-Za-z_]{1,255}")
# Milliseconds: from 2001 to 2286, so that nothing overflows on the way.
_EARLIEST, _LATEST = 10**12, 10**13


@dataclass(frozen=True)
class Work:
    """That a person did something in Jira: proof of activity. Key and type of the project, where Jira names them."""

    account_id: str
    at: datetime
    project_key: str | None = None
    project_type: str | None = None


def work_in(body: bytes) -> Work | None:
    """Return whose work the event tells of; None for events of anybody or anything else.

    Raises BadInput for what Jira does not send.
    """
    try:
        event = strict_json(body)
    except ParseError as error:
        raise BadInput(str(error.detail), code="no_json") from None
    if not isinstance(event, dict) or not isinstance(event.get("webhookEvent"), str):
        raise BadInput("This is no event of Jira: webhookEvent is missing.", code="no_event")
    at = _moment(event.get("timestamp"))
    person = _person(event, event["webhookEvent"])
    if person is None:
        return None
    fields = _object(_object(event.get("issue")).get("fields"))
    project = _object(fields.get("project"))
    return Work(
        account_id=person,
        at=at,
        project_key=_word(project.get("key")),
        project_type=_word(project.get("projectTypeKey")),
    )


def _moment(value: object) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool) or not _EARLIEST <= value < _LATEST:
        raise BadInput("timestamp must be a time in milliseconds.", code="no_time")
    return datetime.fromtimestamp(value / 1000, UTC)


def _person(event: dict[str, Any], kind: str) -> str | None:
    """Return the account id of the person who acted; None for apps, customers, and nobody."""
    if kind in _OF_USER:
        actor = event.get("user")
    elif kind in _OF_PART:
        part = _object(event.get(_OF_PART[kind]))
        actor = part.get("updateAuthor") or part.get("author")
    else:
        return None
    actor = _object(actor)
    account_id = actor.get("accountId")
    if actor.get("accountType") != PERSON or not isinstance(account_id, str):
        return None
    return account_id if _ACCOUNT.fullmatch(account_id) else None


def _word(value: object) -> str | None:
    """Return a key or a type; None for anything that can be none."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
