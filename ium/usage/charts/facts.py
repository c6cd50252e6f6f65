"""Reading of what was recorded. The only place that asks the tables of five minutes, hours and days.

Rows are added up in the database: however many pools and people there are, a page reads a bounded number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Exists, F, FloatField, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import NullIf
from django.utils.translation import gettext as _

from ium.usage.charts.periods import Fineness, Period
from ium.usage.models import Gap, GapReason, Import, IntervalUse, PeriodKind, PeriodUse
from slots.models import LicencePool

MOST_GAPS = 50
# The digest of the row that marks a simulated past. Taken out as an import it would stay, and so does its mark.
SIMULATED = "simulated"
# Narrower than this share of the picture, a gap is named below it and not drawn: it would be no pixel wide.
NARROWEST = 1 / 800


@dataclass(frozen=True)
class Band:
    """A stretch of time that is not like the others, and why."""

    begins_at: datetime
    ends_at: datetime
    label: str

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.ends_at - self.begins_at).total_seconds()

    @property
    def last(self) -> datetime:
        """The last moment inside: a stretch that ends at midnight does not reach into the day."""
        return max(self.begins_at, self.ends_at - timedelta(seconds=1))


@dataclass(frozen=True)
class Scope:
    """What a page shows: pools, a period, perhaps a second one, up to now; and what is special in it."""

    pools: tuple[LicencePool, ...]
    period: Period
    second: Period | None
    at: datetime
    gaps: tuple[Band, ...] = ()
    imports: tuple[Band, ...] = ()

    @property
    def many(self) -> bool:
        """Whether several pools are added up."""
        return len(self.pools) > 1

    @property
    def end(self) -> datetime:
        """Where values end: now, or the end of the period."""
        return min(self.at, self.period.until)

    @property
    def wide_gaps(self) -> list[Band]:
        """The gaps that are wide enough to be drawn."""
        whole = (self.period.until - self.period.since).total_seconds()
        return [gap for gap in self.gaps if gap.seconds >= whole * NARROWEST]

    def other(self) -> "Scope":
        """Return the same for the second period. Only where there is one."""
        if self.second is None:
            raise LookupError("There is no second period.")
        return replace(self, period=self.second, second=None, gaps=(), imports=())


@dataclass(frozen=True, slots=True)
class Step:
    """One value over time, of the pools together."""

    at: datetime
    limit: int
    max_occupied: int
    mean_occupied: float
    max_waiting: int
    full_seconds: float
    seen_seconds: float
    warned: int | None = None
    people: int | None = None
    waits: int = 0
    waits_given_up: int = 0
    wait_seconds_sum: float = 0.0
    wait_seconds_max: float = 0.0
    grants: int = 0
    losses: int = 0


def scope_of(
    pools: Sequence[LicencePool], period: Period, second: Period | None, at: datetime
) -> Scope:
    """Return what a page shows, with gaps and imports. Two queries."""
    scope = Scope(tuple(pools), period, second, at)
    return replace(scope, gaps=_gaps(scope), imports=_imports(scope))


def _gaps(scope: Scope) -> tuple[Band, ...]:
    """Return the longest gaps in the order of time."""
    rows = Gap.objects.filter(
        Q(pool=None) | Q(pool__in=scope.pools),
        begins_at__lt=scope.end,
        ends_at__gt=scope.period.since,
    ).annotate(length=F("ends_at") - F("begins_at"))
    longest = rows.order_by("-length", "begins_at")[:MOST_GAPS]
    found = [Band(gap.begins_at, gap.ends_at, str(GapReason(gap.reason).label)) for gap in longest]
    return tuple(sorted(found, key=lambda band: band.begins_at))


def _imports(scope: Scope) -> tuple[Band, ...]:
    rows = Import.objects.filter(
        Q(taken_out_at=None) | Q(digest=SIMULATED),
        pool__in=scope.pools,
        begins_at__lt=scope.period.until,
        ends_at__gt=scope.period.since,
    ).order_by("begins_at")[:MOST_GAPS]
    return tuple(Band(row.begins_at, row.ends_at, _label(row)) for row in rows)


def _label(row: Import) -> str:
    if row.digest.startswith(SIMULATED):  # no checksum begins so
        return _("simulated history of the demo")
    return _("imported: %(name)s") % {"name": row.name}


def steps(scope: Scope, fineness: Fineness | None = None) -> dict[datetime, Step]:
    """Return the values of the scope's period by their begin, as fine as the period or as asked. One query."""
    chosen = fineness or scope.period.fineness
    found = _intervals(scope) if chosen is Fineness.INTERVAL else _periods(scope, chosen)
    return {step.at: step for step in found}


