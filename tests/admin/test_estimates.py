"""The page about expected waits: what it says of each pool, and of each estimate."""

from typing import Any

import pytest
from django.test import Client

from slots.models import LicencePool, Outcome, WaitEstimate
from tests.factories import AT, entry_of, holder, minutes, waiting

pytestmark = pytest.mark.django_db
PAGE = "/admin/slots/waitestimate/"


def promised(pool: LicencePool, true: int | None, outcome: str) -> None:
    """Note an estimate of 5 to 10 minutes, with what came of it."""
    WaitEstimate.objects.create(
        pool=pool,
        entry=entry_of(waiting(pool)),
        made_at=AT,
        ahead=1,
        low_seconds=300,
        expected_seconds=400,
        high_seconds=600,
        outcome=outcome,
        actual_seconds=true,
    )


def text_of(client: Client) -> str:
    """Return the page as it is seen a little later, in one line."""
    return " ".join(client.get(PAGE).content.decode().split())


@pytest.fixture
def full(pool: LicencePool, time_machine: Any) -> LicencePool:
    """A pool without a free slot, a little later."""
    for _ in range(pool.assigned_licences):
        holder(pool)
    time_machine.move_to(AT + minutes(20))
    return pool


@pytest.mark.parametrize(
    ("true", "outcome", "said"),
    [
        (None, Outcome.OPEN, "still waiting"),
        (400, Outcome.SERVED, "inside the range"),
        (200, Outcome.SERVED, "sooner"),
        (700, Outcome.SERVED, "later"),
        (700, Outcome.ENDED, "wait ended without a slot"),
    ],
)
def test_every_estimate_says_what_came_of_it(
    boss: Client, full: LicencePool, true: int | None, outcome: Outcome, said: str
) -> None:
    promised(full, true, outcome)
    page = text_of(boss)
    assert said in page
    assert "5 min to 10 min" in page


def test_the_summary_says_in_words_how_good_they_are(boss: Client, full: LicencePool) -> None:
    promised(full, 500, Outcome.SERVED)
    assert "Too few estimates to judge yet." in text_of(boss)
    for _ in range(30):
        promised(full, 500, Outcome.SERVED)
    page = text_of(boss)
    assert "wrong by less than 20 %; of 100 true waits, 100 lay in the range" in page
    assert '<th scope="row">2 Mar 2026</th> <td>31</td> <td>20 %</td> <td>100 %</td>' in page


def test_more_estimates_cost_no_more_queries(
    boss: Client, full: LicencePool, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        promised(full, 500, Outcome.SERVED)
    boss.get(PAGE)
    with django_assert_max_num_queries(16):
        boss.get(PAGE)
