"""The installation's secrets: without its encryption keys Jira's stored credentials cannot be used."""

import json
from pathlib import Path

from django.conf import settings

from ium.backup.errors import BackupError
from ium.runtime.secret_store import write_private


def secrets_path() -> Path:
    """Return where the secrets are kept."""
    return Path(settings.DATA_DIR) / "secrets.json"


def secrets_read() -> dict[str, str]:
    """Return what secrets.json holds. Raises BackupError when there is none, or when IUM uses other keys."""
    try:
        found: dict[str, str] = json.loads(secrets_path().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackupError(
            f"{secrets_path()} cannot be read ({error}). If the keys come from the environment (IUM_ENCRYPTION_KEYS,"
            " IUM_SECRET_KEY), keep those safe yourself and leave --with-secrets out."
        ) from error
    if keys_in(found) != settings.IUM_ENCRYPTION_KEYS:
        raise BackupError(
            "IUM_ENCRYPTION_KEYS comes from the environment and differs from secrets.json: keep it safe yourself and"
            " leave --with-secrets out."
        )
    return found


def keys_in(secrets: dict[str, str]) -> list[str]:
    """Return the encryption keys of such a file."""
    return [key for key in secrets.get("encryption_keys", "").split(",") if key]


def secrets_write(secrets: dict[str, str]) -> None:
    """Put restored secrets in place; those before are kept beside them."""
    path = secrets_path()
    if path.exists():
        write_private(path.with_name("secrets.json.before-restore"), path.read_text("utf-8"))
    write_private(path, json.dumps(secrets, indent=2) + "\n")
