"""Waits over time: how many, how long on average and at worst, how many gave up."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.usage.charts import rolling, words
from ium.usage.charts.chart import Chart, Sheet, Table, empty, iso, points, time_data
from ium.usage.charts.facts import Scope, Step, steps
from ium.usage.charts.periods import Fineness
from ium.usage.charts.slots_over_time import along

NAME = "waits"
COLUMNS = ("from", "requests", "in_vain", "mean_seconds", "longest_seconds", "period")


def fineness_of(scope: Scope) -> Fineness:
    """Return how fine counts are: hours at best."""
    return Fineness.DAY if scope.period.fineness is Fineness.DAY else Fineness.HOUR


def chart(scope: Scope) -> Chart:
    """Return the chart. One query, two with a second period."""
    fineness, title = fineness_of(scope), _("Waits")
    found = steps(scope, fineness)
    second = steps(scope.other(), fineness) if scope.second else {}
    if not found:
        return empty(NAME, title, _("Nothing was recorded in this time yet."))
    return Chart(
        name=NAME,
        title=title,
        summary=_summary(scope, list(found.values()), list(second.values())),
        data=time_data(
            scope,
            _series(scope, found, second, fineness),
            fineness=fineness,
            unit="seconds",
            rightUnit="count",
        ),
        table=_table(scope, list(found.values())),
        sheet=_sheet(scope, found, second),
        notes=(
            _("Shown when the wait ended. Reloads and repeated requests of one wait are one wait."),
        ),
    )


def _summary(scope: Scope, found: list[Step], second: list[Step]) -> str:
    whole = rolling.fold("", found, scope.period)
    if not whole.waits:
        parts = [_("Nobody asked for a slot.")]
    else:
        text = ngettext(
            "%(waits)s request for a slot: it took %(mean)s on average, %(longest)s at most; %(gave_up)s in vain.",
            "%(waits)s requests for a slot: it took %(mean)s on average, %(longest)s at most; %(gave_up)s in vain.",
            whole.waits,
        )
        parts = [text % _details(whole)]
    if scope.second is not None:
        other = rolling.fold("", second, scope.second) if second else None
        if other is None:
            parts.append(_("In the second period nothing was recorded."))
        else:
            text = _(
                "In the second period: %(waits)s requests, %(mean)s on average, %(longest)s at most."
            )
            parts.append(text % _details(other))
    return " ".join(parts)


def _details(row: rolling.Row) -> dict[str, str]:
    return {
        "waits": words.number(row.waits),
        "mean": words.length(row.mean_wait),
        "longest": words.length(row.longest_wait),
        "gave_up": words.number(row.waits_given_up),
    }


def mean_wait(step: Step) -> float | None:
    """Return how long the waits that ended then lasted on average."""
    return step.wait_seconds_sum / step.waits if step.waits else None


def _series(
    scope: Scope, found: dict[datetime, Step], second: dict[datetime, Step], fineness: Fineness
) -> list[dict[str, Any]]:
    def line(value: Any, name: str, tone: str, **more: Any) -> dict[str, Any]:
        data = points(scope.period, along(scope, found, value, fineness))
        return {"name": name, "tone": tone, "shape": "step", "data": data, **more}

    made = [
        line(mean_wait, _("Wait on average"), "main"),
        line(lambda s: s.wait_seconds_max if s.waits else None, _("Longest wait"), "warned"),
        line(lambda s: s.waits, _("Requests (right)"), "waiting", right=True, dashed=True),
    ]
    if scope.second is not None and second:
        values = along(scope.other(), second, mean_wait, fineness)
        data = points(scope.second, values, onto=scope.period)
        name = _("Wait on average, second period")
        made.append({"name": name, "tone": "second", "shape": "step", "dashed": True, "data": data})
    return made


def _table(scope: Scope, found: list[Step]) -> Table:
    columns = (
        rolling.heading(scope.period),
        _("Requests"),
        _("Wait on average"),
        _("Longest wait"),
        _("In vain"),
    )
    rows = [
        (
            row.label,
            words.number(row.waits),
            words.length(row.mean_wait),
            words.length(row.longest_wait) if row.waits else words.NOTHING,
            words.number(row.waits_given_up),
        )
        for row in rolling.rows(found, scope.period)
    ]
    return Table(columns, tuple(rows))


def _sheet(scope: Scope, found: dict[datetime, Step], second: dict[datetime, Step]) -> Sheet:
    parts = [(found, scope.period, "first")]
    if scope.second is not None:
        parts.append((second, scope.second, "second"))
    rows = [
        (
            iso(at, period),
            step.waits,
            step.waits_given_up,
            round(mean, 1) if (mean := mean_wait(step)) is not None else None,
            round(step.wait_seconds_max, 1),
            name,
        )
        for steps_of, period, name in parts
        for at, step in steps_of.items()
    ]
    return Sheet(COLUMNS, tuple(rows))
