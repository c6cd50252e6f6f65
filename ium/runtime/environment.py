"""The environment of everything that belongs to one installation, running or not."""

import json
from pathlib import Path

from ium.runtime.config import ROOT, Config
from ium.runtime.embedded_valkey import Broker
from ium.runtime.lock import is_held
from ium.runtime.secret_store import Secrets, write_private

# What `manage` takes over from a running `up`, so that both mean the same database and broker.
SHARED = (
    "DATABASE_URL",
    "REDIS_URL",
    "IUM_DEMO",
    "IUM_DEMO_CROWD",
    "IUM_ENCRYPTION_KEYS",
    "IUM_PORT",
    "IUM_SECRET_KEY",
    "IUM_SECRET_KEY_FALLBACKS",
    "IUM_SELF_URL",
    "IUM_SIMULATOR_PORT",
    "IUM_SIMULATOR_URL",
    "IUM_URL",
)

# Where the extension's own builds (extension/README.md) come back to after their sign-in: in the demo they may.
EXTENSION_BUILDS = (
    "https://icfmkbgclckkhijflihdjcbhhcoonepi.chromiumapp.org/cb",
    "https://019e2a9b2c288d84d1d0199cf928a0daf7fe0f03.extensions.allizom.org/cb",
)


def build_environment(config: Config, secrets: Secrets, broker: Broker | None) -> dict[str, str]:
    """The operator's environment, with what is missing filled in. Nothing given is overruled."""
    environment = dict(config.environment)
    environment |= _fixed(config)
    for name, value in _defaults(config, secrets, broker).items():
        # NAME_FILE is the form of Docker and systemd secrets; settings read it.
        if not environment.get(name) and not environment.get(f"{name}_FILE"):
            environment[name] = value
    return environment


def _fixed(config: Config) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": config.environment.get("DJANGO_SETTINGS_MODULE", "ium.settings"),
        "IUM_DATA": str(config.data),
        "IUM_DEMO": "1" if config.demo else "0",
        "IUM_PORT": str(config.port),
        "IUM_SIMULATOR_PORT": str(config.simulator_port),
        # Log lines appear when they are written, not when a buffer is full.
        "PYTHONUNBUFFERED": "1",
    }


# glibc keeps memory in a heap for each thread and gives little back: for our few busy threads one heap is enough,
# and up to 5 MB less in each process (docs/performance.md).
_FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}


def _defaults(config: Config, secrets: Secrets, broker: Broker | None) -> dict[str, str]:
    defaults = {
        "DATABASE_URL": config.database_url,
        "IUM_ENCRYPTION_KEYS": secrets.encryption_keys,
        "IUM_SECRET_KEY": secrets.secret_key,
        **_fallbacks(config, secrets),
        "IUM_SELF_URL": config.url,
        "IUM_SIMULATOR_URL": config.simulator_url,
        "IUM_URL": config.url,
    }
    if config.demo:
        defaults["IUM_EXTENSION_REDIRECTS"] = ",".join(EXTENSION_BUILDS)
    return defaults | _FRUGAL | ({"REDIS_URL": broker.url} if broker else {})


def _record(data: Path) -> Path:
    return data / "running.json"


def _fallbacks(config: Config, secrets: Secrets) -> dict[str, str]:
    """Earlier keys belong to the key of the data folder, not to one that was given."""
    if config.read("IUM_SECRET_KEY") or not secrets.secret_key_fallbacks:
        return {}
    return {"IUM_SECRET_KEY_FALLBACKS": secrets.secret_key_fallbacks}


def _is_shared(name: str) -> bool:
    return name.removesuffix("_FILE") in SHARED


def remember(data: Path, environment: dict[str, str]) -> None:
    """Leave word for `manage`. Holds secrets, as secrets.json does: owner only."""
    shared = {name: value for name, value in environment.items() if _is_shared(name)}
    write_private(_record(data), json.dumps(shared, indent=2) + "\n")


def forget(data: Path) -> None:
    _record(data).unlink(missing_ok=True)


def of_running_system(data: Path) -> dict[str, str]:
    """What the running `up` uses; empty when none runs: what a crash left counts for nothing."""
    if not is_held(data):
        return {}
    try:
        found = json.loads(_record(data).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: str(value) for name, value in found.items() if _is_shared(name)}


def python_path(environment: dict[str, str]) -> dict[str, str]:
    """Make IUM importable for children, whatever folder they are started from."""
    others = environment.get("PYTHONPATH", "").split(":")
    paths = [str(ROOT), *(path for path in others if path and path != str(ROOT))]
    return environment | {"PYTHONPATH": ":".join(paths)}
