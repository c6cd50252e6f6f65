"""IUM's client for Jira Cloud.

    directory = build(Connection(site_url="https://acme.atlassian.net", org_keys=("ATCTT3x…",)))
    directory.add_member(group_id, account_id)

Plain Python over `requests`: no Django, no settings, no database. Everything that can go wrong is a
`JiraError` with a message for people.
"""

from .errors import (
    BadAnswer,
    ConnectionIncomplete,
    GroupNotFound,
    GroupReadOnly,
    JiraError,
    JiraUnreachable,
    KeyRefused,
    LicenceLimitReached,
    ListChanged,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
    UserInactive,
    UserNotFound,
)
from .factory import Connection, build
from .interface import (
    CheckResult,
    Grant,
    GroupInfo,
    GroupRef,
    JiraDirectory,
    Person,
    ProductSeats,
    ProjectInfo,
    ServerClock,
)
from .pace import Pace
from .transport import Tuning

__all__ = [
    "BadAnswer",
    "CheckResult",
    "Connection",
    "ConnectionIncomplete",
    "Grant",
    "GroupInfo",
    "GroupNotFound",
    "GroupReadOnly",
    "GroupRef",
    "JiraDirectory",
    "JiraError",
    "JiraUnreachable",
    "KeyRefused",
    "LicenceLimitReached",
    "ListChanged",
    "NotAllowed",
    "NotFound",
    "OutcomeUnknown",
    "Pace",
    "Person",
    "ProductSeats",
    "ProjectInfo",
    "RateLimited",
    "RequestRefused",
    "ServerClock",
    "Tuning",
    "UserInactive",
    "UserNotFound",
    "build",
]
