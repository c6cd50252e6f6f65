"""IUM's numbers for Prometheus, read at each scrape.

Only labels that an administrator wrote (pools, sites) or that the code knows (states, reasons, jobs): never people.
"""

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from ium.metrics.jira import JiraCollector
from ium.metrics.pools import PoolCollector
from ium.metrics.running import RunningCollector
from ium.metrics.totals import TotalsCollector

COLLECTORS = (PoolCollector, TotalsCollector, JiraCollector, RunningCollector)


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with Prometheus' text form."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in COLLECTORS:
        registry.register(collector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
