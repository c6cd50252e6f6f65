"""The charts there are, in the order of the page."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ium.usage.charts import (
    answers,
    coverage,
    heatmap,
    lengths,
    people,
    refusals,
    slots_over_time,
    waits,
)
from ium.usage.charts.chart import Chart
from ium.usage.charts.facts import Scope

CHARTS: Mapping[str, Callable[[Scope], Chart]] = MappingProxyType(
    {
        slots_over_time.NAME: slots_over_time.chart,
        people.NAME: people.chart,
        heatmap.NAME: heatmap.chart,
        waits.NAME: waits.chart,
        "wait-lengths": lengths.waits,
        "stays": lengths.sessions,
        refusals.NAME: refusals.chart,
        coverage.NAME: coverage.chart,
        answers.NAME: answers.chart,
    }
)
