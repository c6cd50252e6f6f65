"""The site that answers of `responses` come from, and the bodies it answers with."""

from __future__ import annotations

from typing import Any

from jira_sync.client import Connection

SITE = "https://acme.atlassian.net"
API = "https://api.atlassian.com"
ORG = "0b6a8a4e-30c9-4f6d-8e0e-7f3f4d3a1c11"
DIRECTORY = "7f1f9b44-64a4-4c62-9b37-3f2f0f6f2d22"
GROUP = "3c1d2c7e-5a43-4a55-9f0a-1b1a0c9d4e33"
ANN = "712020:0a1b2c3d-0000-4000-8000-000000000001"
BEN = "712020:0a1b2c3d-0000-4000-8000-000000000002"
CLOUD = "1f2e3d4c-5b6a-4978-8695-a4b3c2d1e0f0"

KEY = "ATCTT3xFirstOrganisationKey"
NEXT_KEY = "ATCTT3xSecondOrganisationKey"
EMAIL = "admin@example.com"
TOKEN = "ATATT3xApiToken"

DIRECTORY_URL = f"{API}/admin/v2/orgs/{ORG}/directories/{DIRECTORY}"
GROUP_URL = f"{DIRECTORY_URL}/groups/{GROUP}"
MEMBERSHIPS_URL = f"{GROUP_URL}/memberships"
MEMBERSHIP_URL = f"{MEMBERSHIPS_URL}/{ANN.replace(':', '%3A')}"
USERS_SEARCH_URL = f"{DIRECTORY_URL}/users/search"
GROUPS_SEARCH_URL = f"{DIRECTORY_URL}/groups/search"
REST = f"{SITE}/rest/api/3"

ORGANISATION = Connection(
    site_url=SITE, org_id=ORG, directory_id=DIRECTORY, org_keys=(KEY, NEXT_KEY)
)
JIRA = Connection(site_url=SITE, email=EMAIL, api_token=TOKEN)


def org_error(code: str, title: str = "", detail: str = "") -> dict[str, Any]:
    """The Organizations API's own error body."""
    return {
        "errors": [{"id": "e1", "status": "4xx", "code": code, "title": title, "detail": detail}]
    }


def jira_error(*messages: str) -> dict[str, Any]:
    """Jira REST's error body."""
    return {"errorMessages": list(messages), "errors": {}}


def page(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One Jira REST page, complete unless `more` says otherwise."""
    whole = {"startAt": 0, "maxResults": 50, "total": len(rows), "isLast": True}
    return {**whole, **more, "values": list(rows)}


def cursor_page(*rows: dict[str, Any], after: str | None = None) -> dict[str, Any]:
    """One page of the Organizations API; `after` is its links.next."""
    return {"data": list(rows), "links": {"next": after} if after else {}}


def org_group(**more: Any) -> dict[str, Any]:
    """A group of the Organizations API that may be changed."""
    group = {"id": GROUP, "name": "ium-access", "directoryId": DIRECTORY}
    return {**group, "managementAccess": {"modifiable": True}, "externalSynced": False, **more}


def role(*, seats: int = 10, left: int = 3, **more: Any) -> dict[str, Any]:
    """An applicationrole whose product the group grants."""
    group = {"groupId": GROUP, "name": "ium-access"}
    numbers = {"numberOfSeats": seats, "remainingSeats": left, "userCount": seats - left}
    whole = {"key": "jira-software", "name": "Jira", "groupDetails": [group], **numbers}
    return {**whole, "defaultGroupsDetails": [], "hasUnlimitedSeats": False, **more}
