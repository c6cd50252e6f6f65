"""Why people were told no: the most frequent reasons."""

from collections import Counter

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.usage.charts import words
from ium.usage.charts.chart import Chart, Sheet, Table, common, empty
from ium.usage.charts.facts import Scope
from ium.usage.models import Refusal
from slots.sentences import refusal_reason

NAME = "refusals"
COLUMNS = ("reason", "count", "count_second_period")
SHOWN = 10


def chart(scope: Scope) -> Chart:
    """Return the chart. One query, two with a second period."""
    found, title = counts(scope), _("Reasons for refusals")
    if not found:
        return empty(NAME, title, _("Nobody was refused in this time."))
    second = counts(scope.other()) if scope.second else Counter()
    top = [reason for reason, _number in found.most_common(SHOWN)]
    series = [{"name": _("Refusals"), "tone": "main", "data": [found[reason] for reason in top]}]
    if second:
        values = [second[reason] for reason in top]
        series.append({"name": _("Second period"), "tone": "second", "data": values})
    names = [refusal_reason(reason) for reason in top]
    rows = [
        (name, words.number(found[reason]), words.percent(found[reason] / found.total()))
        for reason, name in zip(top, names, strict=True)
    ]
    sheet = [(reason, found[reason], second[reason]) for reason, _number in found.most_common()]
    return Chart(
        name=NAME,
        title=title,
        summary=_summary(scope, found, second),
        data={
            "kind": "bars",
            **common(),
            "horizontal": True,
            "categories": names,
            "series": series,
        },
        table=Table((_("Reason"), _("Number"), _("Share")), tuple(rows)),
        sheet=Sheet(COLUMNS, tuple(sheet)),
        notes=(
            _(
                "Repetitions of one refusal within an hour count once. Waiting for a slot is no refusal."
            ),
        ),
    )


def counts(scope: Scope) -> Counter[str]:
    """Return how often each reason was given. One row a reason."""
    rows = Refusal.objects.filter(
        pool__in=scope.pools, day__gte=scope.period.first, day__lte=scope.period.last
    )
    sums = rows.values("reason").annotate(number=Sum("count")).order_by("-number", "reason")
    return Counter({row["reason"]: row["number"] for row in sums})


def _summary(scope: Scope, found: Counter[str], second: Counter[str]) -> str:
    [(reason, number)] = found.most_common(1)
    text = ngettext(
        "%(total)s refusal; most often: %(reason)s (%(number)s).",
        "%(total)s refusals; most often: %(reason)s (%(number)s).",
        found.total(),
    )
    details = {
        "total": words.number(found.total()),
        "reason": refusal_reason(reason),
        "number": words.number(number),
    }
    parts = [text % details]
    if scope.second is not None:
        total = words.number(second.total())
        parts.append(_("In the second period: %(total)s.") % {"total": total})
    return " ".join(parts)
