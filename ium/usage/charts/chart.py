"""What a chart is: words, values for the browser's picture, the same values as a table, and as a file."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from ium.usage.charts.facts import Band, Scope, Step
from ium.usage.charts.periods import Fineness, Period
from slots.admin.export import Echo, harmless

Cell = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows for people. The first cell of a row is its name."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Sheet:
    """Rows for programs: stable English names, ISO times, plain numbers. Finer than the table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def lines(self) -> Iterator[str]:
        """Yield the lines of a CSV file."""
        writer = csv.writer(Echo())
        yield writer.writerow(self.columns)
        for row in self.rows:
            yield writer.writerow([harmless(cell) for cell in row])


@dataclass(frozen=True)
class Chart:
    """One figure of a page. Without `data` nothing was recorded yet, and `summary` says so."""

    name: str
    title: str
    summary: str
    data: dict[str, Any] | None
    table: Table
    sheet: Sheet
    notes: tuple[str, ...] = field(default=())

    @property
    def kind(self) -> str:
        """How it is drawn."""
        return str(self.data["kind"]) if self.data else ""


def empty(name: str, title: str, summary: str) -> Chart:
    """Return a chart of which nothing was recorded."""
    return Chart(name, title, summary, None, Table((), ()), Sheet((), ()))


def milliseconds(at: datetime) -> int:
    """Return a moment as browsers count."""
    return round(at.timestamp() * 1000)


def time_data(
    scope: Scope, series: Sequence[dict[str, Any]], *, fineness: Fineness | None = None, **more: Any
) -> dict[str, Any]:
    """Return the JSON of a picture over time: its axis, and what could not be seen."""
    period, chosen = scope.period, fineness or scope.period.fineness
    return {
        "kind": "time",
        **common(),
        "zone": period.zone.key,
        "from": milliseconds(period.since),
        "until": milliseconds(period.until),
        "step": round(chosen.value.total_seconds() * 1000),
        "days": chosen is Fineness.DAY,
        "gaps": [_band(scope, band) for band in scope.wide_gaps],
        "imports": [_band(scope, band) for band in scope.imports],
        "series": list(series),
        **more,
    }


def _band(scope: Scope, band: Band) -> dict[str, Any]:
    since, until = scope.period.since, scope.period.until
    return {
        "from": milliseconds(max(band.begins_at, since)),
        "until": milliseconds(min(band.ends_at, until)),
        "label": band.label,
    }


def common() -> dict[str, Any]:
    """Return what every picture needs to know: how numbers are written."""
    language, _, region = (get_language() or "en-gb").partition("-")
    return {"locale": f"{language}-{region.upper()}" if region else language}


def points(
    period: Period, values: Iterable[tuple[datetime, float | None]], onto: Period | None = None
) -> list[list[float | None]]:
    """Return values for a line; with `onto` at the same place of that period's clock."""
    moved = ((period.onto(at, onto) if onto else at, value) for at, value in values)
    return sorted(([milliseconds(at), _short(value)] for at, value in moved), key=_when)


def _when(point: list[float | None]) -> float:
    return point[0] or 0


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def iso(at: datetime, period: Period) -> str:
    """Return a moment for a file: on the pool's clock, with its distance from UTC."""
    return at.astimezone(period.zone).isoformat()


def observed(step: Step | None) -> bool:
    """Tell whether IUM could see anything then."""
    return step is not None and step.seen_seconds > 0
