"""Cost of a number of licences by tiers. Decimal arithmetic, one currency; no Django."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
MONTHS = 12


@dataclass(frozen=True)
class Tier:
    """What each licence from `first` to `last` (None: no end) costs per month or per year."""

    first: int
    last: int | None
    price: Decimal
    per_year: bool
    currency: str


@dataclass(frozen=True)
class Costs:
    """Costs in one currency: as it is, as recommended; per month and per year."""

    currency: str
    now: Decimal
    then: Decimal
    overshoot: Decimal

    @property
    def saved(self) -> Decimal:
        """Return what is saved per month; negative if more licences are recommended."""
        return self.now - self.then

    @property
    def saved_per_year(self) -> Decimal:
        """Return what is saved per year."""
        return self.saved * MONTHS


def costs_of(tiers: Iterable[Tier], *, now: int, then: int) -> Costs:
    """Return what two numbers of licences cost per month, and what one licence too many for a moment does.

    Under maximum-quantity billing the highest count of a period is billed: one overshoot by one licence costs that
    licence for the whole month. Raises ValueError for two currencies, tiers with a hole or an overlap.
    """
    ordered = sorted(tiers, key=lambda tier: tier.first)
    currencies = {tier.currency for tier in ordered}
    if len(currencies) != 1:
        raise ValueError("Prices in exactly one currency are needed.")
    cost, more, less = (per_month(ordered, number) for number in (now, now + 1, then))
    return Costs(currencies.pop(), cost, less, more - cost)


def per_month(tiers: list[Tier], licences: int) -> Decimal:
    """Return the cost per month: every licence at the price of the tier in which it lies.

    Raises ValueError if a licence lies in no tier, or in two.
    """
    total, next_one = Decimal(0), 1
    for tier in tiers:
        if next_one > licences:
            break
        if tier.first != next_one:
            raise ValueError(f"The tiers have a hole or an overlap at licence {next_one}.")
        last = licences if tier.last is None else min(licences, tier.last)
        price = tier.price / MONTHS if tier.per_year else tier.price
        total += price * (last - tier.first + 1)
        next_one = last + 1
    if next_one <= licences:
        raise ValueError(f"No tier says what licence {next_one} costs.")
    return total.quantize(CENT, ROUND_HALF_UP)
