"""`./ium.sh secrets rotate|drop encryption|session`: new secrets for an installation of `./ium.sh up`.

Rotating puts a new secret in front and keeps the one before, so that what was stored or signed with it stays
readable; dropping takes that away, encryption keys only once nothing needs them. The file is replaced whole.
"""

import argparse
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ium.runtime import environment
from ium.runtime.config import read_config
from ium.runtime.errors import OperatorError
from ium.runtime.manage import variables
from ium.runtime.output import say
from ium.runtime.secret_store import Secrets, load_secrets, make_secrets, save_secrets
from ium.runtime.services import MANAGE

VARIABLES = {"encryption": "IUM_ENCRYPTION_KEYS", "session": "IUM_SECRET_KEY"}


def rotation(arguments: Sequence[str], given: dict[str, str]) -> None:
    """Change the secrets of a data folder. Raises OperatorError with what to do instead."""
    options = _parser().parse_args(arguments)
    config = read_config(given, options.data)
    name = VARIABLES[options.what]
    if config.read(name):
        raise OperatorError(
            f"{name} is set by you, not kept in the data folder: change it there.",
            "docs/operations.md, Change secrets, has the order for several machines.",
        )
    if not (config.data / "secrets.json").exists():
        raise OperatorError(
            f"There are no secrets in {config.data}: choose the folder with --data."
        )
    secrets = load_secrets(config.data)
    step = _rotated if options.step == "rotate" else _dropped
    save_secrets(config.data, step(secrets, options.what, config.data))
    say(_next(options.step, options.what))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ium.sh secrets", description=__doc__)
    parser.add_argument("step", choices=["rotate", "drop"])
    parser.add_argument("what", choices=list(VARIABLES))
    parser.add_argument("--data", metavar="FOLDER", help="where the data is kept (default: ./data)")
    return parser


def _rotated(secrets: Secrets, what: str, _data: Path) -> Secrets:
    made = make_secrets()
    if what == "encryption":
        return replace(secrets, encryption_keys=f"{made.encryption_keys},{secrets.encryption_keys}")
    older = [each for each in secrets.secret_key_fallbacks.split(",") if each]
    fallbacks = ",".join([secrets.secret_key, *older])
    return replace(secrets, secret_key=made.secret_key, secret_key_fallbacks=fallbacks)


def _dropped(secrets: Secrets, what: str, data: Path) -> Secrets:
    if what == "session":
        return replace(secrets, secret_key_fallbacks="")
    newest = secrets.encryption_keys.split(",")[0]
    running = environment.of_running_system(data).get("IUM_ENCRYPTION_KEYS")
    if running is not None and running.split(",")[0] != newest:
        raise OperatorError("The running IUM does not use the newest key yet: restart it first.")
    # With the newest key alone: what it does not open would be lost.
    alone = variables(str(data)) | {"IUM_ENCRYPTION_KEYS": newest}
    command = (*MANAGE, "reencrypt", "--check")
    checked = subprocess.run(command, env=alone, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if checked.returncode:
        raise OperatorError(
            "Not everything is stored with the newest key: ./ium.sh manage reencrypt",
            *checked.stderr.strip().splitlines()[-1:],
        )
    return replace(secrets, encryption_keys=newest)


def _next(step: str, what: str) -> str:
    if step == "drop":
        return "Done; it counts from the next start of ./ium.sh up."
    if what == "session":
        return (
            "Done. Restart ./ium.sh up; nobody is signed out. After IUM_SESSION_DAYS (14):"
            " ./ium.sh secrets drop session"
        )
    return (
        "Done. Now: restart ./ium.sh up, then ./ium.sh manage reencrypt,"
        " then ./ium.sh secrets drop encryption"
    )
