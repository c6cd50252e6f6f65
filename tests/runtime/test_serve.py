"""One part of IUM in the foreground, as systemd and containers start it."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ium.runtime.config import ROOT, read_config
from ium.runtime.embedded_valkey import free_port
from ium.runtime.errors import OperatorError
from ium.runtime.probes import http_answer
from ium.runtime.secret_store import make_secrets
from ium.runtime.serve import COMMON, check_common, parts, prepare, serve
from tests.runtime.running import eventually

GIVEN = dict.fromkeys(COMMON, "given")


@pytest.fixture
def installation(tmp_path: Path) -> dict[str, str]:
    """The environment file of an installation, as `secrets` and the operator make it."""
    made = make_secrets()
    inherited = {key: value for key, value in os.environ.items() if key[:4] not in {"IUM_", "DJAN"}}
    return inherited | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'ium.sqlite3'}",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "IUM_SECRET_KEY": made.secret_key,
        "IUM_ENCRYPTION_KEYS": made.encryption_keys,
        "IUM_URL": "http://127.0.0.1",
        "IUM_DATA": str(tmp_path),
        "IUM_STATIC": str(tmp_path / "laid-out"),
        "IUM_PORT": str(free_port()),
    }


def start(part: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a part."""
    environment = environment | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "ium.runtime", "serve", part]
    return subprocess.Popen(command, env=environment, cwd=environment["IUM_DATA"])


@pytest.fixture
def web(installation: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A web server on a prepared installation."""
    assert start("prepare", installation).wait(120) == 0
    process = start("web", installation)
    yield process
    # In order: a server that is killed leaves its workers behind.
    process.terminate()
    process.wait(15)


def test_a_prepared_installation_serves(
    web: subprocess.Popen[bytes], installation: dict[str, str]
) -> None:
    address = f"http://127.0.0.1:{installation['IUM_PORT']}/livez"
    assert eventually(lambda: http_answer(address, "127.0.0.1")[0] == 200, 30)
    assert list(Path(installation["IUM_STATIC"]).glob("staticfiles.json"))
    web.terminate()
    assert web.wait(15) == 0, "systemd calls anything else a failure"


@pytest.mark.parametrize(
    ("holds", "writable", "lays_out"),
    [(True, False, False), (True, True, True), (False, False, True)],
)
def test_static_files_of_an_image_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holds: bool, writable: bool, lays_out: bool
) -> None:
    if holds:
        (tmp_path / "staticfiles.json").touch()
    # Root may write everywhere: the right is asked for, and told here.
    monkeypatch.setattr(os, "access", lambda *_: writable)
    ran: list[str] = []

    def run(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        ran.append(command[2])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    prepare({"IUM_STATIC": str(tmp_path)})
    assert ran == ["migrate", *(["collectstatic"] if lays_out else [])]


def test_every_program_of_ium_is_a_part() -> None:
    found = parts(read_config({}))
    assert list(found) == ["web", "worker", "jira-worker", "beat"]
    assert "ium.beat:StandInScheduler" in found["beat"].command


@pytest.mark.parametrize("name", COMMON)
def test_what_all_machines_must_share_is_never_made_up(name: str) -> None:
    with pytest.raises(OperatorError, match=f"Not set: {name}"):
        check_common({**GIVEN, name: ""})
    check_common({**GIVEN, name: "", f"{name}_FILE": "/run/secrets/it"})


def test_an_unknown_part_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OperatorError, match="prepare, web, worker, jira-worker, beat"):
        serve("webb")


def test_the_web_server_listens_where_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    config = read_config({"IUM_BIND": "0.0.0.0", "IUM_WEB_WORKERS": "3"})  # noqa: S104 - in a container
    command = parts(config)["web"].command
    assert command[command.index("--host") + 1] == "0.0.0.0"  # noqa: S104 - in a container
    assert command[command.index("--workers") + 1] == "3"
    with pytest.raises(OperatorError, match="IUM_WEB_WORKERS"):
        read_config({"IUM_WEB_WORKERS": "none"})
