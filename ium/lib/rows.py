"""Many rows in one statement: change them and learn which were changed; make new ones from them."""

from typing import Any, cast

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.sql import UpdateQuery


def update_returning(rows: "QuerySet[Any]", **values: Any) -> set[Any]:
    """Update as `QuerySet.update` does; return the primary keys of the rows that were changed.

    The rows must be of one table, without joins in their conditions. PostgreSQL, and SQLite from 3.35 on, say it in
    the same statement (RETURNING): a row that no longer fits the conditions is neither changed nor returned.
    """
    # UpdateQuery is what QuerySet.update builds as well; Django has no update that returns rows.
    query = cast("UpdateQuery", rows.query.chain(UpdateQuery))
    query.add_update_values(values)
    connection = connections[rows.db]
    try:
        statement, parameters = query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:  # nothing can fit, as with an empty list of keys
        return set()
    key = connection.ops.quote_name(str(rows.model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING {key}", parameters)
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
