"""The estimate over simulated working weeks with fixed seeds: the short form of `./ium.sh bench eta`. Takes 3 s."""

import pytest

from ium.bench.eta import COMPANIES, last_says, ours_says, place_says, replayed
from ium.bench.eta_week import DAY, HOUR, Company, Office

TWENTY = COMPANIES["20_slots"]


@pytest.mark.parametrize("name", ["20_slots", "20_slots_reclaim"])
def test_twenty_slots_are_estimated_within_thirty_percent(name: str) -> None:
    ours, by_place, last = replayed(
        COMPANIES[name], [ours_says, place_says, last_says], weeks=2, seed=1
    )
    assert len(ours.judged) > 300
    assert ours.unknown == 0
    assert ours.median_error <= 0.30
    assert ours.inside >= 0.85
    assert ours.median_error < by_place.median_error < last.median_error


def test_the_same_seed_gives_the_same_week() -> None:
    first, second, other = (_stays(seed) for seed in (1, 1, 2))
    assert first == second != other


def _stays(seed: int) -> list[tuple[float, float]]:
    office = Office(Company(slots=5, people=11), seed)
    for _now in office.run(1, HOUR):
        assert len(office.holders) + office.free <= 5
    return [(stay.began, stay.ended) for stay in office.stays]


def test_the_load_changes_with_hour_and_day() -> None:
    office = Office(TWENTY, 1)
    busy: dict[tuple[int, int], int] = {}
    for now in office.run(1, HOUR):
        busy[int(now // DAY), int(now % DAY // HOUR)] = len(office.holders) + len(office.queue)
    assert busy[0, 6] == 0
    assert busy[0, 10] > busy[0, 18]
    assert max(day for (day, _), number in busy.items() if number) == 4
