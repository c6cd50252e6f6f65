"""Changing many rows in one statement, and learning which ones were changed."""

from typing import Any, cast

from django.db import connections
from django.db.models import QuerySet
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
    statement, parameters = query.get_compiler(rows.db).as_sql()
    if not statement:  # nothing can fit, as with an empty list of keys
        return set()
    key = connection.ops.quote_name(rows.model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING {key}", parameters)
        return {row[0] for row in cursor.fetchall()}
