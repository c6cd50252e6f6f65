"""Chooses and builds the client for a connection: the only module most callers need."""

from __future__ import annotations

from dataclasses import dataclass, field

from .cloud import CloudId
from .credentials import KeyRing, api_token, keys_of
from .errors import ConnectionIncomplete
from .interface import JiraDirectory
from .jira_rest import JiraRestDirectory
from .organizations import OrganizationsDirectory
from .pace import PROCESS_PACE, Pace
from .transport import DEFAULT_TUNING, Transport, Tuning

ATLASSIAN = "https://api.atlassian.com"


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything needed to talk to one site. Keys never show in its text form.

    Either `org_keys` (two may be valid at once while one replaces the other), or `email` and
    `api_token`, or both: then licences can be counted too. `org_id`, `directory_id` and `cloud_id`
    are looked up when None. `scoped`: the API token was created with scopes and works only below
    `{api_base}/ex/jira/{cloudId}`. `api_base` differs from Atlassian's only for a simulated Jira.
    """

    site_url: str
    org_id: str | None = None
    directory_id: str | None = None
    org_keys: tuple[str, ...] = field(default=(), repr=False)
    email: str = ""
    api_token: str = field(default="", repr=False)
    api_base: str = ATLASSIAN
    cloud_id: str | None = None
    scoped: bool = False


def build(
    connection: Connection, *, pace: Pace = PROCESS_PACE, tuning: Tuning = DEFAULT_TUNING
) -> JiraDirectory:
    """Return the client for this connection; sends nothing yet.

    One object serves all threads. Raises ConnectionIncomplete without any key, ValueError for an
    address that is not https (http only to this machine) or a key that cannot be one.
    """
    rest = _jira_rest(connection, pace, tuning) if connection.api_token.strip() else None
    keys = keys_of(connection.org_keys)
    if keys:
        transport = Transport(
            f"{connection.api_base.rstrip('/')}/admin", KeyRing(keys), pace=pace, tuning=tuning
        )
        return OrganizationsDirectory(
            transport,
            org_id=connection.org_id,
            directory_id=connection.directory_id,
            seats=rest,
        )
    if rest is None:
        raise ConnectionIncomplete("neither organisation key nor API token")
    return rest


def _jira_rest(connection: Connection, pace: Pace, tuning: Tuning) -> JiraRestDirectory:
    keys = KeyRing([api_token(connection.email, connection.api_token)])
    if not connection.scoped:
        return JiraRestDirectory(Transport(connection.site_url, keys, pace=pace, tuning=tuning))
    site = Transport(connection.site_url, KeyRing(), pace=pace, tuning=tuning)
    gateway = Transport(connection.api_base, keys, pace=pace, tuning=tuning)
    return JiraRestDirectory(gateway, cloud=CloudId(site, connection.cloud_id))
