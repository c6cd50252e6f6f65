"""Demand is refused unless it is in order."""

import pytest

from ium.usage.demand import Demand, Want


def test_spans_lie_in_order_within_their_want() -> None:
    Want(0, 100, ((0, 10), (20, 100)))
    for start, end, spans in [
        (0, 100, ((20, 30), (0, 10))),
        (5, 100, ((0, 10),)),
        (0, 9, ((0, 10),)),
        (9, 0, ()),
    ]:
        with pytest.raises(ValueError, match="in order"):
            Want(start, end, spans)


def test_wants_of_a_person_do_not_overlap() -> None:
    early, late = Want(0, 10, ((0, 10),)), Want(10, 20, ())
    Demand(1, frozenset(), (early, late))
    with pytest.raises(ValueError, match="one after the other"):
        Demand(1, frozenset(), (late, early))
