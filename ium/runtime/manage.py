"""`./ium.sh manage ...`: a management command with the environment of the running system."""

import os
from collections.abc import Sequence

from ium.runtime import environment
from ium.runtime.checks import prepare_folder
from ium.runtime.config import Config, read_config
from ium.runtime.embedded_valkey import Broker, embedded_broker
from ium.runtime.errors import OperatorError
from ium.runtime.secret_store import Secrets, load_secrets
from ium.runtime.services import MANAGE


def manage(arguments: Sequence[str], data: str | None) -> None:
    """Become that command. What the operator sets now wins; then what the running `up` uses."""
    os.execve(MANAGE[0], [*MANAGE, *arguments], variables(data))  # noqa: S606 - no shell is wanted


def variables(data: str | None) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if value}
    folder = read_config(given, data).data
    config = read_config(
        _not_given(environment.of_running_system(folder), given) | given, str(folder)
    )
    prepare_folder(config.data)
    secrets = load_secrets(config.data)
    broker = None if config.broker_url else _future_broker(config, secrets)
    return environment.python_path(environment.build_environment(config, secrets, broker))


def _not_given(running: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """What of the running system counts: NAME and NAME_FILE are two forms of one thing."""
    plain = {name.removesuffix("_FILE") for name in given}
    return {
        name: value for name, value in running.items() if name.removesuffix("_FILE") not in plain
    }


def _future_broker(config: Config, secrets: Secrets) -> Broker | None:
    """Nobody runs it now: it only says where the broker of the next `up` will be."""
    try:
        return embedded_broker(config.data, secrets.broker_password)
    except OperatorError:
        # Most commands need no broker.
        return None
