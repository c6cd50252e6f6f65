"""`JiraDirectory` over the Organizations API v2 (`https://api.atlassian.com/admin`), preferred.

It has error codes that machines can read, sees e-mail addresses and suspended accounts, and knows
which groups an identity provider manages. It cannot count licences: `seats` does that, if given.
Only paths without an announced end are used: the GET lists of groups and users stop after
2027-06-30, so lists are read with `groups/search` and `users/search` (jira-api.md section 3).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from . import checks, errors
from .answers import Answer
from .interface import (
    CheckResult,
    Grant,
    GroupInfo,
    Person,
    ProductSeats,
    ProjectInfo,
    SeatSource,
    ServerClock,
)
from .organization_rows import grant, group_info, is_wanted, once, person
from .paging import Row, chunks, cursor_rows
from .transport import Transport, clock_of

ORGS = "/v1/orgs"
DIRECTORIES = "/v2/orgs/{org}/directories"
DIRECTORY = DIRECTORIES + "/{directory}"
GROUPS_SEARCH = DIRECTORY + "/groups/search"
USERS_SEARCH = DIRECTORY + "/users/search"
GROUP = DIRECTORY + "/groups/{group}"
GRANTS = GROUP + "/role-assignments"
MEMBERSHIPS = GROUP + "/memberships"
MEMBERSHIP = MEMBERSHIPS + "/{account}"

ADMIN_ROLES = ("atlassian/org-admin", "atlassian/site-admin")
USERS_PER_PAGE = 50  # Atlassian's default; no maximum is documented
GROUPS_PER_PAGE = 20  # likewise
IDS_PER_SEARCH = 10  # accountIds and groupIds accept 1 to 10 values

# Refusals of a change that say too little: the group's own state may explain them.
VAGUE = (errors.NotFound, errors.NotAllowed, errors.RequestRefused)


class OrganizationsDirectory:
    """One directory of one organisation. Missing ids are looked up once, on first use."""

    def __init__(
        self,
        transport: Transport,
        *,
        org_id: str | None = None,
        directory_id: str | None = None,
        seats: SeatSource | None = None,
    ) -> None:
        self._transport = transport
        self._org_id = org_id
        self._directory_id = directory_id
        self._seats = seats
        self._lookup = threading.Lock()

    # --- memberships ------------------------------------------------------------------------------

    def add_member(self, group_id: str, account_id: str) -> None:
        """POST …/memberships. See JiraDirectory."""
        ids = self._ids(group=group_id)
        try:
            self._transport.write("POST", MEMBERSHIPS, ids, json={"accountId": account_id})
        except errors.AlreadyMember:
            return
        except errors.JiraError as refusal:
            self._explain(refusal, group_id)

    def remove_member(self, group_id: str, account_id: str) -> None:
        """DELETE …/memberships/{accountId}. See JiraDirectory."""
        ids = self._ids(group=group_id, account=account_id)
        try:
            self._transport.write("DELETE", MEMBERSHIP, ids)
        except errors.GroupNotFound:
            raise
        except errors.NotFound as refusal:
            if self.is_member(group_id, account_id):
                raise errors.OutcomeUnknown(refusal.detail, status=refusal.status) from None
        except errors.JiraError as refusal:
            self._explain(refusal, group_id)

    def is_member(self, group_id: str, account_id: str) -> bool:
        """POST …/users/search with both ids; a "no" is confirmed by reading the group."""
        found = self._people({"groupIds": [group_id], "accountIds": [account_id]})
        if any(one.account_id == account_id for one in found):
            return True
        self._group(group_id)  # an unknown group finds nobody either
        return False

    def lets_in(self, account_id: str, product: str) -> bool | None:
        """By Jira REST if the connection has its key too: this family cannot tell."""
        return self._seats.lets_in(account_id, product) if self._seats else None

    def iter_members(self, group_id: str) -> Iterator[Person]:
        """POST …/users/search by group. See JiraDirectory."""
        self._group(group_id)
        yield from once(self._people({"groupIds": [group_id]}))

    # --- people -----------------------------------------------------------------------------------

    def iter_people(self) -> Iterator[Person]:
        """POST …/users/search without a filter."""
        yield from once(self._people({}))

    def people(self, account_ids: Iterable[str]) -> list[Person]:
        """POST …/users/search by account, ten at a time, with everybody's groups."""
        found: list[Person] = []
        for chunk in chunks(dict.fromkeys(account_ids), IDS_PER_SEARCH):
            found += self._people({"accountIds": chunk, "expand": ["groups"]})
        return list(once(found))

    def admin_account_ids(self) -> frozenset[str]:
        """POST …/users/search by role: organisation and site administrators.

        One search per role: whether several roles in one search mean "any" is not documented.
        """
        return frozenset(
            row["accountId"]
            for role in ADMIN_ROLES
            for row in self._search(USERS_SEARCH, _admins(role))
            if role in row.get("platformRoles", [role])
        )

    # --- groups and products ----------------------------------------------------------------------

    def iter_groups(self) -> Iterator[GroupInfo]:
        """POST …/groups/search."""
        for row in self._search(GROUPS_SEARCH, {"limit": GROUPS_PER_PAGE}):
            yield group_info(row)

    def find_group(
        self, *, name: str | None = None, group_id: str | None = None
    ) -> GroupInfo | None:
        """POST …/groups/search, then the group's role assignments."""
        if (name is None) == (group_id is None):
            raise ValueError("Give either name or group_id.")
        wanted = {"groupNames": [name]} if name is not None else {"groupIds": [group_id]}
        rows = self._search(GROUPS_SEARCH, {"limit": GROUPS_PER_PAGE, **wanted})
        found = [group_info(row) for row in rows if is_wanted(row, name, group_id)]
        if not found:
            return None
        return replace(found[0], grants=self.group_grants(found[0].group_id))

    def group_grants(self, group_id: str) -> tuple[Grant, ...]:
        """GET …/groups/{id}/role-assignments (scope read:groups:admin)."""
        ids = self._ids(group=group_id)

        def fetch(cursor: str | None) -> Answer:
            params = {"cursor": cursor} if cursor else {}
            try:
                return self._transport.read("GET", GRANTS, ids, params=params)
            except errors.NotFound as missing:
                raise _no_group(missing) from None

        return tuple(grant(row) for row in cursor_rows(fetch, self._transport.base))

    def products(self) -> list[ProductSeats]:
        """Licences by Jira REST if the connection has its key too; else an empty list."""
        return self._seats.products() if self._seats else []

    def projects(self) -> list[ProjectInfo] | None:
        """Projects by Jira REST if the connection has its key too; else None."""
        return self._seats.projects() if self._seats else None

    # --- the connection ---------------------------------------------------------------------------

    def server_clock(self) -> ServerClock:
        """Date header of GET /v1/orgs."""
        return clock_of(self._transport.read("GET", ORGS))

    def check(self, group_ids: Sequence[str] = ()) -> list[CheckResult]:
        """Try key, organisation, directory, groups, clock. See JiraDirectory."""
        results = [checks.attempt("Organisation key", self._check_directory)]
        if results[0].ok:
            results.append(checks.attempt("Administrators", self._check_admins))
            results += [checks.group(group_id, self.find_group) for group_id in group_ids]
            results.append(checks.clock(self.server_clock))
        if self._seats:
            results += self._seats.check()
        return results

    def _check_directory(self) -> str:
        ids = self._ids()
        self._transport.read("POST", GROUPS_SEARCH, ids, json={"limit": 1})
        return f"Accepted. Organisation {ids['org']}, directory {ids['directory']}."

    def _check_admins(self) -> str:
        return f"{len(self.admin_account_ids())} administrators found; IUM never touches them."

    # --- inside -----------------------------------------------------------------------------------

    def _explain(self, refusal: errors.JiraError, group_id: str) -> NoReturn:
        """Raise a refused change again, more precisely if the group's own state explains it."""
        kind = type(refusal)
        if kind in VAGUE:
            try:
                kind = self._kind(refusal, group_id)
            except errors.GroupNotFound:
                kind = errors.GroupNotFound
            except errors.JiraError:
                pass
        if kind is type(refusal):
            raise refusal
        raise kind(refusal.detail, status=refusal.status, api_code=refusal.api_code) from None

    def _kind(self, refusal: errors.JiraError, group_id: str) -> type[errors.JiraError]:
        group = group_info(self._group(group_id))
        if group.managed_externally or group.modifiable is False:
            return errors.GroupReadOnly
        return errors.UserNotFound if refusal.status == 404 else type(refusal)

    def _group(self, group_id: str) -> Row:
        """GET …/groups/{id}. Raises GroupNotFound."""
        try:
            answer = self._transport.read("GET", GROUP, self._ids(group=group_id))
        except errors.NotFound as missing:
            raise _no_group(missing) from None
        document = answer.document()
        data = document.get("data", document)
        return data if isinstance(data, dict) else {}

    def _people(self, wanted: dict[str, Any]) -> Iterator[Person]:
        rows = self._search(USERS_SEARCH, {"limit": USERS_PER_PAGE, **wanted})
        return (person(row) for row in rows)

    def _search(self, path: str, body: dict[str, Any]) -> Iterator[Row]:
        ids = self._ids()

        def fetch(cursor: str | None) -> Answer:
            page = {**body, "cursor": cursor} if cursor else body
            return self._transport.read("POST", path, ids, json=page)

        return cursor_rows(fetch, self._transport.base)

    def _ids(self, **more: str) -> dict[str, str]:
        with self._lookup:
            if not self._org_id:
                self._org_id = self._only_one(ORGS, {}, "id", "organisation")
            if not self._directory_id:
                ids = {"org": self._org_id}
                self._directory_id = self._only_one(DIRECTORIES, ids, "directoryId", "directory")
        return {"org": self._org_id, "directory": self._directory_id, **more}

    def _only_one(self, path: str, ids: dict[str, str], key: str, what: str) -> str:
        """The id in a list of one. Raises ConnectionIncomplete for none or several."""
        rows = self._transport.read("GET", path, ids).rows("data")
        found = [str(row.get(key) or row.get("id")) for row in rows]
        if len(found) == 1:
            return found[0]
        raise errors.ConnectionIncomplete(
            f"{path}: {found}",
            message=f"The organisation key reaches {len(found)} {what} entries. Enter the id of "
            f"the right {what} in the site's settings.",
        )


def _no_group(missing: errors.NotFound) -> errors.GroupNotFound:
    return errors.GroupNotFound(missing.detail, status=missing.status, api_code=missing.api_code)


def _admins(role: str) -> dict[str, Any]:
    return {"limit": USERS_PER_PAGE, "roleIds": [role], "expand": ["platformRoles"]}
