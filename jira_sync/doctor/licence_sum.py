"""How many licences a pool can have: the seats of the product less everything that uses them otherwise."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.lib import clock
from jira_sync.client.errors import JiraError
from jira_sync.client.interface import Person, ProductSeats
from jira_sync.doctor.facts import PoolFacts, SiteFacts
from jira_sync.doctor.group_use import product_name
from slots.models import LicencePool

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class LicenceSum:
    """The sum, part by part. `possible` is None when nobody can tell or the licences are unlimited.

    `fixed` are the people who use a seat without IUM, `others` the licences assigned to other pools of the product.
    """

    assigned: int
    sentence: str
    possible: int | None = None
    seats: int | None = None
    fixed: int = 0
    others: int = 0
    kept_back: int = 0

    @property
    def fits(self) -> bool:
        """Whether the assigned licences are possible, as far as that is known."""
        return self.possible is None or self.assigned <= self.possible


def licence_sum(*, pool: LicencePool) -> LicenceSum:
    """Return the sum for a pool as it is in memory: a form can ask before it saves.

    Never raises a JiraError: when Jira does not tell, `possible` is None and the sentence says why. Calls Jira, so it
    must not be used inside a transaction.
    """
    facts = PoolFacts(pool, SiteFacts(pool.site, clock.now()))
    try:
        return sum_of(facts)
    except JiraError as error:
        return _unknown(pool, error.message)


def sum_of(facts: PoolFacts) -> LicenceSum:
    """Return the sum by the facts of a running check. Raises JiraError."""
    pool = facts.pool
    listed = facts.site.seats()
    if not listed:
        return _unknown(pool, _("An organisation key cannot count licences; add an API token."))
    product = next((one for one in listed if one.product == pool.product), None)
    if product is None:
        return _unknown(pool, _("Atlassian does not tell IUM the licences of this product."))
    if product.seats is None:
        sentence = _("%(product)s has unlimited licences.") % {"product": product.name}
        return LicenceSum(pool.assigned_licences, sentence)
    return _with_seats(facts, product, product.seats)


def _with_seats(facts: PoolFacts, product: ProductSeats, seats: int) -> LicenceSum:
    pool = facts.pool
    pools = _pools_of_product(pool)
    fixed = max(0, product.used - sum(_placed_by_ium(PoolFacts(one, facts.site)) for one in pools))
    others = sum(one.assigned_licences for one in pools if one.pk != pool.pk)
    possible = seats - fixed - others - pool.buffer_licences
    return LicenceSum(
        assigned=pool.assigned_licences,
        sentence=_sentence(pool, seats, fixed, others, possible),
        possible=possible,
        seats=seats,
        fixed=fixed,
        others=others,
        kept_back=pool.buffer_licences,
    )


def _pools_of_product(pool: LicencePool) -> list[LicencePool]:
    """Return all saved pools that share the product's licences on the site, this one among them."""
    same = LicencePool.objects.filter(site_id=pool.site_id, product=pool.product)
    return list(same.select_related("access_group").order_by("pk"))


def _placed_by_ium(facts: PoolFacts) -> int:
    """Count the members of the access group who hold a slot: the seats that IUM itself gave."""
    if facts.pool.access_group.missing_since is not None:
        return 0
    holders = facts.holder_ids()
    members = facts.site.members(facts.pool.access_group)
    return sum(takes_seat(person) and person.account_id in holders for person in members)


def takes_seat(person: Person) -> bool:
    """Tell whether Atlassian counts this account: active people only, no apps and no customers."""
    return person.active and person.kind == "atlassian"


def _sentence(pool: LicencePool, seats: int, fixed: int, others: int, possible: int) -> str:
    """Write the sum out: "40 seats - 10 people with a fixed licence = 30 possible; 15 assigned", with a true minus."""
    parts = [
        ngettext("%(n)d seat", "%(n)d seats", seats) % {"n": seats},
        ngettext("%(n)d person with a fixed licence", "%(n)d people with a fixed licence", fixed)
        % {"n": fixed},
    ]
    if others:
        parts.append(_("%(n)d assigned to other pools") % {"n": others})
    if pool.buffer_licences:
        parts.append(_("%(n)d kept back") % {"n": pool.buffer_licences})
    return _("%(parts)s = %(possible)d possible; %(assigned)d assigned") % {
        "parts": f" {MINUS} ".join(parts),
        "possible": possible,
        "assigned": pool.assigned_licences,
    }


def _unknown(pool: LicencePool, reason: str) -> LicenceSum:
    sentence = _("The licences of %(product)s cannot be counted: %(reason)s") % {
        "product": product_name(pool.product),
        "reason": reason,
    }
    return LicenceSum(pool.assigned_licences, sentence)
