"""Who uses a seat of which product, and who may open it: the part of the organisation that costs money.

A person uses one seat of a product while any group or direct role gives them a billable role there, no matter
through how many paths. The sets are kept up to date with every change, so a count is exact at every instant.
"""

from __future__ import annotations

from collections.abc import Iterable

from jira_sync.simulator.access import AccessSchedule
from jira_sync.simulator.model import Grant, Person, Product
from jira_sync.simulator.refusals import NoSeatLeft


def billable_products(person: Person, grants: Iterable[Grant]) -> set[str]:
    """The products in which these grants cost a seat."""
    return {g.product for g in grants if g.billable} if person.takes_seats else set()


def open_products(person: Person, grants: Iterable[Grant]) -> set[str]:
    """The products whose pages these grants open."""
    usable = person.active and person.account_type == "atlassian"
    return {g.product for g in grants if g.opens} if usable else set()


class Seats:
    """Seat use per product, with the largest use ever reached."""

    def __init__(self, products: Iterable[Product], access: AccessSchedule) -> None:
        self.products = {product.key: product for product in products}
        self.access = access
        self._users: dict[str, set[str]] = {key: set() for key in self.products}

    def used(self, product: str) -> int:
        return len(self._users[product])

    def remaining(self, product: str) -> int:
        return max(0, self.products[product].seats - self.used(product))

    def users(self, product: str) -> frozenset[str]:
        return frozenset(self._users.get(product, ()))

    def require(self, additions: Iterable[tuple[Person, set[str]]]) -> None:
        """Refuse when giving each person these products would use more seats than were bought."""
        wanted: dict[str, set[str]] = {}
        for person, products in additions:
            for key in products & self.products.keys():
                if person.account_id not in self._users[key]:
                    wanted.setdefault(key, set()).add(person.account_id)
        for key, newcomers in wanted.items():
            if len(newcomers) > self.remaining(key):
                raise NoSeatLeft(key)

    def update(self, person: Person, grants: list[Grant]) -> list[Product]:
        """Take over what a person is entitled to now; return the products that reached a new highest use."""
        billable, risen = billable_products(person, grants), []
        for key, users in self._users.items():
            if key not in billable:
                users.discard(person.account_id)
                continue
            users.add(person.account_id)
            if len(users) > self.products[key].highest_used:
                self.products[key].highest_used = len(users)
                risen.append(self.products[key])
        self.access.target(person.account_id, open_products(person, grants))
        return risen
