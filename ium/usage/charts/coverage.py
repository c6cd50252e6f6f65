"""Extension coverage: how many of those with a slot work with the browser extension."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from activity.models import Source
from ium.usage.charts import rolling, words
from ium.usage.charts.chart import Chart, Sheet, Table, empty, points, time_data
from ium.usage.charts.facts import Scope, day_of, steps
from ium.usage.charts.periods import Fineness
from ium.usage.models import SourceUse

NAME = "coverage"
COLUMNS = ("day", "with_extension", "queue_page", "webhook", "with_a_slot", "percent", "period")
VERSIONS_NAMED = 3


@dataclass
class Day:
    """Different people on a day, by where IUM learned of their activity; and those with a slot."""

    extension: int = 0
    queue_page: int = 0
    webhook: int = 0
    holders: int = 0

    @property
    def share(self) -> float | None:
        """Those with the extension among all: of those with a slot, or of whoever was active, if that is more."""
        everybody = max(self.holders, self.extension, self.webhook)
        return self.extension / everybody if everybody else None


def chart(scope: Scope) -> Chart:
    """Return the chart. Three queries, two more with a second period."""
    title = _("Browser extension")
    found = days(scope)
    if not any(day.extension or day.queue_page or day.webhook for day in found.values()):
        return empty(NAME, title, _("Nobody's activity was counted by source in this time yet."))
    second = days(scope.other()) if scope.second else {}
    data = time_data(
        scope,
        _series(scope, found, second),
        fineness=Fineness.DAY,
        unit="percent",
        rightUnit="count",
    )
    return Chart(
        name=NAME,
        title=title,
        summary=_summary(scope, found, second),
        data=data,
        table=_table(scope, found),
        sheet=_sheet(found, second),
        notes=(
            _("Share of the people with a slot whose activity came from the extension, by days."),
            *_versions(scope),
        ),
    )


def days(scope: Scope) -> dict[date, Day]:
    """Return every day on which something was counted. Two queries."""
    found: dict[date, Day] = {}
    rows = SourceUse.objects.filter(
        pool__in=scope.pools, day__gte=scope.period.first, day__lte=scope.period.last
    )
    for row in rows.values("day", "source").annotate(number=Sum("people")).order_by("day"):
        if row["source"] in Source.values:
            setattr(found.setdefault(row["day"], Day()), row["source"], row["number"])
    for step in steps(scope, Fineness.DAY).values():
        if (day := found.get(day_of(step, scope.period))) is not None:
            day.holders = step.people or 0
    return found


def _mean_share(found: Iterable[Day]) -> float | None:
    some = list(found)
    everybody = sum(max(day.holders, day.extension, day.webhook) for day in some)
    return sum(day.extension for day in some) / everybody if everybody else None


def _summary(scope: Scope, found: dict[date, Day], second: dict[date, Day]) -> str:
    last = max(found)
    text = _("%(mean)s of the people worked with the extension on average, %(last)s on %(day)s.")
    details = {
        "mean": words.percent(_mean_share(found.values())),
        "last": words.percent(found[last].share),
        "day": words.day(last),
    }
    parts = [text % details]
    if second:
        text = _("In the second period it was %(mean)s on average.")
        parts.append(text % {"mean": words.percent(_mean_share(second.values()))})
    elif scope.second is not None:
        parts.append(_("In the second period nothing was recorded."))
    return " ".join(parts)


def _versions(scope: Scope) -> list[str]:
    rows = SourceUse.objects.filter(
        pool__in=scope.pools,
        source=Source.EXTENSION,
        day__gte=scope.period.first,
        day__lte=scope.period.last,
    ).exclude(version="")
    sums = rows.values("version").annotate(number=Sum("people")).order_by("-number", "version")
    named = [row["version"] for row in sums[:VERSIONS_NAMED]]
    return [_("Most used versions: %(names)s.") % {"names": ", ".join(named)}] if named else []


def _series(scope: Scope, found: dict[date, Day], second: dict[date, Day]) -> list[dict[str, Any]]:
    def line(
        of: Scope, values: dict[date, Day], field: str, factor: float = 1
    ) -> list[tuple[datetime, float | None]]:
        drawn: list[tuple[datetime, float | None]] = []
        for at in of.period.grid(Fineness.DAY):
            if at < of.end:
                day = values.get(at.astimezone(of.period.zone).date())
                value = getattr(day, field) if day is not None else None
                drawn.append((at, None if value is None else value * factor))
        return drawn

    period = scope.period
    step = {"shape": "step"}
    made: list[dict[str, Any]] = [
        {
            "name": _("With the extension"),
            "tone": "main",
            "filled": True,
            "data": points(period, line(scope, found, "share", 100)),
            **step,
        },
        {
            "name": _("People with a slot (right)"),
            "tone": "fourth",
            "right": True,
            "dashed": True,
            "data": points(period, line(scope, found, "holders")),
            **step,
        },
    ]
    if scope.second is not None and second:
        values = line(scope.other(), second, "share", 100)
        made.append(
            {
                "name": _("With the extension, second period"),
                "tone": "second",
                "dashed": True,
                "data": points(scope.second, values, onto=period),
                **step,
            }
        )
    return made


def _table(scope: Scope, found: dict[date, Day]) -> Table:
    label = rolling.labels(scope.period) if scope.period.days > 2 else None
    grouped: dict[str, list[Day]] = {}
    for day, value in sorted(found.items()):
        name = label(scope.period.midnight(day)) if label else words.day(day)
        grouped.setdefault(name, []).append(value)
    columns = (
        rolling.heading(scope.period) if label else _("Day"),
        _("With the extension"),
        _("With the extension, at most"),
        _("On the queue page, at most"),
        _("From Jira's webhooks, at most"),
        _("People with a slot, at most"),
    )
    rows = [
        (
            name,
            words.percent(_mean_share(some)),
            words.number(max(day.extension for day in some)),
            words.number(max(day.queue_page for day in some)),
            words.number(max(day.webhook for day in some)),
            words.number(max(day.holders for day in some)),
        )
        for name, some in grouped.items()
    ]
    return Table(columns, tuple(rows))


def _sheet(found: dict[date, Day], second: dict[date, Day]) -> Sheet:
    rows = [
        (
            day.isoformat(),
            value.extension,
            value.queue_page,
            value.webhook,
            value.holders,
            round(value.share * 100, 1) if value.share is not None else None,
            name,
        )
        for some, name in ((found, "first"), (second, "second"))
        for day, value in sorted(some.items())
    ]
    return Sheet(COLUMNS, tuple(rows))
