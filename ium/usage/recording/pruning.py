"""Removing what was recorded longer ago than it is kept, in portions. The journal is never shortened."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from ium.usage.models import (
    ActivitySpan,
    CallTime,
    Gap,
    Histogram,
    ImportedPerson,
    IntervalUse,
    PeriodKind,
    PeriodUse,
    Refusal,
    SourceUse,
)
from ium.usage.models.retention import retention
from ium.usage.zone import day_of, zone_of
from slots.services import records_prune

# Rows in one transaction, and transactions in one run for each table: the next run goes on.
PORTION = 5000
PORTIONS = 100


def usage_prune(*, at: datetime) -> int:
    """Remove what is older than the settings say; return how many rows. At most 500 000 of each kind in a run."""
    removed = sum(_in_portions(rows) for rows in _old(at))
    days = min(retention().stay_days, settings.IUM_RECORD_DAYS)
    for _ in range(PORTIONS):
        stays = records_prune(at=at, days=days)
        removed += stays
        if not stays:
            break
    return removed


def _old(at: datetime) -> Iterator["QuerySet[Any]"]:
    kept = retention()
    spans = at - timedelta(days=kept.span_days)
    # Imported activity is old by its nature: its time counts from the import.
    yield ActivitySpan.objects.filter(
        Q(imported=False, ended_at__lt=spans)
        | Q(imported=True, source_import__created_at__lt=spans)
    )
    yield ImportedPerson.objects.filter(spans=None)
    yield IntervalUse.objects.filter(at__lt=at - timedelta(days=kept.interval_days))
    hours = at - timedelta(days=kept.hour_days)
    yield PeriodUse.objects.filter(kind=PeriodKind.HOUR, at__lt=hours)
    yield CallTime.objects.filter(hour__lt=hours)
    days = at - timedelta(days=kept.day_days)
    yield PeriodUse.objects.filter(kind=PeriodKind.DAY, at__lt=days)
    yield Gap.objects.filter(ends_at__lt=days)
    for model in (Histogram, Refusal, SourceUse):
        yield model._default_manager.filter(day__lt=day_of(days, zone_of()))


def _in_portions(rows: "QuerySet[Any]") -> int:
    removed = 0
    for _ in range(PORTIONS):
        number = _portion(rows)
        removed += number
        if number < PORTION:
            break
    return removed


@transaction.atomic
def _portion(rows: "QuerySet[Any]") -> int:
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:PORTION])
    # In batches: databases have a limit for the values of one statement.
    for start in range(0, len(keys), 500):
        rows.model._default_manager.filter(pk__in=keys[start : start + 500]).delete()
    return len(keys)
