"""The installation's own secrets: made on first start, kept in the data folder, owner only."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from ium.runtime.errors import OperatorError

OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only this installation may know.

    `secret_key` signs sessions; `encryption_keys` (Fernet, comma-separated, newest first) guard
    Jira's credentials at rest; `broker_password` serves where the broker has to listen on a port.
    `secret_key_fallbacks`: earlier secret keys (comma-separated), whose signatures still count.
    """

    secret_key: str
    encryption_keys: str
    broker_password: str
    secret_key_fallbacks: str = ""


def load_secrets(data: Path) -> Secrets:
    """Read the secrets of this data folder; make them when there are none."""
    path = data / "secrets.json"
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        secrets_found = Secrets(**kept)
    except FileNotFoundError:
        return _make(path)
    except (OSError, ValueError, TypeError) as error:
        raise OperatorError(
            f"The secrets in {path} cannot be read ({error}).",
            "Restore it from a backup: without it Jira's stored credentials cannot be decrypted.",
        ) from error
    if path.stat().st_mode & 0o077:
        path.chmod(OWNER_ONLY)
    return secrets_found


def make_secrets() -> Secrets:
    """New secrets, which nobody has seen before."""
    return Secrets(
        secret_key=secrets.token_urlsafe(50),
        # The form of a Fernet key: 32 random bytes in URL-safe base64.
        encryption_keys=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"),
        broker_password=secrets.token_urlsafe(24),
    )


def _make(path: Path) -> Secrets:
    made = make_secrets()
    save_secrets(path.parent, made)
    return made


def save_secrets(data: Path, secrets_: Secrets) -> None:
    """Put the secrets of a data folder in place: all of them or, after a crash, those before."""
    # Without what is empty: a version that does not know it yet can read the file.
    kept = {name: value for name, value in asdict(secrets_).items() if value}
    write_private(data / "secrets.json", json.dumps(kept, indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file whole or not at all, never readable by others, not even for a moment."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
