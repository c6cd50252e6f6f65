"""Writing a backup while IUM runs: every table as it was at one moment."""

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from ium.backup.manifest import Manifest, Table, applied_migrations
from ium.backup.secrets_file import secrets_read
from ium.backup.tables import as_stored, columns_of, names_of, plain, tables

CHUNK = 2000
OWNER_ONLY = 0o600


def backup_write(*, path: Path, with_secrets: bool, at: datetime) -> Manifest:
    """Write a backup, whole or not at all. Raises BackupError, FileExistsError, OSError."""
    if path.exists():
        raise FileExistsError(f"{path} exists already.")
    secrets = secrets_read() if with_secrets else None
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _private(beside) as file, one_moment():
            manifest = _manifest(secrets, at)
            _write(file, manifest)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return manifest


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that only its owner can read, and see to it that it reaches the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def one_moment() -> Iterator[None]:
    """Read everything as it was at one moment, and hold nobody up meanwhile."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    # Django's own transactions are for writing (BEGIN IMMEDIATE): they would stop IUM.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


def _manifest(secrets: dict[str, str] | None, at: datetime) -> Manifest:
    return Manifest(
        version=str(settings.SPECTACULAR_SETTINGS["VERSION"]),
        taken_at=at,
        database=connection.vendor,
        migrations=applied_migrations(),
        tables=[_table(model) for model in tables()],
        secrets=secrets,
    )


def _table(model: type[Model]) -> Table:
    return Table(model._meta.label, names_of(model), model._base_manager.count())


def _write(file: IO[bytes], manifest: Manifest) -> None:
    digest = hashlib.sha256()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=5) as packed:
        for text in _texts(manifest):
            data = text.encode()
            digest.update(data)
            packed.write(data)
        packed.write(_line({"sha256": digest.hexdigest()}).encode())


def _texts(manifest: Manifest) -> Iterator[str]:
    yield _line(manifest.document())
    for model in tables():
        yield _line({"table": model._meta.label})
        yield from texts_of(model)


def texts_of(model: type[Model]) -> Iterator[str]:
    """Return the rows of a table in the order of their keys, some lines at a time."""
    columns = [as_stored(field) for field in columns_of(model)]
    rows = model._base_manager.order_by("pk").values_list(*columns)
    lines: list[str] = []
    for row in rows.iterator(chunk_size=CHUNK):
        lines.append(_line(row))
        if len(lines) == CHUNK:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _line(value: Any) -> str:
    return json.dumps(value, default=plain, ensure_ascii=False, separators=(",", ":")) + "\n"
