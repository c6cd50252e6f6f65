"""The demo organisation: the same people, groups and seats in every process.

People are laid out by number: first those with a fixed licence (the administrators among them), then the people
IUM manages, then people without any licence, and at the end the accounts that must be left alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from jira_sync.simulator.credentials import (
    APP_ACCOUNT,
    APP_EMAIL,
    CUSTOMER_ACCOUNT,
    account_id,
    stable_uuid,
)
from jira_sync.simulator.model import Grant, Group, Person, Product, Project, Status
from jira_sync.simulator.names import email_of, person_name

ADMINS, FIXED, SPECIAL = 3, 10, 7
FEWEST_PEOPLE = FIXED + SPECIAL + 3
SEATS = {
    "jira-software": 40,
    "jira-servicedesk": 20,
    "jira-product-discovery": 10,
    "confluence": 120,
}
PROJECTS = {
    project.key: project
    for project in (
        Project("DEMO", "Demo product", "software", 10000),
        Project("SUP", "Support desk", "service_desk", 10001),
        Project("IDEA", "Product ideas", "product_discovery", 10002),
        Project("OPS", "Operations", "business", 10003),
    )
}
TIME_ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Africa/Lagos",
    "Asia/Tokyo",
    "UTC",
)
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Size:
    """How large an organisation to build."""

    people: int = 300
    seats: dict[str, int] = field(default_factory=dict)

    @property
    def managed(self) -> int:
        """How many people are in the user group: four of five, as far as there are enough people."""
        return min(self.people * 4 // 5, self.people - FIXED - SPECIAL)


def products(size: Size) -> list[Product]:
    return [Product(key, seats) for key, seats in (SEATS | size.seats).items()]


def people(size: Size) -> list[Person]:
    ordinary = [person(number) for number in range(size.people)]
    for offset, special in enumerate(ordinary[-SPECIAL:]):
        special.status = _special_status(offset)
    return [*ordinary, _app(), _customer()]


def _special_status(offset: int) -> Status:
    """Of the last people five are suspended, one is deactivated by its company and one closed for good."""
    return "suspended" if offset < 5 else "deactivated" if offset == 5 else "closed"


def person(number: int) -> Person:
    """The person with this number, the same in every process."""
    name = person_name(number)
    found = Person(account_id(number), name, email_of(name))
    found.time_zone = TIME_ZONES[number % len(TIME_ZONES)]
    if number % 7:  # every seventh has never opened Jira
        found.last_active = {"jira-software": time.time() // DAY * DAY - (1 + number % 90) * DAY}
    return found


def _app() -> Person:
    return Person(APP_ACCOUNT, "Automation for Jira", APP_EMAIL, account_type="app")


def _customer() -> Person:
    email = "carla.customer@client.example.com"
    return Person(CUSTOMER_ACCOUNT, "Carla Customer", email, account_type="customer")


def groups(size: Size) -> list[Group]:
    return [*_licence_groups(size), *_admin_groups(), *_source_groups(size)]


def _licence_groups(size: Size) -> list[Group]:
    managed = range(FIXED, FIXED + size.managed)
    software, agent = Grant("jira-software"), Grant("jira-servicedesk")
    contributor = Grant("jira-product-discovery", "atlassian/contributor")
    return [
        _group("ium-users", "Everybody IUM manages; costs no licence", managed, [contributor]),
        _group("ium-access", "Gives a Jira licence; only IUM writes it", (), [software]),
        _group("jira-fixed", "People with a fixed Jira licence", range(FIXED), [software]),
        _default_group("jira-software-default", software),
        _group("jira-servicedesk-agents", "Agents of the support desk", range(2, 10), [agent]),
        _group(
            "confluence-users",
            "Confluence",
            range(min(60, size.people - SPECIAL)),
            [Grant("confluence")],
        ),
    ]


def _admin_groups() -> list[Group]:
    """Administrators: their groups give no product, their licence comes from jira-fixed."""
    site = _group("site-admins", "Administer the site", range(ADMINS), [])
    site.platform_roles = ["atlassian/site-admin"]
    organisation = _group("org-admins", "Administer the organisation", range(ADMINS), [])
    organisation.platform_roles = ["atlassian/org-admin"]
    return [site, organisation]


def _source_groups(size: Size) -> list[Group]:
    """Ordinary groups without product access. Suspended and closed accounts linger in them, as they do."""
    everybody = range(FIXED, size.people)
    teams = ("engineering", "marketing", "support-team", "finance", "design")
    found = [
        _group(name, f"The {name} people", everybody[i :: len(teams)], [])
        for i, name in enumerate(teams)
    ]
    found[0].members.add(APP_ACCOUNT)
    provider = _group("idp-staff", "Synchronised from the identity provider", everybody[::8], [])
    provider.external = True
    return [*found, provider]


def _default_group(name: str, grant: Grant) -> Group:
    """The group that an approved access request puts people into, past any other rule."""
    group = _group(name, "Default group of Jira", (), [grant])
    group.default_for = [grant.product]
    return group


def _group(name: str, description: str, numbers: Iterable[int], grants: list[Grant]) -> Group:
    group = Group(stable_uuid(f"group-{name}"), name, description, grants)
    group.members = {account_id(number) for number in numbers}
    return group
