"""Bringing stored secrets from old keys to the newest one, while everything runs.

Each row is changed by one statement that holds only if the row is still what was read: whoever saves a secret at the
same moment wins, and a run that dies in the middle leaves rows that any of the keys opens.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from ium.lib.fields import PREFIX, EncryptedTextField, WrongKeyError, decrypt, encrypt

PORTION = 100


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the database that holds encrypted text."""

    table: str
    key: str
    name: str


@dataclass(slots=True)
class Count:
    """What became of the secrets: with the newest key already, changed now, or opened by none of the keys."""

    newest: int = 0
    changed: int = 0
    unreadable: int = 0


def columns() -> Iterator[Column]:
    """Return every encrypted column there is, of historical tables too."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield Column(model._meta.db_table, str(_key(model).column), str(field.column))


def _key(model: type[models.Model]) -> "models.Field[object, object]":
    key: models.Field[object, object] = model._meta.pk
    return key


def reencrypt(*, change: bool = True) -> Count:
    """Encrypt all stored secrets with the first key; with `change` False only count what would be changed."""
    count = Count()
    for column in columns():
        for key, stored in _rows(column):
            _one(column, key, stored, count, change=change)
    return count


def _rows(column: Column) -> Iterator[tuple[int, str]]:
    """Read in portions: a large table is never held in memory, and no transaction stays open."""
    quote = connection.ops.quote_name
    table, key, name = quote(column.table), quote(column.key), quote(column.name)
    # Names of our own models, quoted; values are parameters.
    query = f"SELECT {key}, {name} FROM {table} WHERE {key} > %s AND {name} <> '' ORDER BY {key} LIMIT {PORTION}"  # noqa: S608
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(query, [last])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < PORTION:
            return
        last = rows[-1][0]


def _one(column: Column, key: int, stored: str, count: Count, *, change: bool) -> None:
    if is_newest(stored):
        count.newest += 1
        return
    try:
        text = decrypt(stored)
    except WrongKeyError:
        count.unreadable += 1
        return
    count.changed += _replace(column, key, stored, encrypt(text)) if change else 1


def is_newest(stored: str) -> bool:
    """Whether the first key alone opens it."""
    try:
        Fernet(settings.IUM_ENCRYPTION_KEYS[0]).decrypt(stored.removeprefix(PREFIX).encode())
    except InvalidToken:
        return False
    return True


def _replace(column: Column, key: int, stored: str, renewed: str) -> int:
    quote = connection.ops.quote_name
    table, name = quote(column.table), quote(column.name)
    update = f"UPDATE {table} SET {name} = %s WHERE {quote(column.key)} = %s AND {name} = %s"  # noqa: S608 - as above
    with connection.cursor() as cursor:
        cursor.execute(update, [renewed, key, stored])
        return int(cursor.rowcount)
