"""The first line of a backup: what is in it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from ium.backup.errors import BackupError

FORMAT = 1


@dataclass(frozen=True)
class Table:
    """One table of a backup: its model's label, its columns in order, and how many rows follow."""

    label: str
    columns: list[str]
    rows: int


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself; `secrets` is the content of secrets.json, if it was asked for."""

    version: str
    taken_at: datetime
    database: str
    migrations: list[str]
    tables: list[Table]
    secrets: dict[str, str] | None

    @property
    def rows(self) -> int:
        """How many rows all tables have together."""
        return sum(table.rows for table in self.tables)

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"ium_backup": FORMAT, **asdict(self), "taken_at": self.taken_at.isoformat()}


def manifest_read(document: Any) -> Manifest:
    """Understand a first line. Raises BackupError when it is none, or of a newer IUM."""
    if not isinstance(document, dict) or "ium_backup" not in document:
        raise BackupError("This file is no backup of IUM.")
    if document["ium_backup"] != FORMAT:
        raise BackupError(
            f"This backup has the form {document['ium_backup']}, and this IUM reads only {FORMAT}. Restore it with"
            f" the version that made it: {document.get('version')}."
        )
    try:
        return Manifest(
            version=document["version"],
            taken_at=datetime.fromisoformat(document["taken_at"]),
            database=document["database"],
            migrations=document["migrations"],
            tables=[Table(**table) for table in document["tables"]],
            secrets=document["secrets"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BackupError(f"The first line of this backup is damaged ({error!r}).") from error


def applied_migrations() -> list[str]:
    """Return the migrations of this database, as `app.name`."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)
