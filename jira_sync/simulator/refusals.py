"""Why the organisation refuses a change. Each API translates these into its own answers."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - its subclasses are named like reasons
    """A change that was not made; nothing has been altered."""


class UnknownGroup(Refused):
    """No group has this id or name."""


class UnknownPerson(Refused):
    """No account of the directory has this id."""


class InactivePerson(Refused):
    """The account is suspended, deactivated or closed."""


class AlreadyMember(Refused):
    """The person is in the group already."""


class NotMember(Refused):
    """The person is not in the group."""


class ReadOnlyGroup(Refused):
    """The group belongs to the identity provider; only that may change it."""


class NameTaken(Refused):
    """Another group has this name (compared without regard to case)."""


class NoSeatLeft(Refused):
    """The change needs a seat of a product that has none left."""


class UnlicensedProduct(Refused):
    """The site does not have this product."""


class InvalidRole(Refused):
    """The product does not offer this role."""
