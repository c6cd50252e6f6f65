"""Reading a backup line by line: damage is found before anything is believed."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ium.backup.errors import BackupError
from ium.backup.manifest import Manifest, manifest_read

DAMAGE = (EOFError, OSError, ValueError, zlib.error)
LONGEST_MANIFEST = 4 * 1024 * 1024


def read_manifest(path: Path) -> Manifest:
    """Return the first line. Raises BackupError."""
    try:
        with gzip.open(path, "rb") as file:
            return manifest_read(json.loads(file.readline(LONGEST_MANIFEST)))
    except FileNotFoundError as error:
        raise BackupError(f"There is no file {path}.") from error
    except DAMAGE as error:
        raise BackupError(f"{path} is no backup of IUM, or damaged ({error}).") from error


def check_whole(path: Path) -> None:
    """Read the file from end to end. Raises BackupError unless it is as it was written."""
    for _ in _checked_lines(path):
        pass


def read_rows(path: Path) -> Iterator[tuple[str, bytes]]:
    """Return every row with the label of its table, as JSON. For files that are whole."""
    label = ""
    for line in _checked_lines(path):
        if line.startswith(b"{"):
            label = str(json.loads(line).get("table", ""))
        else:
            yield label, line


def _checked_lines(path: Path) -> Iterator[bytes]:
    """Return every line but the last, which must hold the SHA-256 of the others."""
    digest = hashlib.sha256()
    last = b""
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                if last:
                    digest.update(last)
                    yield last
                last = line
        sum_there = _sum_in(json.loads(last))
    except DAMAGE as error:
        raise BackupError(f"{path} is damaged or not complete ({error}).") from error
    if sum_there != digest.hexdigest():
        raise BackupError(
            f"{path} is damaged: its SHA-256 is not the one that it was written with."
        )


def _sum_in(document: Any) -> str | None:
    return document.get("sha256") if isinstance(document, dict) else None
