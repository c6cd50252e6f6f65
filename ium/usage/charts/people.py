"""Different people per hour, the usual figure, beside how many licences were needed at the same time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.db.models.functions import TruncDay
from django.utils.translation import gettext as _

from ium.usage.charts import rolling, words
from ium.usage.charts.chart import Chart, Sheet, Table, empty, iso, points, time_data
from ium.usage.charts.facts import Scope, period_rows, steps
from ium.usage.charts.periods import Fineness
from ium.usage.models import PeriodKind

NAME = "people"
COLUMNS = ("from", "different_people_per_hour", "max_at_the_same_time", "period")


@dataclass(frozen=True)
class Pair:
    """Different people in an hour, and at most at the same time; of a day: of its highest hour."""

    people: int
    most: int


def chart(scope: Scope) -> Chart:
    """Return the chart. One query, two with a second period."""
    title = _("Different people per hour, and how many at the same time")
    daily = scope.period.fineness is Fineness.DAY
    found = pairs(scope, daily=daily)
    if not found:
        return empty(NAME, title, _("Nothing was recorded in this time yet."))
    second = pairs(scope.other(), daily=daily) if scope.second else {}
    fineness = Fineness.DAY if daily else Fineness.HOUR
    return Chart(
        name=NAME,
        title=title,
        summary=_summary(scope, found, second),
        data=time_data(scope, _series(scope, found, second, fineness), fineness=fineness),
        table=_table(scope, found),
        sheet=_sheet(scope, found, second),
        notes=_notes(scope, daily=daily),
    )


def pairs(scope: Scope, *, daily: bool) -> dict[datetime, Pair]:
    """Return both numbers by hour, or of the highest hour of each day."""
    if not daily:
        return {
            step.at: Pair(step.people or 0, step.max_occupied)
            for step in steps(scope, Fineness.HOUR).values()
            if step.seen_seconds
        }
    rows = period_rows(scope, PeriodKind.HOUR).filter(
        seen_seconds__gt=0, at__gte=scope.period.since
    )
    days = rows.annotate(day=TruncDay("at", tzinfo=scope.period.zone)).values("day", "pool")
    found: dict[datetime, Pair] = {}
    for row in days.annotate(persons=Max("people"), most=Max("max_occupied")).order_by("day"):
        at = scope.period.midnight(row["day"].date())
        before = found.get(at, Pair(0, 0))
        found[at] = Pair(before.people + row["persons"], before.most + row["most"])
    return found


def _summary(scope: Scope, found: dict[datetime, Pair], second: dict[datetime, Pair]) -> str:
    text = _(
        "Up to %(people)s different people had a slot within one hour, but at most %(most)s at the same time."
        " The first number is higher because a slot that one person leaves is used by the next within the same hour;"
        " licences are only needed for the second."
    )
    parts = [text % _most(found)]
    if second:
        text = _("In the second period: %(people)s and %(most)s.")
        parts.append(text % _most(second))
    elif scope.second is not None:
        parts.append(_("In the second period nothing was recorded."))
    return " ".join(parts)


def _most(found: dict[datetime, Pair]) -> dict[str, str]:
    return {
        "people": words.number(max(pair.people for pair in found.values())),
        "most": words.number(max(pair.most for pair in found.values())),
    }


def _notes(scope: Scope, *, daily: bool) -> tuple[str, ...]:
    notes = [
        _(
            "Other tools report different people per hour; whoever buys by that number buys too many."
        )
    ]
    if daily:
        notes.append(_("Of every day its highest hour is shown."))
    if scope.many:
        notes.append(_("Somebody with slots of two pools is counted in both."))
    return tuple(notes)


def _series(
    scope: Scope, found: dict[datetime, Pair], second: dict[datetime, Pair], fineness: Fineness
) -> list[dict[str, Any]]:
    def line(
        of: Scope, values: dict[datetime, Pair], field: str
    ) -> list[tuple[datetime, float | None]]:
        return [
            (at, getattr(values[at], field) if at in values else None)
            for at in of.period.grid(fineness)
            if at < of.end
        ]

    period = scope.period
    step = {"shape": "step"}
    made: list[dict[str, Any]] = [
        {
            "name": _("Different people per hour"),
            "tone": "fourth",
            "data": points(period, line(scope, found, "people")),
            **step,
        },
        {
            "name": _("At the same time"),
            "tone": "main",
            "filled": True,
            "data": points(period, line(scope, found, "most")),
            **step,
        },
    ]
    if scope.second is not None and second:
        values = line(scope.other(), second, "most")
        made.append(
            {
                "name": _("At the same time, second period"),
                "tone": "second",
                "dashed": True,
                "data": points(scope.second, values, onto=period),
                **step,
            }
        )
    return made


def _table(scope: Scope, found: dict[datetime, Pair]) -> Table:
    label = rolling.labels(scope.period)
    rows: dict[str, Pair] = {}
    for at, pair in sorted(found.items()):
        before = rows.get(label(at), Pair(0, 0))
        rows[label(at)] = Pair(max(before.people, pair.people), max(before.most, pair.most))
    columns = (
        rolling.heading(scope.period),
        _("Different people per hour, at most"),
        _("At the same time, at most"),
    )
    cells = [(name, words.number(p.people), words.number(p.most)) for name, p in rows.items()]
    return Table(columns, tuple(cells))


def _sheet(scope: Scope, found: dict[datetime, Pair], second: dict[datetime, Pair]) -> Sheet:
    parts = [(found, scope.period, "first")]
    if scope.second is not None:
        parts.append((second, scope.second, "second"))
    rows = [
        (iso(at, period), pair.people, pair.most, name)
        for values, period, name in parts
        for at, pair in sorted(values.items())
    ]
    return Sheet(COLUMNS, tuple(rows))
