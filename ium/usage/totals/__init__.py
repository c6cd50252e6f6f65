"""Totals that only grow, without counting everything at each reading.

Rows up to a cursor are counted once, by a job, into `Total`; the few after it are counted when somebody reads. The sum
is exact at any moment and never falls, also when old rows are removed.
"""

from ium.usage.totals.counting import Numbers, Series, totals, totals_advance
from ium.usage.totals.series import CALLS, EVENTS, HAND_OVER_BUCKETS, HAND_OVERS, SERIES

__all__ = [
    "CALLS",
    "EVENTS",
    "HAND_OVERS",
    "HAND_OVER_BUCKETS",
    "SERIES",
    "Numbers",
    "Series",
    "totals",
    "totals_advance",
]
