"""Slots over time: how many were occupied at most and on average, beside the limit; warned; waiting."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from ium.usage.charts import rolling, words
from ium.usage.charts.chart import (
    Chart,
    Sheet,
    Table,
    empty,
    iso,
    observed,
    points,
    time_data,
)
from ium.usage.charts.facts import Scope, Step, steps
from ium.usage.charts.periods import Fineness, Period

NAME = "slots"
COLUMNS = (
    "from",
    "limit",
    "max_occupied",
    "mean_occupied",
    "warned",
    "max_waiting",
    "full_seconds",
    "seen_seconds",
    "period",
)


def chart(scope: Scope) -> Chart:
    """Return the chart. One query, two with a second period."""
    found = steps(scope)
    second = steps(scope.other()) if scope.second else {}
    title = _("Slots over time")
    if not any(observed(step) for step in found.values()):
        return empty(NAME, title, _("Nothing was recorded in this time yet."))
    return Chart(
        name=NAME,
        title=title,
        summary=_summary(scope, found, second),
        data=time_data(scope, _series(scope, found, second)),
        table=_table(scope, list(found.values())),
        sheet=_sheet(scope, found, second),
        notes=_notes(scope, found),
    )


def _summary(scope: Scope, found: dict[datetime, Step], second: dict[datetime, Step]) -> str:
    most = max(found.values(), key=lambda step: step.max_occupied)
    whole = rolling.fold("", list(found.values()), scope.period)
    details = {
        "most": words.number(most.max_occupied),
        "limit": words.number(most.limit),
        "when": words.value_at(most.at, scope.period),
        "mean": words.number(whole.mean_occupied, 1),
        "full": words.length(whole.full_seconds),
    }
    if not most.limit:
        text = _(
            "At most %(most)s slots were needed at the same time (%(when)s), %(mean)s on average."
        )
    elif whole.full_seconds:
        text = _(
            "At most %(most)s of %(limit)s slots were occupied at the same time (%(when)s), %(mean)s on average;"
            " for %(full)s in all no slot was free."
        )
    else:
        text = _(
            "At most %(most)s of %(limit)s slots were occupied at the same time (%(when)s), %(mean)s on average;"
            " there was always a free one."
        )
    return " ".join([text % details, *_compared(scope, second)])


def _compared(scope: Scope, second: dict[datetime, Step]) -> list[str]:
    if scope.second is None:
        return []
    if not any(observed(step) for step in second.values()):
        return [_("In the second period nothing was recorded.")]
    whole = rolling.fold("", list(second.values()), scope.second)
    text = _("In the second period it was at most %(most)s, %(mean)s on average.")
    most, mean = words.number(whole.max_occupied), words.number(whole.mean_occupied, 1)
    return [text % {"most": most, "mean": mean}]


def _series(
    scope: Scope, found: dict[datetime, Step], second: dict[datetime, Step]
) -> list[dict[str, Any]]:
    period = scope.period

    def line(value: Any, name: str, tone: str, **more: Any) -> dict[str, Any]:
        data = points(period, along(scope, found, value))
        return {"name": name, "tone": tone, "shape": "step", "data": data, **more}

    made = [
        line(lambda s: s.max_occupied, _("Occupied at most"), "main", filled=True),
        line(lambda s: s.mean_occupied, _("Occupied on average"), "mean"),
    ]
    if any(step.limit for step in found.values()):
        made.append(line(lambda s: s.limit or None, _("Licences"), "limit", dashed=True))
    if period.fineness is Fineness.INTERVAL:
        made.append(line(lambda s: s.warned, _("Warned"), "warned"))
    made.append(line(lambda s: s.max_waiting, _("Waiting at most"), "waiting"))
    if scope.second is not None and second:
        other = scope.other()
        data = points(scope.second, along(other, second, lambda s: s.max_occupied), onto=period)
        name = _("Occupied at most, second period")
        made.append({"name": name, "tone": "second", "shape": "step", "dashed": True, "data": data})
    return made


def along(
    scope: Scope, found: dict[datetime, Step], value: Any, fineness: Fineness | None = None
) -> list[tuple[datetime, float | None]]:
    """Return a value for every place of the period's grid up to now; None where IUM saw nothing."""
    return [
        (at, value(found[at]) if observed(found.get(at)) else None)
        for at in scope.period.grid(fineness)
        if at < scope.end
    ]


def _table(scope: Scope, found: list[Step]) -> Table:
    columns = (
        rolling.heading(scope.period),
        _("Occupied at most"),
        _("Occupied on average"),
        _("Licences"),
        _("Waiting at most"),
        _("No free slot"),
        _("Observed"),
    )
    rows = [
        (
            row.label,
            words.number(row.max_occupied) if row.seen_share else words.NOTHING,
            words.number(row.mean_occupied, 1),
            words.number(row.limit or None),
            words.number(row.max_waiting) if row.seen_share else words.NOTHING,
            words.length(row.full_seconds) if row.full_seconds else words.NOTHING,
            words.percent(row.seen_share),
        )
        for row in rolling.rows(found, scope.period)
    ]
    return Table(columns, tuple(rows))


def _sheet(scope: Scope, found: dict[datetime, Step], second: dict[datetime, Step]) -> Sheet:
    rows = _sheet_rows(found, scope.period, "first")
    if scope.second is not None:
        rows += _sheet_rows(second, scope.second, "second")
    return Sheet(COLUMNS, tuple(rows))


def _sheet_rows(found: dict[datetime, Step], period: Period, name: str) -> list[tuple[Any, ...]]:
    return [
        (
            iso(at, period),
            step.limit or None,
            step.max_occupied if step.seen_seconds else None,
            round(step.mean_occupied, 2) if step.seen_seconds else None,
            step.warned,
            step.max_waiting if step.seen_seconds else None,
            round(step.full_seconds),
            round(step.seen_seconds),
            name,
        )
        for at, step in found.items()
    ]


def _notes(scope: Scope, found: dict[datetime, Step]) -> tuple[str, ...]:
    notes = []
    if scope.many:
        notes.append(
            _(
                "Pools are added up. The most of several pools together is the sum of the most of each: the truth is"
                " that or less."
            )
        )
    if scope.period.fineness is not Fineness.INTERVAL:
        notes.append(_("How many were warned is shown for up to two weeks."))
    return (*notes, *unseen(scope, found))


def unseen(scope: Scope, found: dict[datetime, Step]) -> list[str]:
    """Return a sentence about the time that IUM could not observe, if there was any."""
    begun = min((at for at, step in found.items() if observed(step)), default=None)
    if begun is None:
        return []
    missing = 0.0
    for at in scope.period.grid():
        if begun <= at and at.timestamp() + scope.period.length(at) <= scope.end.timestamp():
            step = found.get(at)
            missing += max(0.0, scope.period.length(at) - (step.seen_seconds if step else 0.0))
    if missing < 60:
        return []
    text = _(
        "IUM could not observe %(length)s of this time. Such gaps stay empty; nothing is filled in."
    )
    return [text % {"length": words.length(missing)}]
