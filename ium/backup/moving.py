"""Moving an installation from SQLite to PostgreSQL: every row is compared, and the original is left as it is.

Two processes, because a process of Django belongs to one database: the first reads SQLite into a file, the second
(`receive`) puts the file into PostgreSQL. There everything happens in one transaction: it fails as a whole, and the
move can be repeated.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Max, Model

from ium.backup.errors import BackupError
from ium.backup.loading import replace_all
from ium.backup.reading import read_rows
from ium.backup.settling import settle
from ium.backup.tables import all_tables, tables
from ium.backup.verifying import verify
from ium.backup.writing import texts_of

# What `migrate` itself writes into an empty database: its own notes, names of tables and rights, the schedules.
FILLED_BY_MIGRATE = (
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "django_celery_beat_",
)
SHOWN = 5


@dataclass(frozen=True)
class Sum:
    """How many rows a table has, and a checksum over all of them in the order of their keys."""

    rows: int
    checksum: str


def check_target() -> None:
    """Raise BackupError unless this process' database is a PostgreSQL without anybody's data."""
    try:
        with connection.cursor() as cursor:
            names = connection.introspection.table_names(cursor)
    except DatabaseError as error:
        raise BackupError(f"The new database cannot be reached: {error}") from error
    if connection.vendor != "postgresql":
        raise BackupError(
            "The new database must be a PostgreSQL: postgres://user:password@host/name"
        )
    if other := set(names) - _own_names():
        raise BackupError(
            f"The new database has tables that are not IUM's ({_some(other)}). Give IUM a database of its own."
        )
    if full := [name for name in names if not _may_be_filled(name) and _has_rows(name)]:
        raise BackupError(
            f"The new database is not empty: there are rows in {_some(full)}. Make a new one (createdb), and give"
            " that: IUM replaces nobody's data."
        )


def _own_names() -> set[str]:
    return {model._meta.db_table for model in all_tables()} | {"django_migrations"}


def _may_be_filled(name: str) -> bool:
    return name.startswith(FILLED_BY_MIGRATE)


def _has_rows(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {connection.ops.quote_name(name)})")  # noqa: S608 - introspected
        return bool(cursor.fetchone()[0])


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:SHOWN]) + (" …" if len(found) > SHOWN else "")


def receive(path: Path, *, taken_at: datetime, at: datetime) -> dict[str, Sum]:
    """Put a backup into this empty database; all of it, or nothing. Return what is there now, by table.

    Raises BackupError with nothing changed: the file is damaged, somebody's data is here, a row was refused or came
    out different. Afterwards pools stay closed until they were compared with Jira, as after any restore: the old
    database may have been used again before anybody starts the new one.
    """
    check_target()
    verify(path, keys=list(settings.IUM_ENCRYPTION_KEYS))
    with _explained(), transaction.atomic():
        # Again, now that nobody can write any more.
        _lock_all()
        check_target()
        replace_all(path, credentials=True)
        connection.check_constraints()
        found = _compared(path)
        _check_numbers()
        settle(taken_at=taken_at, at=at)
        # Constraints that wait for the end are checked here, where it can still be explained.
        connection.check_constraints()
    return found


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (DatabaseError, psycopg.Error) as error:  # COPY is not Django's
        raise BackupError(f"PostgreSQL refused a row: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return what was wrong and where, without the row itself: it may name people."""
    message, *more = str(error).splitlines()
    places = [line.removeprefix("CONTEXT:").strip() for line in more if line.startswith("CONTEXT:")]
    return f"{message} ({places[0].partition(':')[0]})" if places else message


def _lock_all() -> None:
    names = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in all_tables())
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE NOWAIT")


def _compared(path: Path) -> dict[str, Sum]:
    """Return the sums of all tables. Raises BackupError when one is not what the file says."""
    here = {model._meta.label: _sum(_rows_here(model)) for model in tables()}
    there = sums_of(path)
    wrong = [label for label in here if here[label] != there.get(label, _sum([]))]
    if wrong:
        told = "; ".join(
            f"{label}: {there.get(label, _sum([])).rows} rows before, {here[label].rows} now"
            for label in wrong[:SHOWN]
        )
        raise BackupError(f"What came out is not what went in ({told}).")
    return here


def sums_of(path: Path) -> dict[str, Sum]:
    """Return the sums of the tables in a backup that is whole."""
    counts: defaultdict[str, int] = defaultdict(int)
    digests: defaultdict[str, Any] = defaultdict(hashlib.sha256)
    for label, line in read_rows(path):
        counts[label] += 1
        digests[label].update(_canonical(line))
    return {label: Sum(counts[label], digest.hexdigest()) for label, digest in digests.items()}


def _rows_here(model: type[Model]) -> Iterator[bytes]:
    for text in texts_of(model):
        yield from text.encode().splitlines()


def _sum(lines: Iterable[bytes]) -> Sum:
    digest, count = hashlib.sha256(), 0
    for line in lines:
        digest.update(_canonical(line))
        count += 1
    return Sum(count, digest.hexdigest())


def _canonical(line: bytes) -> bytes:
    """PostgreSQL keeps JSON documents in an order of its own."""
    return json.dumps(json.loads(line), sort_keys=True).encode() + b"\n"


def _check_numbers() -> None:
    """Raise BackupError when a new row could get the number of one that is there."""
    for model in all_tables():
        highest = model._base_manager.aggregate(highest=Max("pk"))["highest"]
        name = _sequence_of(model)
        if name is not None and highest is not None:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT last_value, is_called FROM {name}")  # noqa: S608 - PostgreSQL's own name
                last, called = cursor.fetchone()
            if last < highest or not called:
                raise BackupError(
                    f"{model._meta.label} would go on counting at {last}, below {highest}."
                )


def _sequence_of(model: type[Model]) -> str | None:
    key = model._meta.pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [model._meta.db_table, key.column])
        name: str | None = cursor.fetchone()[0]
    return name
