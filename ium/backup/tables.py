"""What is backed up, and how a value travels."""

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.db.models import ExpressionWrapper, F, Field, JSONField, Model, TextField

from ium.lib.fields import EncryptedTextField

Column: TypeAlias = "Field[Any, Any]"
Write = Callable[[Any], Any]


def tables() -> list[type[Model]]:
    """Return every table but the sign-ins of browsers: their keys would open IUM to whoever finds the file."""
    return [model for model in all_tables() if model is not Session]


def all_tables() -> list[type[Model]]:
    """Return every table that IUM's database has, except the list of migrations."""
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if model._meta.managed and not model._meta.proxy]


def columns_of(model: type[Model]) -> list[Column]:
    """Return the model's columns in their order."""
    return list(model._meta.concrete_fields)


def names_of(model: type[Model]) -> list[str]:
    """Return the names of the model's columns in their order."""
    return [str(field.column) for field in columns_of(model)]


def as_stored(field: Column) -> "F | ExpressionWrapper[F]":
    """Return the expression that reads a column; secrets without decrypting them."""
    if isinstance(field, EncryptedTextField):
        return ExpressionWrapper(F(field.attname), output_field=TextField())
    return F(field.attname)


def plain(value: Any) -> str:
    """Return a value that JSON does not know as text; `writer` understands it again."""
    if isinstance(value, date | time):  # and datetime
        return value.isoformat()
    if isinstance(value, Decimal | ZoneInfo):
        return str(value)
    raise TypeError(f"No backup of {type(value).__name__} values yet: {value!r}")


AS_THEY_ARE = (
    models.AutoField,
    models.BooleanField,
    models.CharField,
    models.FloatField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
)


def writer(field: Column) -> Write | None:
    """Return what turns a value of a backup into one for this database; None when it is one already."""
    if isinstance(field, JSONField):
        return lambda value: field.get_db_prep_save(value, connection)
    if isinstance(field, AS_THEY_ARE):
        return None
    return lambda value: field.get_db_prep_save(field.to_python(value), connection)
