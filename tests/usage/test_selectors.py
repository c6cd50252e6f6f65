"""Demand from the database: what people wanted, measured or imported, with the waits before it."""

# mypy: allow-untyped-calls

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ium.usage.demand import Demand, Span, Want
from ium.usage.models import ActivitySpan
from ium.usage.selectors import demand, wants_of
from slots import services
from slots.models import GroupRule
from tests import factories
from tests.factories import AT, FakeJira, PoolFactory, minutes

PIECES = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(0, 5_000)).map(
        lambda pair: (float(pair[0]), float(sum(pair)))
    ),
    max_size=8,
)


@given(spans=PIECES, waits=PIECES)
def test_wants_are_always_in_order_and_lose_no_activity(
    spans: list[Span], waits: list[Span]
) -> None:
    wants = wants_of(spans, sorted(waits))
    Demand(person=1, groups=frozenset(), wants=wants)  # refuses what overlaps
    told = [span for want in wants for span in want.spans]
    for begin, end in spans:
        assert any(b <= begin and end <= e for b, e in told)


def test_a_short_pause_belongs_to_the_want_and_a_long_one_ends_it() -> None:
    spans = [(0.0, 60.0), (600.0, 900.0), (9_000.0, 9_100.0)]
    assert wants_of(spans, ()) == (
        Want(0, 900, ((0, 60), (600, 900))),
        Want(9_000, 9_100, ((9_000, 9_100),)),
    )


def test_the_wait_before_the_activity_belongs_to_the_want() -> None:
    assert wants_of([(500.0, 900.0)], [(100.0, 480.0)]) == (Want(100, 900, ((500, 900),)),)


def test_a_wait_that_was_given_up_is_a_want_without_activity() -> None:
    assert wants_of([(9_500.0, 9_900.0)], [(100.0, 480.0)]) == (
        Want(100, 480, ()),
        Want(9_500, 9_900, ((9_500, 9_900),)),
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("intake")
def test_demand_is_read_from_spans_waits_and_groups(jira: FakeJira) -> None:
    pool = PoolFactory.create(assigned_licences=1)
    ann = jira.holder(pool)
    ben = factories.waiting(pool, AT + minutes(10))
    services.slot_release(user=ben, pool=pool, at=AT + minutes(20))
    group = factories.GroupFactory.create(site=pool.site)
    factories.MembershipFactory.create(group=group, user=ann)
    GroupRule.objects.create(pool=pool, group=group, places_ahead=1)
    ActivitySpan.objects.create(
        pool=pool, user=ann, started_at=AT, ended_at=AT + minutes(30), source="extension"
    )
    other = PoolFactory.create()
    ActivitySpan.objects.create(
        pool=other, user=ben, started_at=AT, ended_at=AT + minutes(30), source="extension"
    )
    found = list(demand(pool, AT, AT + timedelta(hours=1)))
    start = AT.timestamp()
    assert found == [
        Demand(
            ann.pk, frozenset({group.pk}), (Want(start, start + 1800, ((start, start + 1800),)),)
        ),
        Demand(ben.pk, frozenset(), (Want(start + 600, start + 1200, ()),)),
    ]
