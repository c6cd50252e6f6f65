"""How long stays and waits were: two distributions from the same counts."""

from django.db.models import Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.usage.charts import words
from ium.usage.charts.chart import Chart, Sheet, Table, common, empty
from ium.usage.charts.facts import Scope
from ium.usage.models import Histogram, LengthKind

COLUMNS = ("up_to_seconds", "count", "count_second_period")
# Whoever waited no longer got a free slot: the picture of waits leaves them out, or nobody would see the others.
AT_ONCE = 10
# Upper limit in seconds (None: longer than all), and how many.
Counts = dict[int | None, int]

TITLES: dict[LengthKind, Promise] = {
    LengthKind.SESSION: gettext_lazy("How long slots were held"),
    LengthKind.WAIT: gettext_lazy("How long people waited"),
}
SUMMARIES: dict[LengthKind, Promise] = {
    LengthKind.SESSION: gettext_lazy(
        "%(total)s stays ended. Half of them lasted %(half)s; 95 of 100 lasted %(most)s."
    ),
    LengthKind.WAIT: gettext_lazy(
        "Of %(total)s requests %(at_once)s got a slot at once or within %(soon)s. Half of the others waited %(half)s,"
        " 95 of 100 of them %(most)s."
    ),
}
EMPTY: dict[LengthKind, Promise] = {
    LengthKind.SESSION: gettext_lazy("No stay ended in this time."),
    LengthKind.WAIT: gettext_lazy("Nobody asked for a slot in this time."),
}
SERIES: dict[LengthKind, Promise] = {
    LengthKind.SESSION: gettext_lazy("Stays"),
    LengthKind.WAIT: gettext_lazy("Waits"),
}


def sessions(scope: Scope) -> Chart:
    """Return how long slots were held. One query, two with a second period."""
    return _chart(scope, LengthKind.SESSION, "stays")


def waits(scope: Scope) -> Chart:
    """Return how long people waited. One query, two with a second period."""
    return _chart(scope, LengthKind.WAIT, "wait-lengths")


def counts(scope: Scope, kind: LengthKind) -> Counts:
    """Return how many were how long, from short to long. Some rows, however long the period."""
    rows = Histogram.objects.filter(
        pool__in=scope.pools,
        kind=kind,
        day__gte=scope.period.first,
        day__lte=scope.period.last,
    )
    sums = rows.values("bucket").annotate(number=Sum("count")).order_by("bucket")
    found = {row["bucket"]: row["number"] for row in sums}
    return dict(sorted(found.items(), key=lambda item: (item[0] is None, item[0] or 0)))


def _chart(scope: Scope, kind: LengthKind, name: str) -> Chart:
    found, title = counts(scope, kind), str(TITLES[kind])
    if not sum(found.values()):
        return empty(name, title, str(EMPTY[kind]))
    second = counts(scope.other(), kind) if scope.second else {}
    # Buckets nobody was in are shown between the others: a distribution has no holes by chance.
    buckets = _all_buckets(found, second)
    drawn = [bucket for bucket in buckets if not _at_once(kind, bucket)]
    series = [{"name": str(SERIES[kind]), "tone": "main", "data": [found.get(b, 0) for b in drawn]}]
    if second:
        values = [second.get(bucket, 0) for bucket in drawn]
        series.append({"name": _("Second period"), "tone": "second", "data": values})
    names = [bucket_name(bucket, buckets) for bucket in buckets]
    total = sum(found.values())
    rows = [
        (name_of, words.number(found.get(b, 0)), words.percent(found.get(b, 0) / total))
        for b, name_of in zip(buckets, names, strict=True)
    ]
    return Chart(
        name=name,
        title=title,
        summary=_summary(found, kind) + _compared(scope, second),
        data={
            "kind": "bars",
            **common(),
            "categories": [bucket_name(bucket, buckets) for bucket in drawn],
            "series": series,
        },
        table=Table((_("Length"), _("Number"), _("Share")), tuple(rows)),
        sheet=Sheet(COLUMNS, tuple((b, found.get(b, 0), second.get(b, 0)) for b in buckets)),
    )


def _at_once(kind: LengthKind, bucket: int | None) -> bool:
    return kind == LengthKind.WAIT and bucket is not None and bucket <= AT_ONCE


def _all_buckets(found: Counts, second: Counts) -> list[int | None]:
    limits = sorted({b for b in (*found, *second) if b is not None})
    longer: list[int | None] = [None] if None in found or None in second else []
    return [*limits, *longer]


def bucket_name(bucket: int | None, buckets: list[int | None]) -> str:
    """Return what a bucket is called: up to its limit, or longer than the longest."""
    if bucket is not None:
        return _("up to %(length)s") % {"length": words.length(bucket)}
    limits = [each for each in buckets if each is not None]
    return _("over %(length)s") % {"length": words.length(limits[-1])} if limits else _("any")


def within(found: Counts, share: float) -> tuple[int | None, bool]:
    """Return the limit below which at least this share lies; False when only "longer" does."""
    wanted, so_far = share * sum(found.values()), 0
    for bucket, number in found.items():
        so_far += number
        if so_far >= wanted:
            return bucket, bucket is not None
    return None, False


def _within_words(found: Counts, share: float) -> str:
    bucket, limited = within(found, share)
    if limited:
        return _("at most %(length)s") % {"length": words.length(bucket)}
    limits = [each for each in found if each is not None]
    if not limits:
        return _("longer than IUM counts")
    return _("over %(length)s") % {"length": words.length(limits[-1])}


def _summary(found: Counts, kind: LengthKind) -> str:
    longer = {bucket: number for bucket, number in found.items() if not _at_once(kind, bucket)}
    total, at_once = sum(found.values()), sum(found.values()) - sum(longer.values())
    if not longer:
        text = _("All %(total)s requests got a slot at once or within %(soon)s.")
        return text % {"total": words.number(total), "soon": words.length(AT_ONCE)}
    return str(SUMMARIES[kind]) % {
        "total": words.number(total),
        "at_once": words.number(at_once),
        "soon": words.length(AT_ONCE),
        "half": _within_words(longer, 0.5),
        "most": _within_words(longer, 0.95),
    }


def _compared(scope: Scope, second: Counts) -> str:
    if scope.second is None:
        return ""
    if not second:
        return " " + _("In the second period nothing was recorded.")
    text = _("In the second period: %(total)s; half of them %(half)s.")
    details = {
        "total": words.number(sum(second.values())),
        "half": _within_words(second, 0.5),
    }
    return " " + text % details
