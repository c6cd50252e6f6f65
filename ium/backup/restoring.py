"""Restoring a backup: check everything, then replace everything in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from ium.backup.loading import replace_all
from ium.backup.manifest import Manifest
from ium.backup.reading import read_manifest
from ium.backup.safety import check_nobody_else, stopped
from ium.backup.secrets_file import secrets_write
from ium.backup.settling import settle
from ium.backup.verifying import keys_after, verify


@dataclass(frozen=True)
class Options:
    """With the secrets in the backup, or without the Jira credentials that no key opens."""

    with_secrets: bool = False
    without_credentials: bool = False


def restore(*, path: Path, options: Options, at: datetime) -> Manifest:
    """Replace the whole database by a backup; all or nothing. Raises BackupError with nothing changed.

    1. IUM must not run, and cannot start meanwhile. 2. The file is checked from end to end. 3. One transaction deletes,
    inserts, and marks the installation so that it first compares itself with Jira.
    """
    with stopped():
        check_nobody_else(at)
        manifest, keys = _checked(path, options)
        with _using(keys), transaction.atomic():
            replace_all(path, credentials=not options.without_credentials)
            settle(taken_at=manifest.taken_at, at=at)
        if options.with_secrets and manifest.secrets is not None:
            secrets_write(manifest.secrets)
    return manifest


def _checked(path: Path, options: Options) -> tuple[Manifest, list[str]]:
    keys = keys_after(read_manifest(path), with_secrets=options.with_secrets)
    return verify(path, keys=None if options.without_credentials else keys), keys


@contextmanager
def _using(keys: list[str]) -> Iterator[None]:
    """Open secrets with these keys: the restored rows may need others than those before."""
    before = settings.IUM_ENCRYPTION_KEYS
    settings.IUM_ENCRYPTION_KEYS = keys
    try:
        yield
    finally:
        settings.IUM_ENCRYPTION_KEYS = before
