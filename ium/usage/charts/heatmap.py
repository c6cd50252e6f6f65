"""Weekday by hour, on the clock of the pool: when are licences needed?"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, FloatField, Max, Sum
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, NullIf
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ium.usage.charts import words
from ium.usage.charts.chart import Chart, Sheet, Table, common, empty
from ium.usage.charts.facts import Scope, period_rows
from ium.usage.models import PeriodKind

NAME = "heatmap"
COLUMNS = (
    "weekday",
    "hour",
    "mean_occupied",
    "max_occupied",
    "max_waiting",
    "full_seconds",
    "period",
)
# A Monday: only its name is shown.
MONDAY = date(2024, 1, 1)
Hours = dict[tuple[int, int], "Hour"]


@dataclass(frozen=True)
class Hour:
    """All of one hour of a weekday together."""

    mean: float
    most: int
    most_waiting: int
    full_seconds: float


def chart(scope: Scope) -> Chart:
    """Return the chart. One query, two with a second period."""
    found, title = hours(scope), _("Weekdays and hours")
    if not found:
        return empty(NAME, title, _("Nothing was recorded in this time yet."))
    second = hours(scope.other()) if scope.second else {}
    data = {
        "kind": "heatmap",
        **common(),
        "rows": [weekday(number) for number in range(1, 8)],
        "columns": [f"{hour:02}" for hour in range(24)],
        "cells": [
            [key[1], key[0] - 1, round(value.mean, 1), _tip(key, value, second.get(key))]
            for key, value in sorted(found.items())
        ],
        "most": round(max(value.mean for value in found.values()), 1),
    }
    return Chart(
        name=NAME,
        title=title,
        summary=_summary(scope, found, second),
        data=data,
        table=_table(found),
        sheet=_sheet(found, second),
        notes=(
            _("Colour: slots occupied on average. Hours are those of the time zone %(zone)s.")
            % {"zone": scope.period.zone.key},
        ),
    )


def hours(scope: Scope) -> Hours:
    """Return every hour of the week that was observed; several pools are added up. One query, 168 rows a pool."""
    zone = scope.period.zone
    rows = (
        period_rows(scope, PeriodKind.HOUR)
        .filter(seen_seconds__gt=0, at__gte=scope.period.since)
        .annotate(weekday=ExtractIsoWeekDay("at", tzinfo=zone), hour=ExtractHour("at", tzinfo=zone))
    )
    weighted = Sum(F("mean_occupied") * F("seen_seconds"), output_field=FloatField())
    sums = rows.values("pool", "weekday", "hour").annotate(
        mean=weighted / NullIf(Sum("seen_seconds"), 0.0),
        most=Max("max_occupied"),
        most_waiting=Max("max_waiting"),
        full=Sum("full_seconds"),
    )
    found: defaultdict[tuple[int, int], Hour] = defaultdict(lambda: Hour(0.0, 0, 0, 0.0))
    for row in sums.order_by("weekday", "hour", "pool"):
        before = found[row["weekday"], row["hour"]]
        found[row["weekday"], row["hour"]] = Hour(
            before.mean + (row["mean"] or 0.0),
            before.most + row["most"],
            before.most_waiting + row["most_waiting"],
            max(before.full_seconds, row["full"]),
        )
    return dict(found)


def weekday(number: int) -> str:
    """Return the name of a day of the week; 1 is Monday."""
    return str(date_format(MONDAY + timedelta(days=number - 1), "l"))


def _tip(key: tuple[int, int], value: Hour, second: Hour | None) -> str:
    lines = [
        _("%(day)s, %(hour)s:00") % {"day": weekday(key[0]), "hour": f"{key[1]:02}"},
        _("On average: %(number)s") % {"number": words.number(value.mean, 1)},
        _("At most: %(number)s") % {"number": words.number(value.most)},
        _("Waiting at most: %(number)s") % {"number": words.number(value.most_waiting)},
    ]
    if value.full_seconds:
        lines.append(_("No free slot: %(length)s") % {"length": words.length(value.full_seconds)})
    if second is not None:
        text = _("Second period, on average: %(number)s")
        lines.append(text % {"number": words.number(second.mean, 1)})
    return "\n".join(lines)


def _summary(scope: Scope, found: Hours, second: Hours) -> str:
    text = _(
        "Most slots are occupied on %(day)s at %(hour)s:00: %(mean)s on average, %(most)s at most."
    )
    parts = [text % _busiest(found)]
    full = {key: value for key, value in found.items() if value.full_seconds}
    if full:
        worst = max(full, key=lambda key: full[key].full_seconds)
        text = _("Most often no slot was free on %(day)s at %(hour)s:00.")
        parts.append(text % {"day": weekday(worst[0]), "hour": f"{worst[1]:02}"})
    if second:
        text = _(
            "In the second period: %(day)s at %(hour)s:00, %(mean)s on average, %(most)s at most."
        )
        parts.append(text % _busiest(second))
    elif scope.second is not None:
        parts.append(_("In the second period nothing was recorded."))
    return " ".join(parts)


def _busiest(found: Hours) -> dict[str, str]:
    key = max(found, key=lambda each: (found[each].mean, found[each].most))
    return {
        "day": weekday(key[0]),
        "hour": f"{key[1]:02}",
        "mean": words.number(found[key].mean, 1),
        "most": words.number(found[key].most),
    }


def _table(found: Hours) -> Table:
    columns = (_("Hour"), *(weekday(number) for number in range(1, 8)))

    def cell(value: Hour | None) -> str:
        return words.number(value.mean, 1) if value is not None else words.NOTHING

    rows = [
        (f"{hour:02}:00", *(cell(found.get((number, hour))) for number in range(1, 8)))
        for hour in range(24)
    ]
    return Table(columns, tuple(rows))


def _sheet(found: Hours, second: Hours) -> Sheet:
    rows = [
        (key[0], key[1], round(v.mean, 2), v.most, v.most_waiting, round(v.full_seconds), name)
        for some, name in ((found, "first"), (second, "second"))
        for key, v in sorted(some.items())
    ]
    return Sheet(COLUMNS, tuple(rows))
