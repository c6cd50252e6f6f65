"""The nouns of an Atlassian organisation, as plain data without behaviour towards each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

AccountType = Literal["atlassian", "app", "customer"]
Status = Literal["active", "suspended", "deactivated", "closed"]

# Organizations API, role ids. A seat is used through these roles only; the others are free (section 0.1
# of the fact sheet: "billable role"; License Leash on guest and user-access-admin).
BILLABLE_ROLES = frozenset({"atlassian/user", "atlassian/admin"})
# Roles that open the product's pages. "user-access-admin" administers people and opens nothing.
OPENING_ROLES = BILLABLE_ROLES | {
    "atlassian/contributor",
    "atlassian/guest",
    "atlassian/stakeholder",
}
PLATFORM_ROLES = frozenset({"atlassian/org-admin", "atlassian/site-admin"})

PRODUCT_NAMES = {
    "jira-software": "Jira",
    "jira-servicedesk": "Jira Service Management",
    "jira-product-discovery": "Jira Product Discovery",
    "confluence": "Confluence",
}
JIRA_PRODUCTS = ("jira-software", "jira-servicedesk", "jira-product-discovery")
_COMMON_ROLES = frozenset({"atlassian/user", "atlassian/admin", "atlassian/user-access-admin"})
PRODUCT_ROLES = {
    "jira-software": _COMMON_ROLES,
    "jira-servicedesk": _COMMON_ROLES | {"atlassian/customer", "atlassian/stakeholder"},
    "jira-product-discovery": _COMMON_ROLES | {"atlassian/contributor"},
    "confluence": _COMMON_ROLES | {"atlassian/guest"},
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One role on one product: what a group's or a person's role assignment is made of."""

    product: str
    role: str = "atlassian/user"

    @property
    def billable(self) -> bool:
        return self.role in BILLABLE_ROLES

    @property
    def opens(self) -> bool:
        return self.role in OPENING_ROLES


@dataclass(slots=True)
class Person:
    """An account of the directory. Everything is keyed by ``account_id``; the e-mail may change."""

    account_id: str
    name: str
    email: str
    account_type: AccountType = "atlassian"
    status: Status = "active"
    added: str = "2024-03-04T09:00:00Z"
    time_zone: str = "Europe/Berlin"
    direct: list[Grant] = field(default_factory=list)
    last_active: dict[str, float] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.status == "active"

    @property
    def takes_seats(self) -> bool:
        """Only active people are billed: apps, portal customers and suspended accounts are not."""
        return self.active and self.account_type == "atlassian"


@dataclass(slots=True)
class Group:
    """A group of the directory. ``grants`` and ``platform_roles`` are its role assignments."""

    group_id: str
    name: str
    description: str = ""
    grants: list[Grant] = field(default_factory=list)
    platform_roles: list[str] = field(default_factory=list)
    default_for: list[str] = field(default_factory=list)
    external: bool = False
    searchable_from: float = 0.0
    highest_members: int = 0
    members: set[str] = field(default_factory=set)

    @property
    def administers(self) -> bool:
        return bool(self.platform_roles)


@dataclass(slots=True)
class Product:
    """A licensed product of the site with its bought seats."""

    key: str
    seats: int
    highest_used: int = 0


@dataclass(frozen=True, slots=True)
class Project:
    """A Jira project; its type decides which product its issues need."""

    key: str
    name: str
    type_key: str
    number: int


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the organisation's audit log."""

    number: int
    at: float
    action: str
    actor: str
    account_id: str
    group_id: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """An administrator's webhook (System > WebHooks): permanent, signed when it has a secret."""

    number: int
    url: str
    secret: str = ""
    name: str = "webhook"
    events: tuple[str, ...] = ("jira:issue_updated",)
    enabled: bool = True
