"""The organisation itself: people, groups, memberships and role assignments, changed only through its methods.

Every method is synchronous and runs in the one event loop, so a change with all its consequences (seats, highest
counts, audit line, saved state) happens as one step that no other request can see half of.
"""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Iterable
from typing import Any

from jira_sync.simulator.access import AccessSchedule
from jira_sync.simulator.model import (
    PLATFORM_ROLES,
    PRODUCT_NAMES,
    PRODUCT_ROLES,
    Event,
    Grant,
    Group,
    Person,
    Product,
    Status,
)
from jira_sync.simulator.persistence import Storage
from jira_sync.simulator.refusals import (
    AlreadyMember,
    InactivePerson,
    InvalidRole,
    NameTaken,
    NotMember,
    ReadOnlyGroup,
    UnknownGroup,
    UnknownPerson,
    UnlicensedProduct,
)
from jira_sync.simulator.seats import Seats, billable_products

EVENTS_KEPT = 20_000


class Organisation:
    """One Atlassian organisation with one site and one directory (centralized user management)."""

    def __init__(
        self,
        *,
        people: Iterable[Person],
        groups: Iterable[Group],
        products: Iterable[Product],
        storage: Storage,
        delay: float = 0.0,
    ) -> None:
        self.people = {person.account_id: person for person in people}
        self.groups = {group.group_id: group for group in groups}
        self.access = AccessSchedule(delay)
        self.seats = Seats(products, self.access)
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self.storage = storage
        self._groups_of: dict[str, set[str]] = {}
        self._names = {group.name.casefold(): group.group_id for group in self.groups.values()}
        self._index()

    def _index(self) -> None:
        for group in self.groups.values():
            group.highest_members = max(group.highest_members, len(group.members))
            for account_id in group.members:
                self._groups_of.setdefault(account_id, set()).add(group.group_id)
        for person in self.people.values():
            self.seats.update(person, self.grants_of(person))
        self.access.settle()

    # Reading

    def person(self, account_id: str) -> Person:
        if account_id not in self.people:
            raise UnknownPerson(account_id)
        return self.people[account_id]

    def group(self, group_id: str) -> Group:
        if group_id not in self.groups:
            raise UnknownGroup(group_id)
        return self.groups[group_id]

    def group_named(self, name: str) -> Group:
        return self.group(self._names.get(name.casefold(), name))

    def groups_of(self, account_id: str) -> list[Group]:
        found = (self.groups[group_id] for group_id in self._groups_of.get(account_id, ()))
        return sorted(found, key=lambda group: group.name)

    def grants_of(self, person: Person) -> list[Grant]:
        """Every role a person has, direct and through groups: the paths on which a seat may be used."""
        return person.direct + [
            g for group in self.groups_of(person.account_id) for g in group.grants
        ]

    def platform_roles_of(self, account_id: str) -> list[str]:
        return sorted({role for g in self.groups_of(account_id) for role in g.platform_roles})

    def members_in_order(self, group: Group) -> list[Person]:
        """Members by their hidden username, which is how Jira orders them (GET group/member)."""
        return [self.people[account_id] for account_id in sorted(group.members)]

    # Membership

    def add_member(
        self, group: Group, account_id: str, *, actor: str, by_provider: bool = False
    ) -> None:
        person = self.person(account_id)
        if group.external and not by_provider:
            raise ReadOnlyGroup(group.name)
        if person.account_type == "customer":
            raise UnknownPerson(account_id)  # portal-only customers are not in the directory
        if account_id in group.members:
            raise AlreadyMember(group.name)
        if not person.active:
            raise InactivePerson(account_id)
        self.seats.require([(person, billable_products(person, group.grants))])
        group.members.add(account_id)
        self._groups_of.setdefault(account_id, set()).add(group.group_id)
        self._membership_changed(group, person, "user_added_to_group", actor)

    def remove_member(
        self, group: Group, account_id: str, *, actor: str, by_provider: bool = False
    ) -> None:
        person = self.person(account_id)
        if group.external and not by_provider:
            raise ReadOnlyGroup(group.name)
        if account_id not in group.members:
            raise NotMember(group.name)
        group.members.discard(account_id)
        self._groups_of[account_id].discard(group.group_id)
        self._membership_changed(group, person, "user_removed_from_group", actor)

    def _membership_changed(self, group: Group, person: Person, action: str, actor: str) -> None:
        higher = len(group.members) > group.highest_members
        group.highest_members = max(group.highest_members, len(group.members))
        with self.storage.transaction():
            self._refresh(person)
            self.storage.save_membership(group, person.account_id)
            if higher:
                self.storage.save_group(group)
            self._record(action, actor, person.account_id, group.group_id)

    def _refresh(self, person: Person) -> None:
        for product in self.seats.update(person, self.grants_of(person)):
            self.storage.save_product(product)

    def _record(self, action: str, actor: str, account_id: str, group_id: str) -> None:
        number = self.events[-1].number + 1 if self.events else 1
        event = Event(number, time.time(), action, actor, account_id, group_id)
        self.events.append(event)
        self.storage.save_event(event, kept=EVENTS_KEPT)

    # Groups and what they grant

    def create_group(self, name: str, *, visible_after: float = 0.0, **details: Any) -> Group:
        """Create an empty group; ``details`` are further fields of Group."""
        if name.casefold() in self._names:
            raise NameTaken(name)
        group = Group(str(uuid.uuid4()), name, **details)
        for grant in group.grants:
            self.check_grant(grant)
        group.searchable_from = time.time() + visible_after
        self.groups[group.group_id] = group
        self._names[name.casefold()] = group.group_id
        with self.storage.transaction():
            self.storage.save_group(group)
        return group

    def delete_group(self, group: Group, *, actor: str) -> None:
        if group.external:
            raise ReadOnlyGroup(group.name)
        for account_id in sorted(group.members):
            self.remove_member(group, account_id, actor=actor)
        del self.groups[group.group_id]
        del self._names[group.name.casefold()]
        with self.storage.transaction():
            self.storage.delete_group(group)

    def grant(self, group: Group, grant: Grant) -> None:
        """Give every member of the group a role on a product; refused when the seats do not suffice."""
        self.check_grant(grant)
        if grant in group.grants:
            return
        members = [self.people[account_id] for account_id in group.members]
        self.seats.require((member, billable_products(member, [grant])) for member in members)
        group.grants.append(grant)
        self._grants_changed(group)

    def revoke(self, group: Group, grant: Grant) -> None:
        self.check_grant(grant)
        if grant in group.grants:
            group.grants.remove(grant)
            self._grants_changed(group)

    def _grants_changed(self, group: Group) -> None:
        with self.storage.transaction():
            for account_id in group.members:
                self._refresh(self.people[account_id])
            self.storage.save_group(group)

    def check_grant(self, grant: Grant) -> None:
        if grant.product not in PRODUCT_NAMES or grant.product not in self.seats.products:
            raise UnlicensedProduct(grant.product)
        if grant.role not in PRODUCT_ROLES[grant.product] | PLATFORM_ROLES:
            raise InvalidRole(grant.role)

    def set_seats(self, product: str, seats: int) -> None:
        """Buy or give back seats; people who are in stay in, even beyond the new number."""
        self.seats.products[product].seats = seats
        with self.storage.transaction():
            self.storage.save_product(self.seats.products[product])

    # People

    def size_of_crowd(self) -> int:
        """How many people there are, without apps and customers: also the next free number."""
        return sum(person.account_type == "atlassian" for person in self.people.values())

    def put_person(self, person: Person) -> None:
        self.people[person.account_id] = person
        self._person_changed(person)

    def set_status(self, person: Person, status: Status) -> None:
        """Suspend, restore or close an account; coming back needs a seat for everything it had."""
        before = person.status
        person.status = status
        try:
            self.seats.require([(person, billable_products(person, self.grants_of(person)))])
        except Exception:
            person.status = before
            raise
        self._person_changed(person)

    def set_direct_grants(self, person: Person, grants: list[Grant]) -> None:
        """Replace the roles a person has without any group: another path to the same product."""
        for grant in grants:
            self.check_grant(grant)
        self.seats.require([(person, billable_products(person, grants))])
        person.direct = list(grants)
        self._person_changed(person)

    def _person_changed(self, person: Person) -> None:
        with self.storage.transaction():
            self._refresh(person)
            self.storage.save_person(person)

    def open_products(self, person: Person) -> frozenset[str]:
        """What the pages let this person open right now, the propagation delay included."""
        return self.access.products(person.account_id)
