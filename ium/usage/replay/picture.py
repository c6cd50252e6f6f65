"""The curve of a what-if as a chart: how many wait too long or give up, and how long, over the number of licences."""

from typing import Any

from django.utils.translation import gettext as _

from ium.usage.charts import words
from ium.usage.charts.chart import Chart, Sheet, Table, common


def curve_chart(result: dict[str, Any]) -> Chart:
    """Return the chart of a result; the page has the table of all figures."""
    points = result["points"]
    summary = _(
        "Recommended are %(recommended)s licences, the knee is at %(knee)s, the true peak at %(peak)s; now there are"
        " %(now)s."
    )
    numbers = [point["licences"] for point in points]
    return Chart(
        name="what-if",
        title=_("Waiting over the number of licences"),
        summary=summary % {key: result[key] for key in ("recommended", "knee", "peak", "now")},
        data={
            "kind": "curve",
            **common(),
            "unit": "count",
            "rightUnit": "seconds",
            "xName": _("Licences"),
            "from": max(0, numbers[0] - 1),
            "until": numbers[-1] + 1,
            "series": _series(points),
            "marks": _marks(result),
            "file": "what-if",
        },
        table=Table(
            (_("Licences"), _("Waited too long or gave up"), _("95 % waited at most")),
            tuple(
                (str(each["licences"]), words.number(_bad(each)), words.length(each["p95"]))
                for each in points
            ),
        ),
        sheet=Sheet((), ()),
    )


def _bad(point: dict[str, Any]) -> int:
    return int(point["waited_long"] + point["gave_up"])


def _series(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": _("Waited too long or gave up"),
            "tone": "main",
            "shape": "line",
            "filled": True,
            "data": [[each["licences"], _bad(each)] for each in points],
        },
        {
            "name": _("95 % waited at most (right)"),
            "tone": "waiting",
            "shape": "line",
            "dashed": True,
            "right": True,
            "data": [[each["licences"], round(each["p95"], 1)] for each in points],
        },
    ]


def _marks(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return lines upwards; one number that is several things has one line with all their names."""
    named: dict[int, list[str]] = {}
    for key, name in (
        ("recommended", _("recommended")),
        ("knee", _("knee")),
        ("now", _("now")),
    ):
        named.setdefault(result[key], []).append(name)
    return [{"x": number, "label": ", ".join(names)} for number, names in sorted(named.items())]
