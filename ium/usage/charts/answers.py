"""How long Jira took to answer IUM's own calls, and how many of them failed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Max, Sum
from django.db.models.functions import TruncDay
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.usage.charts import rolling, words
from ium.usage.charts.chart import Chart, Sheet, Table, empty, iso, points, time_data
from ium.usage.charts.facts import Scope
from ium.usage.charts.periods import Fineness
from ium.usage.models import CallTime

NAME = "answers"
COLUMNS = ("from", "calls", "failed", "mean_seconds", "longest_seconds", "period")
MOST_DAYS_OF_HOURS = 14


@dataclass(frozen=True)
class Calls:
    """The calls of an hour or a day."""

    count: int
    failed: int
    seconds: float
    longest: float

    @property
    def mean(self) -> float | None:
        """Seconds that one took on average."""
        return self.seconds / self.count if self.count else None

    def with_more(self, more: "Calls") -> "Calls":
        """Return both together."""
        return Calls(
            self.count + more.count,
            self.failed + more.failed,
            self.seconds + more.seconds,
            max(self.longest, more.longest),
        )


NONE = Calls(0, 0, 0.0, 0.0)


def chart(scope: Scope) -> Chart:
    """Return the chart. One query, two with a second period."""
    title = _("Jira's answer times")
    fineness = Fineness.HOUR if scope.period.days <= MOST_DAYS_OF_HOURS else Fineness.DAY
    found = calls(scope, fineness)
    if not found:
        return empty(NAME, title, _("No call to Jira was recorded in this time yet."))
    second = calls(scope.other(), fineness) if scope.second else {}
    data = time_data(
        scope,
        _series(scope, found, second, fineness),
        fineness=fineness,
        unit="seconds",
        rightUnit="count",
    )
    return Chart(
        name=NAME,
        title=title,
        summary=_summary(scope, found, second),
        data=data,
        table=_table(scope, found),
        sheet=_sheet(scope, found, second),
        notes=(_("All calls of IUM to the pool's site; several pools of a site share them."),),
    )


def calls(scope: Scope, fineness: Fineness) -> dict[datetime, Calls]:
    """Return the calls to the sites of the pools by hour or day, added up by the database."""
    period = scope.period
    sites = {pool.site_id for pool in scope.pools}
    rows = CallTime.objects.filter(site__in=sites, hour__gte=period.since, hour__lt=scope.end)
    if fineness is Fineness.HOUR:
        rows = rows.annotate(begin=F("hour"))
    else:
        rows = rows.annotate(begin=TruncDay("hour", tzinfo=period.zone))
    sums = rows.values("begin").annotate(
        number=Sum("count"),
        failures=Sum("failed"),
        seconds=Sum("seconds_sum"),
        longest=Max("seconds_max"),
    )
    found = {}
    for row in sums.order_by("begin"):
        at = row["begin"]
        begin = at if fineness is Fineness.HOUR else period.midnight(at.date())
        found[begin] = Calls(row["number"], row["failures"], row["seconds"], row["longest"])
    return found


def _together(found: dict[datetime, Calls]) -> Calls:
    whole = NONE
    for each in found.values():
        whole = whole.with_more(each)
    return whole


def _details(whole: Calls) -> dict[str, str]:
    return {
        "calls": words.number(whole.count),
        "mean": words.length(whole.mean),
        "longest": words.length(whole.longest),
        "failed": words.number(whole.failed),
        "share": words.percent(whole.failed / whole.count if whole.count else None),
    }


def _summary(scope: Scope, found: dict[datetime, Calls], second: dict[datetime, Calls]) -> str:
    whole = _together(found)
    text = ngettext(
        "%(calls)s call took %(mean)s on average, %(longest)s at most; %(failed)s failed (%(share)s).",
        "%(calls)s calls took %(mean)s on average, %(longest)s at most; %(failed)s failed (%(share)s).",
        whole.count,
    )
    parts = [text % _details(whole)]
    if second:
        text = _(
            "In the second period: %(mean)s on average, %(longest)s at most, %(failed)s failed."
        )
        parts.append(text % _details(_together(second)))
    elif scope.second is not None:
        parts.append(_("In the second period nothing was recorded."))
    return " ".join(parts)


def _series(
    scope: Scope, found: dict[datetime, Calls], second: dict[datetime, Calls], fineness: Fineness
) -> list[dict[str, Any]]:
    def line(
        of: Scope, values: dict[datetime, Calls], field: str
    ) -> list[tuple[datetime, float | None]]:
        return [
            (at, getattr(values[at], field) if at in values else None)
            for at in of.period.grid(fineness)
            if at < of.end
        ]

    def series(field: str, name: str, tone: str, **more: Any) -> dict[str, Any]:
        data = points(scope.period, line(scope, found, field))
        return {"name": name, "tone": tone, "shape": "step", "data": data, **more}

    made = [
        series("mean", _("On average"), "main"),
        series("longest", _("Longest"), "warned"),
        series("failed", _("Failed (right)"), "limit", right=True, dashed=True),
    ]
    if scope.second is not None and second:
        data = points(scope.second, line(scope.other(), second, "mean"), onto=scope.period)
        name = _("On average, second period")
        made.append({"name": name, "tone": "second", "shape": "step", "dashed": True, "data": data})
    return made


def _table(scope: Scope, found: dict[datetime, Calls]) -> Table:
    label = rolling.labels(scope.period)
    rows: dict[str, Calls] = {}
    for at, each in sorted(found.items()):
        rows[label(at)] = rows.get(label(at), NONE).with_more(each)
    columns = (
        rolling.heading(scope.period),
        _("Calls"),
        _("On average"),
        _("Longest"),
        _("Failed"),
    )
    cells = [
        (
            name,
            words.number(each.count),
            words.length(each.mean),
            words.length(each.longest),
            words.number(each.failed),
        )
        for name, each in rows.items()
    ]
    return Table(columns, tuple(cells))


def _sheet(scope: Scope, found: dict[datetime, Calls], second: dict[datetime, Calls]) -> Sheet:
    parts = [(found, scope.period, "first")]
    if scope.second is not None:
        parts.append((second, scope.second, "second"))
    rows = [
        (
            iso(at, period),
            each.count,
            each.failed,
            round(each.mean, 3) if each.mean is not None else None,
            round(each.longest, 3),
            name,
        )
        for values, period, name in parts
        for at, each in sorted(values.items())
    ]
    return Sheet(COLUMNS, tuple(rows))
