"""What happened, as numbers that only grow: rates are Prometheus' work."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from ium.usage.totals import EVENTS, HAND_OVER_BUCKETS, HAND_OVERS, totals
from slots.models import Event, LicencePool


class TotalsCollector:
    """Grants, losses, refusals, every other event of the journal, and hand-overs, by pool."""

    def collect(self) -> Iterator[Metric]:
        """Yield the totals; those of a pool begin with 0."""
        pools = list(LicencePool.objects.order_by("pk").values_list("key", flat=True))
        yield from _events(pools)
        yield _hand_overs(pools)


def _events(pools: Iterable[str]) -> Iterator[Metric]:
    everything = CounterMetricFamily(
        "ium_events", "Entries of the journal.", labels=["pool", "event"]
    )
    grants = CounterMetricFamily("ium_grants", "Slots given.", labels=["pool"])
    losses = CounterMetricFamily(
        "ium_losses", "Slots taken or handed back, by reason.", labels=["pool", "reason"]
    )
    refusals = CounterMetricFamily(
        "ium_refusals", "Requests refused, by reason.", labels=["pool", "reason"]
    )
    found = totals(EVENTS)
    events: dict[tuple[str, str], float] = {(pool, Event.GRANTED): 0.0 for pool in pools}
    for (pool, event, reason), (number,) in sorted(found.items()):
        events[pool, event] = events.get((pool, event), 0.0) + number
        if event == Event.REVOKING:
            losses.add_metric([pool, reason], number)
        elif event in {Event.REFUSED, Event.GRANT_FAILED}:
            refusals.add_metric([pool, reason or event], number)
    for (pool, event), number in events.items():
        everything.add_metric([pool, event], number)
        if event == Event.GRANTED:
            grants.add_metric([pool], number)
    yield from (everything, grants, losses, refusals)


def _hand_overs(pools: Iterable[str]) -> Metric:
    length = HistogramMetricFamily(
        "ium_hand_over_seconds",
        "From the decision to take a slot until the next person heard of theirs.",
        labels=["pool"],
    )
    found = totals(HAND_OVERS)
    nothing = [0.0] * (len(HAND_OVER_BUCKETS) + 3)
    for pool in pools:
        _number, seconds, *counts = found.get((pool,), nothing)
        length.add_metric([pool], cumulated(HAND_OVER_BUCKETS, counts), sum_value=seconds)
    return length


def cumulated(limits: Iterable[float], counts: list[float]) -> list[tuple[str, float]]:
    """Return buckets as Prometheus wants them: how many up to each limit, the last one without any."""
    names = [*(str(float(limit)) for limit in limits), "+Inf"]
    return [(name, sum(counts[: index + 1])) for index, name in enumerate(names)]
