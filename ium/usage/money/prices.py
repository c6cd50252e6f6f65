"""Which prices hold for a pool, and what a recommendation saves."""

from datetime import date

from ium.usage.models import PriceTier
from ium.usage.money.costs import Costs, Tier, costs_of
from slots.models import LicencePool


def prices_on(pool: LicencePool, day: date) -> list[Tier]:
    """Return the tiers that hold on a day: those of the latest date before it. Empty without any."""
    latest = (
        PriceTier.objects.filter(pool=pool, valid_from__lte=day).order_by("-valid_from").first()
    )
    if latest is None:
        return []
    rows = PriceTier.objects.filter(pool=pool, valid_from=latest.valid_from).order_by("first")
    return [Tier(row.first, row.last, row.price, row.per_year, row.currency) for row in rows]


def costs_on(pool: LicencePool, day: date, *, then: int) -> Costs | None:
    """Return what the pool's licences cost now and with another number; None without prices.

    What is kept back is bought too: it is added to both. Raises ValueError for prices that do not fit together.
    """
    tiers = prices_on(pool, day)
    if not tiers:
        return None
    return costs_of(tiers, now=pool.assigned_licences, then=then + pool.buffer_licences)
