"""Many rows in one statement: change them and learn which were changed; make new ones from them."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.sql import UpdateQuery

# Rows with values of their own in one statement: the database looks through all of them for each.
BATCH = 200


def update_returning(rows: "QuerySet[Any]", **values: Any) -> set[Any]:
    """Update as `QuerySet.update` does; return the primary keys of the rows that were changed.

    The rows must be of one table, without joins in their conditions. PostgreSQL, and SQLite from 3.35 on, say it in
    the same statement (RETURNING): a row that no longer fits the conditions is neither changed nor returned.
    """
    return _update(rows, values)


def update_each(
    rows: "QuerySet[Any]", own: Mapping[Any, Mapping[str, Any]], **values: Any
) -> set[Any]:
    """Update as `update_returning` does the rows with these primary keys, each with values of its own as well.

    `own` has for each key the same fields (by their name), in the same order; nothing but plain values.
    """
    changed: set[Any] = set()
    keys = list(own)
    for start in range(0, len(keys), BATCH):
        some = {key: own[key] for key in keys[start : start + BATCH]}
        changed |= _update_some(rows.filter(pk__in=list(some)), some, values)
    return changed


def _update_some(
    rows: "QuerySet[Any]", own: Mapping[Any, Mapping[str, Any]], values: Mapping[str, Any]
) -> set[Any]:
    """The own values are a table in front of the statement: `Case` with a `When` for each costs ten times as much."""
    connection, meta = connections[rows.db], rows.model._meta
    fields = [meta.pk, *(meta.get_field(name) for name in next(iter(own.values())))]
    quote = connection.ops.quote_name
    key = f"{quote(meta.db_table)}.{quote(str(meta.pk.column))}"
    select = f"(SELECT {{}} FROM own WHERE c0 = {key})"  # noqa: S608 - names of columns
    chosen = {
        field.attname: RawSQL(select.format(f"c{number}"), ())  # noqa: S611 - names of columns
        for number, field in enumerate(fields)
        if number
    }
    # PostgreSQL takes the type of a table of values from its text.
    typed = connection.vendor == "postgresql"
    holes = ", ".join(f"%s::{field.db_type(connection)}" if typed else "%s" for field in fields)
    table = ", ".join([f"({holes})"] * len(own))
    prefix = (
        f"WITH own({', '.join(f'c{number}' for number in range(len(fields)))}) AS (VALUES {table}) "
    )
    parameters = [
        field.get_db_prep_save(value, connection)
        for pk, mine in own.items()
        for field, value in zip(fields, (pk, *mine.values()), strict=True)
    ]
    return _update(rows, {**values, **chosen}, prefix, parameters)


def _update(
    rows: "QuerySet[Any]",
    values: Mapping[str, Any],
    prefix: str = "",
    before: Sequence[Any] = (),
) -> set[Any]:
    # UpdateQuery is what QuerySet.update builds as well; Django has no update that returns rows.
    query = cast("UpdateQuery", rows.query.chain(UpdateQuery))
    query.add_update_values(dict(values))
    connection = connections[rows.db]
    try:
        statement, parameters = query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:  # nothing can fit, as with an empty list of keys
        return set()
    key = connection.ops.quote_name(str(rows.model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix}{statement} RETURNING {key}", [*before, *parameters])
        return {row[0] for row in cursor.fetchall()}


def insert_from(rows: "QuerySet[Any]", model: type[Model], **columns: Any) -> None:
    """Make one row of `model` from each of `rows` (INSERT ... SELECT); `columns` are expressions over `rows`.

    The rows must be such that some can fit: Django raises EmptyResultSet for an empty list of keys.
    """
    connection = connections[rows.db]
    of_field = {field.name: field.column for field in model._meta.concrete_fields}
    expressions = {f"new_{name}": expression for name, expression in columns.items()}
    chosen = rows.order_by().annotate(**expressions).values_list(*expressions)
    select, parameters = chosen.query.get_compiler(rows.db).as_sql()
    names = (connection.ops.quote_name(str(of_field[name])) for name in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(names)}) {select}", parameters)
