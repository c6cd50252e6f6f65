"""Large tables in seconds: copies of one row, made by the database itself."""

from django.db import connection
from django.db.models import Model


def multiply(row: Model, number: int, **different: str) -> None:
    """Insert so many copies of a saved row; `different` are columns with an SQL expression in `i`, from 1 on."""
    table = connection.ops.quote_name(row._meta.db_table)
    columns = [str(field.column) for field in row._meta.concrete_fields if not field.primary_key]
    quoted = [connection.ops.quote_name(column) for column in columns]
    values = [different.get(column, name) for column, name in zip(columns, quoted, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < %s) "  # noqa: S608
            f"INSERT INTO {table} ({', '.join(quoted)}) "
            f"SELECT {', '.join(values)} FROM {table}, number WHERE {table}.id = %s",
            [number, row.pk],
        )
