"""Everything that is checked before anything is deleted."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from ium.backup.errors import BackupError
from ium.backup.manifest import Manifest, applied_migrations
from ium.backup.reading import check_whole, read_manifest, read_rows
from ium.backup.secrets_file import keys_in
from ium.backup.tables import columns_of, names_of, tables
from ium.lib.fields import PREFIX, EncryptedTextField

SHOWN = 5
NO_KEY = (
    "The keys of this installation do not open the Jira credentials in the backup. Choose one of these:"
    "\n  * the backup was made --with-secrets: restore it --with-secrets too;"
    "\n  * put the secrets.json of the old installation into {data} (or its keys into IUM_ENCRYPTION_KEYS), try again;"
    "\n  * restore --without-credentials, and enter Jira's keys again in the admin."
)


def verify(path: Path, *, keys: list[str] | None) -> Manifest:
    """Check that a backup is whole, fits this database, and that the keys open it (None: do not look).

    Reads the file from end to end, before anything in it is believed. Raises BackupError.
    """
    manifest = read_manifest(path)
    check_whole(path)
    _check_migrations(manifest)
    _check_columns(manifest)
    _check_rows(path, manifest, keys)
    return manifest


def keys_after(manifest: Manifest, *, with_secrets: bool) -> list[str]:
    """Return the encryption keys that the restored installation will have."""
    if not with_secrets:
        return list(settings.IUM_ENCRYPTION_KEYS)
    if manifest.secrets is None:
        raise BackupError("This backup holds no secrets: it was made without --with-secrets.")
    return keys_in(manifest.secrets)


def _check_migrations(manifest: Manifest) -> None:
    here, there = set(applied_migrations()), set(manifest.migrations)
    if missing := there - here:
        raise BackupError(
            f"This database lacks {_some(missing)}. The backup is from IUM {manifest.version}: use that version or a"
            " newer one with the same tables, run `./ium.sh manage migrate`, and restore again."
        )
    if newer := here - there:
        raise BackupError(
            f"This database is newer than the backup: it has {_some(newer)}. Restore with IUM {manifest.version}, whose"
            " tables the backup has, into an empty database; then start this version, which migrates it."
        )


def _some(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "the migration(s) " + ", ".join(found[:SHOWN]) + more


def _check_columns(manifest: Manifest) -> None:
    here = {model._meta.label: names_of(model) for model in tables()}
    there = {table.label: table.columns for table in manifest.tables}
    if here != there:
        wrong = sorted(label for label in here | there if here.get(label) != there.get(label))
        raise BackupError(
            f"The tables of the backup and of this IUM differ ({', '.join(wrong)}): use IUM {manifest.version}."
        )


def _check_rows(path: Path, manifest: Manifest, keys: list[str] | None) -> None:
    secret = _secret_columns()
    found: Counter[str] = Counter()
    sealed: set[str] = set()
    for label, line in read_rows(path):
        found[label] += 1
        if label in secret:
            row = json.loads(line)
            sealed |= {row[number] for number in secret[label] if row[number]}
    promised = {table.label: table.rows for table in manifest.tables if table.rows}
    if dict(found) != promised:
        raise BackupError(f"{path} does not hold the rows that its first line promises.")
    if keys is not None and not _keys_open(sealed, keys):
        raise BackupError(NO_KEY.format(data=settings.DATA_DIR))


def _secret_columns() -> dict[str, list[int]]:
    """Return, by table, the positions of encrypted columns."""
    found = {
        model._meta.label: [
            number
            for number, field in enumerate(columns_of(model))
            if isinstance(field, EncryptedTextField)
        ]
        for model in tables()
    }
    return {label: numbers for label, numbers in found.items() if numbers}


def _keys_open(sealed: set[str], keys: list[str]) -> bool:
    try:
        cipher = MultiFernet([Fernet(key) for key in keys])
        for text in sealed:
            cipher.decrypt(text.removeprefix(PREFIX).encode())
    except (InvalidToken, ValueError):
        return False
    return True
