"""How every pool stands at the moment."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Count, Min
from prometheus_client.core import GaugeMetricFamily, Metric

from ium.lib import clock
from slots.coverage import coverage
from slots.estimate_quality import recent_quality
from slots.models import AlertRule, LicencePool, QueueEntry, Slot, SlotState


class PoolCollector:
    """Slots, queue, changes, coverage and expected waits by pool."""

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers of every pool. The number of queries grows with pools only, not with people."""
        now = clock.now()
        pools = list(LicencePool.objects.order_by("pk"))
        yield from _slots(pools)
        yield from _queue(pools, now)
        yield from _changes(pools, now)
        yield from _coverage(pools, now)
        yield from _estimates(pools, now)
        yield _alerts()


def _slots(pools: Iterable[LicencePool]) -> Iterator[Metric]:
    slots = GaugeMetricFamily("ium_slots", "Slots by state.", labels=["pool", "state"])
    warned = GaugeMetricFamily("ium_slots_warned", "Holders who are warned.", labels=["pool"])
    limit = GaugeMetricFamily("ium_slot_limit", "Slots given out at most.", labels=["pool"])
    enabled = GaugeMetricFamily(
        "ium_pool_enabled", "Whether the pool is switched on.", labels=["pool"]
    )
    used = {
        (row["pool"], row["state"]): row
        for row in Slot.objects.order_by()
        .values("pool", "state")
        .annotate(number=Count("pk"), warned=Count("warned_at"))
    }
    for pool in pools:
        limit.add_metric([pool.key], pool.slot_count)
        enabled.add_metric([pool.key], float(pool.enabled))
        for state in SlotState.values:
            slots.add_metric([pool.key, state], used.get((pool.pk, state), {"number": 0})["number"])
        active = used.get((pool.pk, SlotState.ACTIVE), {"warned": 0})
        warned.add_metric([pool.key], active["warned"])
    yield from (slots, warned, limit, enabled)


def _queue(pools: Iterable[LicencePool], now: datetime) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("ium_waiting", "People who wait and are there.", labels=["pool"])
    longest = GaugeMetricFamily(
        "ium_longest_wait_seconds", "Longest wait of people who are there.", labels=["pool"]
    )
    rows = QueueEntry.objects.alive(now).order_by().values("pool")
    found = {row["pool"]: row for row in rows.annotate(number=Count("pk"), first=Min("joined_at"))}
    for pool in pools:
        row = found.get(pool.pk)
        waiting.add_metric([pool.key], row["number"] if row else 0)
        waited = (now - row["first"]).total_seconds() if row else 0.0
        longest.add_metric([pool.key], max(0.0, waited))
    yield from (waiting, longest)


def _changes(pools: Iterable[LicencePool], now: datetime) -> Iterator[Metric]:
    queued = GaugeMetricFamily(
        "ium_changes_open", "Changes that Jira has not confirmed.", labels=["pool", "kind"]
    )
    repeated = GaugeMetricFamily(
        "ium_changes_repeated", "Of these, tried more than once.", labels=["pool"]
    )
    oldest = GaugeMetricFamily(
        "ium_change_oldest_seconds", "Age of the oldest unconfirmed change.", labels=["pool"]
    )
    wanted = Slot.objects.filter(state__in=[SlotState.GRANTING, SlotState.REVOKING])
    rows: dict[int, list[tuple[str, datetime | None, int]]] = {}
    for pool_id, state, given, taken, attempts in wanted.values_list(
        "pool", "state", "granted_at", "revoking_since", "attempts"
    ):
        since = given if state == SlotState.GRANTING else taken
        rows.setdefault(pool_id, []).append((state, since, attempts))
    for pool in pools:
        own = rows.get(pool.pk, [])
        for kind, state in (("addition", SlotState.GRANTING), ("removal", SlotState.REVOKING)):
            queued.add_metric([pool.key, kind], sum(row[0] == state for row in own))
        repeated.add_metric([pool.key], sum(row[2] > 1 for row in own))
        ages = [(now - row[1]).total_seconds() for row in own if row[1] is not None]
        oldest.add_metric([pool.key], max([0.0, *ages]))
    yield from (queued, repeated, oldest)


def _coverage(pools: Iterable[LicencePool], now: datetime) -> Iterator[Metric]:
    active = GaugeMetricFamily(
        "ium_active_people", "People active in the last 7 days.", labels=["pool"]
    )
    covered = GaugeMetricFamily(
        "ium_extension_people", "Of these, with the browser extension.", labels=["pool"]
    )
    for pool in pools:
        found = coverage(now, pool=pool)
        active.add_metric([pool.key], found.active)
        covered.add_metric([pool.key], found.with_extension)
    yield from (active, covered)


def _estimates(pools: Iterable[LicencePool], now: datetime) -> Iterator[Metric]:
    """Yield how good the expected waits of the last seven days were; nothing for a pool without any."""
    error = GaugeMetricFamily(
        "ium_wait_estimate_error_ratio",
        "Median relative error of the expected waits of the last 7 days.",
        labels=["pool"],
    )
    inside = GaugeMetricFamily(
        "ium_wait_estimate_inside_ratio",
        "Share of true waits inside the range shown, of the last 7 days.",
        labels=["pool"],
    )
    for pool in pools:
        if quality := recent_quality(pool, now):
            error.add_metric([pool.key], quality.median_error)
            inside.add_metric([pool.key], quality.inside)
    yield from (error, inside)


def _alerts() -> Metric:
    alerts = GaugeMetricFamily(
        "ium_alert_active", "Whether an alert rule's episode lasts.", labels=["pool", "kind"]
    )
    rules = AlertRule.objects.filter(enabled=True).order_by("pk")
    for key, kind, since in rules.values_list("pool__key", "kind", "since"):
        alerts.add_metric([key, kind], float(since is not None))
    return alerts
