"""Replacing every row of the database by those of a backup, in the caller's transaction."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Model

from ium.backup.reading import read_rows
from ium.backup.tables import all_tables, columns_of, names_of, tables, writer
from ium.lib.fields import EncryptedTextField

CHUNK = 1000
Row = list[Any]


def replace_all(path: Path, *, credentials: bool) -> None:
    """Delete every row, then insert those of the backup; without `credentials` Jira's keys stay empty."""
    _empty_all()
    models = {model._meta.label: model for model in tables()}
    for label, lines in groupby(read_rows(path), key=lambda found: found[0]):
        _fill(models[label], (json.loads(line) for _, line in lines), credentials=credentials)
    _continue_numbers()
    # Its rows have other numbers now.
    ContentType.objects.clear_cache()


def _empty_all() -> None:
    names = [model._meta.db_table for model in all_tables()]
    statements = connection.ops.sql_flush(no_style(), names)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _fill(model: type[Model], rows: Iterable[Row], *, credentials: bool) -> None:
    changes = _changes(model, credentials=credentials)
    put = _copy if connection.vendor == "postgresql" else _insert
    put(model, (_changed(row, changes) for row in rows))


def _copy(model: type[Model], rows: Iterable[Row]) -> None:
    """Several times faster than inserting."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {_into(model)} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _insert(model: type[Model], rows: Iterable[Row]) -> None:
    places = ", ".join(["%s"] * len(columns_of(model)))
    statement = f"INSERT INTO {_into(model)} VALUES ({places})"  # noqa: S608 - names of our own models
    with connection.cursor() as cursor:
        for chunk in _chunks(rows):
            cursor.executemany(statement, chunk)


def _into(model: type[Model]) -> str:
    """Return the table and its columns, as SQL wants them."""
    quote = connection.ops.quote_name
    names = [quote(name) for name in names_of(model)]
    return f"{quote(model._meta.db_table)} ({', '.join(names)})"


def _changes(model: type[Model], *, credentials: bool) -> dict[int, Callable[[Any], Any]]:
    """Return, by position, what has to be done to a value."""
    found: dict[int, Callable[[Any], Any]] = {}
    for number, field in enumerate(columns_of(model)):
        change = writer(field)
        if change is not None:
            found[number] = change
        elif isinstance(field, EncryptedTextField) and not credentials:
            found[number] = _nothing
    return found


def _nothing(_value: Any) -> str:
    return ""


def _changed(row: Row, changes: dict[int, Callable[[Any], Any]]) -> Row:
    for number, change in changes.items():
        if row[number] is not None:
            row[number] = change(row[number])
    return row


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    each = iter(rows)
    while chunk := list(islice(each, CHUNK)):
        yield chunk


def _continue_numbers() -> None:
    """Let PostgreSQL go on counting behind the restored rows; SQLite does so by itself."""
    statements = connection.ops.sequence_reset_sql(no_style(), all_tables())
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
