"""An installation in which every table has rows, and what its rows look like."""

# mypy: allow-untyped-calls

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Field, Model

from ium.backup.tables import as_stored, columns_of, tables
from ium.directory.models import Group, Site
from ium.usage.models import Retention
from slots.models import LicencePool, Outcome, PageRules, WaitEstimate
from tests import factories
from tests.factories import AT, FakeJira, PoolFactory, minutes

ODD = 'Zoë "Ünïcode" \\ \n 🗝 %s {}'
Rows = dict[str, list[tuple[Any, ...]]]


def fill() -> LicencePool:
    """Let life happen, then put a row into every table that is still empty."""
    factories.trusted(AT + timedelta(microseconds=123456))
    pool: LicencePool = PoolFactory.create(assigned_licences=2)
    pool.queue_message = ODD
    pool.save()
    Site.objects.update(org_key="the-organisation-key", alert_emails=ODD)
    Group.objects.filter(pk=pool.user_group_id).update(
        grants=[{"product": "jira", "takes_licence": True, "roles": [ODD]}]
    )
    PageRules.objects.create(pk=1, free_paths=ODD)
    Retention.objects.create(pk=1)
    jira = FakeJira()
    for _ in range(2):
        factories.active(jira.holder(pool), pool, AT)
    waiting = factories.waiting(pool, AT + minutes(1))
    # Its columns depend on each other.
    WaitEstimate.objects.create(
        pool=pool,
        entry=factories.entry_of(waiting),
        made_at=AT,
        ahead=1,
        low_seconds=60,
        expected_seconds=90,
        high_seconds=120,
        outcome=Outcome.SERVED,
        actual_seconds=100,
    )
    for model in tables():
        if not model._base_manager.exists():
            _one_row(model)
    return pool


def _one_row(model: type[Model]) -> None:
    values = {field.attname: _value(field) for field in columns_of(model) if not field.primary_key}
    model(**values).save_base(raw=True, force_insert=True)


def _value(field: Field[Any, Any]) -> Any:
    if isinstance(field, models.ForeignKey):
        return _first(field.related_model)
    if field.choices:
        return next(iter(field.flatchoices))[0]
    return next(value for kind, value in VALUES.items() if isinstance(field, kind))


def _first(model: Any) -> Any:
    if not model._base_manager.exists():
        _one_row(model)
    return model._base_manager.order_by("pk").values_list("pk", flat=True)[0]


VALUES: dict[type[Field[Any, Any]], Any] = {
    models.BooleanField: True,
    models.DateTimeField: AT + timedelta(microseconds=1),
    models.DateField: date(2026, 3, 2),
    models.TimeField: time(22, 30),
    models.DecimalField: Decimal("12.345600"),
    models.FloatField: 0.1,
    models.IntegerField: 7,
    models.JSONField: {"a": [1, None, ODD]},
    models.CharField: "0",
    models.TextField: "{}",
    models.Field: ZoneInfo("Europe/Berlin"),
}


def rows() -> Rows:
    """Return every row of every table, as it is stored."""
    return {model._meta.label: _rows_of(model) for model in tables()}


def _rows_of(model: type[Model]) -> list[tuple[Any, ...]]:
    columns = [as_stored(field) for field in columns_of(model)]
    return list(model._base_manager.order_by("pk").values_list(*columns))
