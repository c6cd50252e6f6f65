"""What IUM asks of Jira: `JiraDirectory` and the values it deals in.

Two families of Atlassian's API implement it: `organizations` (Organizations API v2, preferred) and
`jira_rest` (Jira REST v3). `factory.build` chooses. Every method may raise any `JiraError`; the
docstrings name only what is special. Objects are safe to share between threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

PersonStatus = Literal[
    "active", "suspended", "not_invited", "deactivated", "for_deletion", "closed", "unknown"
]

# Roles that give product access without taking a licence (jira-api.md section 3; the texts of
# Atlassian's role list). A role that is not known counts as taking one: the safe side.
FREE_ROLES = frozenset(
    {
        "guest",
        "customer",
        "user-access-admin",
        "contributor",
        "basic",
        "stakeholder",
        "ai-access",
        "site-admin",
        "org-admin",
    }
)


@dataclass(frozen=True, slots=True)
class GroupRef:
    """A group by its stable id and its (changeable) name."""

    group_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """One account. Key everything on `account_id`; `email` may be hidden (None).

    `kind` is Atlassian's accountType: "atlassian" (a person, the only kind that takes a licence),
    "app", "customer" or "unknown". `active` is false as soon as the account cannot sign in.
    `groups` is None unless the call says that it fills them.
    """

    account_id: str
    name: str
    email: str | None = field(default=None, repr=False)
    kind: str = "unknown"
    active: bool = True
    status: PersonStatus = "unknown"
    groups: tuple[GroupRef, ...] | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A group's access to one product of one site.

    `product` is Atlassian's key ("jira-software"); `resource_id` the site's ARI (None with Jira
    REST); `roles` as Jira names them, empty where the family cannot tell.
    """

    product: str
    resource_id: str | None = None
    roles: tuple[str, ...] = ()

    @property
    def takes_licence(self) -> bool:
        """Whether members of the group cost a licence of the product through this grant."""
        names = {role.removeprefix("atlassian/") for role in self.roles}
        return not names or bool(names - FREE_ROLES)


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group. None means that this family of the API cannot tell, or was not asked."""

    group_id: str
    name: str
    modifiable: bool | None = None
    managed_externally: bool | None = None
    grants: tuple[Grant, ...] | None = None


@dataclass(frozen=True, slots=True)
class ProductSeats:
    """Licences of one product. `seats` and `remaining` are None when unlimited.

    `used` is what Jira counts (deactivated accounts excluded). `default_group_ids` receive people
    whose access request was approved, past IUM: an access group should not be among them.
    """

    product: str
    name: str
    seats: int | None
    used: int
    remaining: int | None
    default_group_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """A Jira project. `type_key` tells its product: software, business, service_desk, product_discovery."""

    key: str
    type_key: str


@dataclass(frozen=True, slots=True)
class ServerClock:
    """Jira's time and how far it is ahead of ours, in seconds (negative: behind; exact to 1 s)."""

    server_time: datetime
    offset_seconds: float


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of a connection test: what was tried, whether it worked, and what to do if not."""

    what: str
    ok: bool
    message: str


class SeatSource(Protocol):
    """Whoever can count licences and name projects: only Jira REST can."""

    def products(self) -> list[ProductSeats]:
        """Return the licences of every product."""

    def lets_in(self, account_id: str, product: str) -> bool | None:
        """See JiraDirectory."""

    def projects(self) -> list[ProjectInfo] | None:
        """Return the projects of the site."""

    def check(self, group_ids: Sequence[str] = ()) -> list[CheckResult]:
        """Return whether it would work, in words."""


class JiraDirectory(Protocol):
    """People, groups and memberships of one site."""

    def add_member(self, group_id: str, account_id: str) -> None:
        """Put the person into the group; success if they are in it already. One HTTP call.

        Not repeated automatically. Raises OutcomeUnknown when it may or may not have happened
        (read back with `is_member`, then call again), LicenceLimitReached, UserNotFound,
        UserInactive, GroupNotFound, GroupReadOnly.
        """

    def remove_member(self, group_id: str, account_id: str) -> None:
        """Take the person out of the group; success if they are not in it. One HTTP call.

        Where Jira's answer is ambiguous (404), the membership is read back: returning means that
        the person is surely not in this existing group. Not repeated automatically. Raises
        OutcomeUnknown, GroupNotFound, GroupReadOnly.
        """

    def is_member(self, group_id: str, account_id: str) -> bool:
        """Read one membership. False only if the group exists. Raises GroupNotFound."""

    def lets_in(self, account_id: str, product: str) -> bool | None:
        """Whether the product itself says that it lets the person in; None where nobody can be asked.

        Another question than `is_member`: a new membership takes effect later. One HTTP call.
        """

    def iter_members(self, group_id: str) -> Iterator[Person]:
        """Everybody in the group, each once, inactive accounts and apps included.

        Raises GroupNotFound, ListChanged.
        """

    def iter_people(self) -> Iterator[Person]:
        """Everybody in the user directory, each once."""

    def people(self, account_ids: Iterable[str]) -> list[Person]:
        """Those of the given accounts that exist, in no particular order.

        The Organizations API fills `groups` ("does another group give the product too?").
        """

    def iter_groups(self) -> Iterator[GroupInfo]:
        """All groups, without their grants."""

    def find_group(
        self, *, name: str | None = None, group_id: str | None = None
    ) -> GroupInfo | None:
        """The group with exactly this name (case does not matter) or id, with its grants.

        None when there is none. Give one of the two; raises ValueError otherwise.
        """

    def group_grants(self, group_id: str) -> tuple[Grant, ...]:
        """The product access the group gives to its members."""

    def products(self) -> list[ProductSeats]:
        """Licences per product; empty where the credentials cannot tell (organisation key only)."""

    def projects(self) -> list[ProjectInfo] | None:
        """The projects that the account of the API token sees; None without an API token."""

    def admin_account_ids(self) -> frozenset[str]:
        """Site and organisation administrators: IUM never touches them."""

    def server_clock(self) -> ServerClock:
        """Jira's clock by the Date header of a small request."""

    def check(self, group_ids: Sequence[str] = ()) -> list[CheckResult]:
        """Try the connection and the given groups, changing nothing. Never raises a JiraError."""
