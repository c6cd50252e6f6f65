"""`./ium.sh serve PART`: one program of IUM in the foreground, for systemd, containers and several machines."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from ium.runtime.config import Config, read_config
from ium.runtime.environment import python_path
from ium.runtime.errors import OperatorError
from ium.runtime.services import MANAGE, beat_service, web_service, worker_services
from ium.runtime.supervisor import Service

# What all machines of an installation must have in common. Made-up values would part them silently.
COMMON = ("DATABASE_URL", "REDIS_URL", "IUM_SECRET_KEY", "IUM_ENCRYPTION_KEYS", "IUM_URL")
PREPARE = "prepare"


def parts(config: Config) -> dict[str, Service]:
    """The programs by name, as the supervisor of `up` would start them."""
    services = [web_service(config), *worker_services(), beat_service(alone=False)]
    return {service.name: service for service in services}


def serve(part: str) -> None:
    """Become that program, or prepare the database and the static files for the others."""
    config = read_config(os.environ)
    known = parts(config)
    if part != PREPARE and part not in known:
        raise OperatorError(f"There is no '{part}'. Choose one of: {PREPARE}, {', '.join(known)}.")
    check_common(config.environment)
    variables = python_path({**config.environment, **_fixed(config)})
    if part == PREPARE:
        prepare(variables)
        return
    command = tuple(known[part].command)
    sys.stdout.flush()
    os.execve(command[0], command, variables)  # noqa: S606 - no shell is wanted


def prepare(variables: Mapping[str, str]) -> None:
    """Bring the database to this version and lay out the static files; harmless to repeat.

    Raises OperatorError when one of them fails; their own messages come before it.
    """
    commands: list[tuple[str, ...]] = [("migrate", "--noinput")]
    if not _is_laid_out(variables):
        commands.append(("collectstatic", "--noinput", "--verbosity", "0"))
    for arguments in commands:
        ended = subprocess.run((*MANAGE, *arguments), env=variables, check=False)  # noqa: S603 - our own program
        if ended.returncode:
            raise OperatorError(f"manage.py {arguments[0]} failed (see above).")


def _is_laid_out(variables: Mapping[str, str]) -> bool:
    """Whether the static files came with the image, where nobody may write them."""
    folder = variables.get("IUM_STATIC")
    if not folder or os.access(folder, os.W_OK):
        return False
    return (Path(folder) / "staticfiles.json").exists()


def check_common(environment: Mapping[str, str]) -> None:
    """Raise OperatorError when something that all machines must share was not given."""
    missing = [
        name for name in COMMON if not (environment.get(name) or environment.get(f"{name}_FILE"))
    ]
    if missing:
        raise OperatorError(
            f"Not set: {', '.join(missing)}.",
            "All parts on all machines need the same values; each may be given as NAME_FILE.",
            "New secrets are printed by: ./ium.sh secrets",
        )


def _fixed(config: Config) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": config.environment.get("DJANGO_SETTINGS_MODULE", "ium.settings"),
        "IUM_DATA": str(config.data),
        # Nothing simulated runs beside these programs.
        "IUM_DEMO": "0",
        "PYTHONUNBUFFERED": "1",
    }
