"""`JiraDirectory` over Jira REST v3 with e-mail and API token: the way without organisation key.

The account needs organisation or site administration for group changes. Errors are vague here, so
an ambiguous refusal is followed by a read. This family alone can count licences. It cannot see who
manages a group except through the groups picker, and cannot name the roles of a grant.
Sources: Atlassian's description of 2026-06-10 (`specs/jira-platform-v3.subset.json`), jira-api.md
section 1 for what it leaves out. `GET /group` is deprecated and not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from . import checks, errors
from .answers import Answer
from .cloud import CloudId
from .interface import (
    CheckResult,
    Grant,
    GroupInfo,
    Person,
    ProductSeats,
    ProjectInfo,
    ServerClock,
)
from .jira_rest_rows import (
    application_roles,
    group_info,
    is_wanted,
    person,
    product_seats,
    project_info,
    role_groups,
)
from .paging import Row, array_rows, chunks, offset_rows, stable_rows
from .transport import Params, Transport, clock_of

API = "/rest/api/3"
GROUP_USER = API + "/group/user"
GROUP_MEMBER = API + "/group/member"
GROUP_BULK = API + "/group/bulk"
GROUPS_PICKER = API + "/groups/picker"
USER = API + "/user"
USER_GROUPS = API + "/user/groups"
USER_BULK = API + "/user/bulk"
USERS_SEARCH = API + "/users/search"
APPLICATION_ROLES = API + "/applicationrole"
PROJECT_SEARCH = API + "/project/search"
SERVER_INFO = API + "/serverInfo"
MYSELF = API + "/myself"
MY_PERMISSIONS = API + "/mypermissions"

PER_PAGE = 50  # the documented maximum of group/member
USERS_PER_PAGE = 200  # users/search answers 409 if it runs longer than 10 s
IDS_PER_SEARCH = 50

# Refusals of a change that say too little: a look at the group and the licences may explain them.
VAGUE = (errors.NotFound, errors.UserNotFound, errors.NotAllowed, errors.RequestRefused)


class JiraRestDirectory:
    """One site. `cloud` (scoped tokens) puts calls below `/ex/jira/{cloudId}` of the gateway."""

    def __init__(self, transport: Transport, *, cloud: CloudId | None = None) -> None:
        self._transport = transport
        self._cloud = cloud

    # --- memberships ------------------------------------------------------------------------------

    def add_member(self, group_id: str, account_id: str) -> None:
        """POST /group/user. See JiraDirectory.

        "Already a member" comes as 400 with a broken text (AX-17) and is confirmed by a read. With
        no licence left Jira answers a vague 4xx or 500: licences are counted then.
        """
        try:
            self._write("POST", {"groupId": group_id}, {"accountId": account_id})
        except errors.AlreadyMember as refusal:
            if not self.is_member(group_id, account_id):
                self._explain(errors.RequestRefused(refusal.detail, status=400), group_id)
        except errors.LicenceLimitReached as refusal:
            self._confirm_limit(refusal, group_id, account_id)
        except errors.JiraError as refusal:
            self._explain(refusal, group_id)

    def remove_member(self, group_id: str, account_id: str) -> None:
        """DELETE /group/user. See JiraDirectory.

        What Jira says about a person who is not in the group is not documented: 400 and 404 are
        followed by a read.
        """
        try:
            self._write("DELETE", {"groupId": group_id, "accountId": account_id})
        except (errors.NotFound, errors.RequestRefused, errors.UserInactive) as refusal:
            if refusal.status not in (400, 404) or self._is_listed(group_id, account_id):
                raise
        except errors.JiraError as refusal:
            self._explain(refusal, group_id)

    def is_member(self, group_id: str, account_id: str) -> bool:
        """GET /user/groups; where that cannot tell, the list of the group's members decides.

        It cannot tell for an unknown person, and where Jira leaves out the id of a group.
        """
        try:
            rows = self._read("GET", USER_GROUPS, {"accountId": account_id}).rows()
        except errors.NotFound:
            return self._is_listed(group_id, account_id)
        ids = {row.get("groupId") for row in rows}
        if group_id in ids:
            return True
        if None in ids:
            return self._is_listed(group_id, account_id)
        self._group(group_id)  # an unknown group has nobody either
        return False

    def lets_in(self, account_id: str, product: str) -> bool | None:
        """GET /user with `expand=applicationRoles`: the products that Jira lets this person use.

        Only Jira's own products are among them (jira-api.md section 2).
        """
        if not product.startswith("jira-"):
            return None
        params = {"accountId": account_id, "expand": "applicationRoles"}
        return product in application_roles(self._read("GET", USER, params).document())

    def iter_members(self, group_id: str) -> Iterator[Person]:
        """GET /group/member, read completely before the first person comes. See JiraDirectory."""

        def fetch(start: int) -> Answer:
            params = {"groupId": group_id, "includeInactiveUsers": "true"}
            try:
                return self._page(GROUP_MEMBER, start, params)
            except errors.NotFound as missing:
                raise errors.GroupNotFound(missing.detail, status=missing.status) from None

        yield from (person(row) for row in stable_rows(fetch, "accountId"))

    # --- people -----------------------------------------------------------------------------------

    def iter_people(self) -> Iterator[Person]:
        """GET /users/search: active, inactive and formerly deleted accounts."""

        def fetch(start: int) -> Answer:
            params = {"startAt": start, "maxResults": USERS_PER_PAGE}
            return self._read("GET", USERS_SEARCH, params)

        found = {row.get("accountId"): row for row in array_rows(fetch)}
        yield from (person(row) for row in found.values())

    def people(self, account_ids: Iterable[str]) -> list[Person]:
        """GET /user/bulk, fifty at a time; `groups` stays None."""
        found: list[Person] = []
        for chunk in chunks(dict.fromkeys(account_ids), IDS_PER_SEARCH):
            found += [person(row) for row in self._pages(USER_BULK, {"accountId": chunk})]
        return found

    def admin_account_ids(self) -> frozenset[str]:
        """Members of the groups of GET /group/bulk?accessType=site-admin."""
        groups = list(self._groups({"accessType": "site-admin"}))
        return frozenset(
            one.account_id for group in groups for one in self.iter_members(group.group_id)
        )

    # --- groups and products ----------------------------------------------------------------------

    def iter_groups(self) -> Iterator[GroupInfo]:
        """GET /group/bulk."""
        return self._groups({})

    def find_group(
        self, *, name: str | None = None, group_id: str | None = None
    ) -> GroupInfo | None:
        """GET /group/bulk, /applicationrole and /groups/picker (who manages it)."""
        if (name is None) == (group_id is None):
            raise ValueError("Give either name or group_id.")
        wanted = {"groupName": name} if name is not None else {"groupId": str(group_id)}
        found = next((one for one in self._groups(wanted) if is_wanted(one, name, group_id)), None)
        if found is None:
            return None
        external = self._is_external(found)
        return replace(found, managed_externally=external, grants=self.group_grants(found.group_id))

    def group_grants(self, group_id: str) -> tuple[Grant, ...]:
        """GET /applicationrole: the products whose groups include this one; roles unknown."""
        roles = self._read("GET", APPLICATION_ROLES).rows()
        return tuple(Grant(str(role["key"])) for role in roles if group_id in role_groups(role))

    def products(self) -> list[ProductSeats]:
        """GET /applicationrole (needs "Administer Jira")."""
        return [product_seats(row) for row in self._read("GET", APPLICATION_ROLES).rows()]

    def projects(self) -> list[ProjectInfo] | None:
        """GET /project/search: what the account may browse, without archived and deleted projects."""
        return [project_info(row) for row in self._pages(PROJECT_SEARCH, {})]

    # --- the connection ---------------------------------------------------------------------------

    def server_clock(self) -> ServerClock:
        """Date header of GET /serverInfo."""
        return clock_of(self._read("GET", SERVER_INFO))

    def check(self, group_ids: Sequence[str] = ()) -> list[CheckResult]:
        """Try address, token, rights, groups, clock. See JiraDirectory."""
        results = [checks.attempt("API token", self._check_token)]
        if results[0].ok:
            results.append(self._check_rights())
            results.append(checks.attempt("Licences", self._check_products))
            results += [checks.group(group_id, self.find_group) for group_id in group_ids]
            results.append(checks.clock(self.server_clock))
        return results

    def _check_token(self) -> str:
        name = self._read("GET", MYSELF).document().get("displayName")
        return f"Accepted. IUM works as {name}."

    def _check_rights(self) -> CheckResult:
        what = "Rights of the account"
        try:
            answer = self._read("GET", MY_PERMISSIONS, {"permissions": "ADMINISTER,USER_PICKER"})
        except errors.JiraError as error:
            return CheckResult(what, False, f"{error.message} ({error.detail})")
        permissions = answer.document().get("permissions", {})
        missing = [key for key, row in permissions.items() if not row.get("havePermission")]
        if not missing:
            return CheckResult(what, True, "The account administers Jira and may browse users.")
        return CheckResult(
            what, False, f"Missing: {', '.join(missing)}. Use the token of an administrator."
        )

    def _check_products(self) -> str:
        return "; ".join(
            f"{one.name}: {one.used} of {one.seats if one.seats is not None else 'unlimited'} used"
            for one in self.products()
        )

    # --- inside -----------------------------------------------------------------------------------

    def _is_listed(self, group_id: str, account_id: str) -> bool:
        """Whether GET /group/member lists the person. Raises GroupNotFound."""
        return any(one.account_id == account_id for one in self.iter_members(group_id))

    def _confirm_limit(
        self, refusal: errors.LicenceLimitReached, group_id: str, account_id: str
    ) -> None:
        """A 500 that means "no licence": believe it only if membership and count agree."""
        if (refusal.status or 0) < 500:
            raise refusal
        try:
            if self.is_member(group_id, account_id):
                return
            believable = self._licences_left(group_id) is not True
        except errors.JiraError:
            believable = False
        if believable:
            raise refusal
        raise errors.OutcomeUnknown(refusal.detail, status=refusal.status) from None

    def _explain(self, refusal: errors.JiraError, group_id: str) -> NoReturn:
        """Raise a refused change again, more precisely if a look around explains it."""
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
        raise kind(refusal.detail, status=refusal.status) from None

    def _kind(self, refusal: errors.JiraError, group_id: str) -> type[errors.JiraError]:
        group = self._group(group_id)
        if self._is_external(group):
            return errors.GroupReadOnly
        if refusal.status == 404:
            return errors.UserNotFound
        if refusal.status != 403 and self._licences_left(group_id) is False:
            return errors.LicenceLimitReached
        return type(refusal)

    def _licences_left(self, group_id: str) -> bool | None:
        """Whether every product of the group has a licence left; None if Jira does not say."""
        try:
            roles = self._read("GET", APPLICATION_ROLES).rows()
        except errors.JiraError:
            return None
        left = [product_seats(row).remaining for row in roles if group_id in role_groups(row)]
        return all(count is None or count > 0 for count in left) if left else None

    def _is_external(self, group: GroupInfo) -> bool | None:
        """`managedBy` of GET /groups/picker: whether an identity provider manages the group."""
        rows = self._read("GET", GROUPS_PICKER, {"query": group.name}).rows("groups")
        for row in rows:
            if row.get("groupId") == group.group_id and row.get("managedBy"):
                return str(row["managedBy"]).upper() == "EXTERNAL"
        return None

    def _group(self, group_id: str) -> GroupInfo:
        """GET /group/bulk by id. Raises GroupNotFound."""
        for group in self._groups({"groupId": group_id}):
            if group.group_id == group_id:
                return group
        raise errors.GroupNotFound(f"GET {GROUP_BULK}: no such group")

    def _groups(self, wanted: Mapping[str, str | list[str]]) -> Iterator[GroupInfo]:
        return (group_info(row) for row in self._pages(GROUP_BULK, wanted))

    def _pages(self, path: str, params: Mapping[str, str | list[str]]) -> Iterator[Row]:
        return offset_rows(lambda start: self._page(path, start, params))

    def _page(self, path: str, start: int, params: Mapping[str, str | list[str]]) -> Answer:
        paged = {**params, "startAt": start, "maxResults": PER_PAGE}  # both, always: JRACLOUD-69614
        return self._read("GET", path, paged)

    def _read(self, method: str, path: str, params: Params | None = None) -> Answer:
        return self._transport.read(method, self._prefix() + path, params=params)

    def _write(self, method: str, params: Params, json: object = None) -> Answer:
        path = self._prefix() + GROUP_USER
        return self._transport.write(method, path, params=params, json=json)

    def _prefix(self) -> str:
        return f"/ex/jira/{self._cloud.value()}" if self._cloud else ""
