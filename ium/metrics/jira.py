"""Jira as IUM finds it: usable or not, how its calls go, and when the keys end."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from ium.directory.models import Site
from ium.metrics.totals import cumulated
from ium.usage.models import CALL_BUCKETS
from ium.usage.totals import CALLS, totals

# A wrong encryption key must not hide the numbers.
SECRETS = ("org_key", "second_org_key", "api_token")


class JiraCollector:
    """Sites and calls."""

    def collect(self) -> Iterator[Metric]:
        """Yield what is known of each site, and calls by operation."""
        yield from _sites()
        yield from _calls()


def _sites() -> Iterator[Metric]:
    up = GaugeMetricFamily("ium_jira_up", "Whether Jira can be used.", labels=["site"])
    ends = GaugeMetricFamily(
        "ium_key_end_timestamp_seconds", "When a key ends.", labels=["site", "key"]
    )
    for site in Site.objects.defer(*SECRETS).order_by("pk"):
        up.add_metric([site.name], 0 if site.is_down else 1)
        dates = {"organisation": site.org_key_expires_on, "api_token": site.api_token_expires_on}
        for key, day in dates.items():
            if day is not None:
                ends.add_metric([site.name, key], _moment(day))
    yield from (up, ends)


def _moment(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _calls() -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "ium_jira_calls", "Calls to Jira, by operation.", labels=["site", "operation", "outcome"]
    )
    lengths = HistogramMetricFamily(
        "ium_jira_call_seconds", "How long calls to Jira took.", labels=["site", "operation"]
    )
    for (site, operation), numbers in sorted(totals(CALLS).items()):
        count, seconds, *counts, failed = numbers
        calls.add_metric([site, operation, "ok"], count - failed)
        calls.add_metric([site, operation, "failed"], failed)
        lengths.add_metric([site, operation], cumulated(CALL_BUCKETS, counts), sum_value=seconds)
    yield from (calls, lengths)
