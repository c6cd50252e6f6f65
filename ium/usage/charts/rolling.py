"""Folding of fine values into few rows, for tables that people read from top to bottom."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ium.usage.charts import words
from ium.usage.charts.facts import Step
from ium.usage.charts.periods import Fineness, Period


@dataclass(frozen=True)
class Row:
    """Several values as one. Means are over the time that IUM observed."""

    label: str
    limit: int
    max_occupied: int
    mean_occupied: float | None
    max_waiting: int
    full_seconds: float
    seen_share: float
    people: int
    waits: int
    waits_given_up: int
    mean_wait: float | None
    longest_wait: float


def rows(steps: Iterable[Step], period: Period) -> list[Row]:
    """Return at most about a hundred rows: hours of two days, days of a hundred, else months."""
    label = labels(period)
    return [fold(name, list(some), period) for name, some in groupby(steps, lambda s: label(s.at))]


def labels(period: Period) -> Callable[[datetime], str]:
    """Return how moments of a period are put together in tables."""
    zone = period.zone

    def hour(at: datetime) -> str:
        # With the distance from UTC, because an hour that is there twice is two.
        wall = at.astimezone(zone)
        return f"{date_format(wall, 'D, j M Y, H')}:00 ({wall:%z})"

    def day(at: datetime) -> str:
        return words.day(at.astimezone(zone).date())

    def month(at: datetime) -> str:
        return str(date_format(at.astimezone(zone), "F Y"))

    if period.days <= 2:
        return hour
    return day if period.days <= 100 else month


def heading(period: Period) -> str:
    """Return what the first column of such a table is called."""
    if period.days <= 2:
        return _("Hour from")
    return _("Day") if period.days <= 100 else _("Month")


def fold(label: str, some: list[Step], period: Period) -> Row:
    """Return values as one row."""
    seen = sum(step.seen_seconds for step in some)
    expected = sum(length_of(step, period) for step in some)
    occupied = sum(step.mean_occupied * step.seen_seconds for step in some)
    waits = sum(step.waits for step in some)
    return Row(
        label=label,
        limit=max(step.limit for step in some),
        max_occupied=max(step.max_occupied for step in some),
        mean_occupied=occupied / seen if seen else None,
        max_waiting=max(step.max_waiting for step in some),
        full_seconds=sum(step.full_seconds for step in some),
        seen_share=min(1.0, seen / expected) if expected else 0.0,
        people=max((step.people or 0 for step in some), default=0),
        waits=waits,
        waits_given_up=sum(step.waits_given_up for step in some),
        mean_wait=sum(step.wait_seconds_sum for step in some) / waits if waits else None,
        longest_wait=max(step.wait_seconds_max for step in some),
    )


def length_of(step: Step, period: Period, fineness: Fineness | None = None) -> float:
    """Return how many seconds a value stands for."""
    return period.length(step.at, fineness)
