"""What the operator chose: read once from the environment, `.env` and the command line."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from ium.configuration.reader import MistakesError, Reader
from ium.runtime.errors import OperatorError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Config:
    """The choices of one start; `environment` is what they were read from."""

    environment: Mapping[str, str]
    data: Path
    port: int
    simulator_port: int
    demo: bool
    crowd: bool
    bind: str = "127.0.0.1"
    web_workers: int = 1
    json_logs: bool = False

    def read(self, name: str) -> str:
        """A variable, or the file that `NAME_FILE` names; empty when neither is set."""
        return str(Reader(self.environment)(name, default=""))

    @property
    def url(self) -> str:
        """Where IUM itself is asked: always this machine, whatever its public address is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def public_url(self) -> str:
        """The address that people use."""
        return self.read("IUM_URL") or self.url

    @property
    def host(self) -> str:
        """What to put into the Host header when asking this machine: IUM may admit only its public name."""
        return urlsplit(self.public_url).netloc

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def database_url(self) -> str:
        own = f"sqlite:///{quote(str(self.data / 'ium.sqlite3'))}"
        return self.read("DATABASE_URL") or own

    @property
    def uses_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite:")

    @property
    def broker_url(self) -> str | None:
        """The operator's own Redis or Valkey; None means that we start one."""
        return self.read("REDIS_URL") or None


def read_config(environment: Mapping[str, str], data: str | None = None) -> Config:
    """Put the choices together. --data wins over IUM_DATA, the environment over `.env`.

    Raises OperatorError with every variable that cannot be right.
    """
    merged = {**read_dotenv(ROOT / ".env"), **environment}
    env = Reader(merged)
    folder = Path(data or env("IUM_DATA", default="") or ROOT / "data").expanduser()
    config = Config(
        environment=merged,
        data=Path(os.path.abspath(folder)),  # noqa: PTH100 - resolve() would follow links: longer paths
        port=env("IUM_PORT"),
        simulator_port=env("IUM_SIMULATOR_PORT"),
        # On unless switched off: the demo and its crowd are the default of `up`.
        demo=env("IUM_DEMO", default=True),
        crowd=env("IUM_DEMO_CROWD"),
        bind=env("IUM_BIND"),
        web_workers=env("IUM_WEB_WORKERS"),
        json_logs=env("IUM_LOG_FORMAT") == "json",
    )
    env.everything()
    try:
        env.check()
    except MistakesError as error:
        raise OperatorError(str(error)) from error
    return config


def read_dotenv(path: Path) -> dict[str, str]:
    """NAME=value lines, as `docker compose` reads them; quotes around the value are taken off."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not name or name.startswith("#"):
            continue
        if not equals:
            raise OperatorError(f"{path}, line {number}: this is not NAME=value.")
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