def _intervals(scope: Scope) -> list[Step]:
    rows = IntervalUse.objects.filter(
        pool__in=scope.pools, at__gte=scope.period.since, at__lt=scope.end
    )
    mean = F("occupied_seconds") / NullIf(F("seen_seconds"), 0.0)
    sums = rows.values("at").annotate(
        limits=Sum("limit"),
        most=Sum("max_occupied"),
        mean=Sum(mean, output_field=FloatField()),
        most_waiting=Sum("max_waiting"),
        full=Max("full_seconds"),
        seen=Min("seen_seconds"),
        warnings=Sum("warned"),
    )
    return [
        Step(
            at=row["at"],
            limit=row["limits"],
            max_occupied=row["most"],
            mean_occupied=row["mean"] or 0.0,
            max_waiting=row["most_waiting"],
            full_seconds=row["full"],
            seen_seconds=row["seen"],
            warned=row["warnings"],
        )
        for row in sums.order_by("at")
    ]


def period_rows(scope: Scope, kind: PeriodKind) -> QuerySet[PeriodUse]:
    """Return the hours or days of the scope; imported ones only where nothing was recorded."""
    recorded = PeriodUse.objects.filter(
        pool=OuterRef("pool"), kind=OuterRef("kind"), at=OuterRef("at"), imported=False
    )
    since = scope.period.since
    if kind == PeriodKind.HOUR:
        # An hour of UTC may begin before the day does, in zones that are half an hour off.
        since -= timedelta(minutes=59)
    return PeriodUse.objects.filter(
        Q(imported=False) | ~Exists(recorded),
        pool__in=scope.pools,
        kind=kind,
        at__gte=since,
        at__lt=scope.end,
    )


def _periods(scope: Scope, fineness: Fineness) -> list[Step]:
    kind = PeriodKind.HOUR if fineness is Fineness.HOUR else PeriodKind.DAY
    sums = (
        period_rows(scope, kind)
        .values("at")
        .annotate(
            limits=Sum("limit_max"),
            most=Sum("max_occupied"),
            mean=Sum("mean_occupied"),
            most_waiting=Sum("max_waiting"),
            full=Max("full_seconds"),
            seen=Min("seen_seconds"),
            persons=Sum("people"),
            ended=Sum("waits"),
            given_up=Sum("waits_given_up"),
            waited=Sum("wait_seconds_sum"),
            longest=Max("wait_seconds_max"),
            given=Sum("grants"),
            lost=Sum("losses"),
        )
    )
    return [
        Step(
            at=row["at"],
            limit=row["limits"],
            max_occupied=row["most"],
            mean_occupied=row["mean"],
            max_waiting=row["most_waiting"],
            full_seconds=row["full"],
            seen_seconds=row["seen"],
            people=row["persons"],
            waits=row["ended"],
            waits_given_up=row["given_up"],
            wait_seconds_sum=row["waited"],
            wait_seconds_max=row["longest"],
            grants=row["given"],
            losses=row["lost"],
        )
        for row in sums.order_by("at")
    ]


def day_of(step: Step, period: Period) -> date:
    """Return the day of the pool on which a value lies."""
    return step.at.astimezone(period.zone).date()
