"""Backup and restore: one portable file for both databases.

    backup_write(path=Path("ium.jsonl.gz"), with_secrets=False, at=clock.now())
    restore(path=Path("ium.jsonl.gz"), options=Options(), at=clock.now())

The file is gzipped JSON lines: a manifest, the rows of every table as lists, and a last line with the SHA-256 of all
before it. Values are the database's own (secrets stay encrypted), so a row comes back as it was, on either database.
"""

from ium.backup.errors import BackupError
from ium.backup.restoring import Options, restore
from ium.backup.safety import may_hold_data
from ium.backup.verifying import verify
from ium.backup.writing import backup_write

__all__ = ["BackupError", "Options", "backup_write", "may_hold_data", "restore", "verify"]
