"""Costs follow from tiers exactly; currencies are never mixed."""

from decimal import Decimal

import pytest

from ium.usage.money.costs import Tier, costs_of, per_month

TIERS = [
    Tier(1, 100, Decimal("8.15"), False, "USD"),
    Tier(101, None, Decimal("48.00"), True, "USD"),
]


def test_each_licence_costs_what_its_tier_says() -> None:
    assert per_month(TIERS, 100) == Decimal("815.00")
    assert per_month(TIERS, 103) == Decimal("827.00")


def test_saving_and_overshoot_are_per_month() -> None:
    costs = costs_of(TIERS, now=110, then=90)
    assert (costs.now, costs.then, costs.overshoot) == (
        Decimal("855.00"),
        Decimal("733.50"),
        Decimal("4.00"),
    )
    assert (costs.saved, costs.saved_per_year) == (Decimal("121.50"), Decimal("1458.00"))


def test_two_currencies_are_refused() -> None:
    with pytest.raises(ValueError, match="one currency"):
        costs_of([TIERS[0], Tier(101, None, Decimal(4), False, "EUR")], now=1, then=1)
    with pytest.raises(ValueError, match="one currency"):
        costs_of([], now=1, then=1)


def test_a_hole_or_an_overlap_is_refused() -> None:
    with pytest.raises(ValueError, match="101"):
        per_month([TIERS[0]], 101)
    with pytest.raises(ValueError, match="overlap"):
        per_month([TIERS[0], Tier(90, None, Decimal(1), False, "USD")], 120)
