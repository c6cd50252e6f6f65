"""Choices, secrets, and the environment that running processes and management commands share."""

import base64
import json
import os
from pathlib import Path

import pytest

from ium.runtime import environment
from ium.runtime.config import ROOT, read_config, read_dotenv
from ium.runtime.embedded_valkey import embedded_broker, find_server
from ium.runtime.errors import OperatorError
from ium.runtime.lock import FolderLock
from ium.runtime.manage import variables
from ium.runtime.secret_store import load_secrets


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of somebody who has set nothing."""
    for name in [*environment.SHARED, "IUM_DATA"]:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


# --- choices ---


def test_the_option_wins_over_the_variable(tmp_path: Path) -> None:
    config = read_config({"IUM_DATA": "/elsewhere"}, data=str(tmp_path))

    assert config.data == tmp_path


def test_a_relative_data_folder_is_meant_from_where_the_command_was_given(
    tmp_path: Path, clean: pytest.MonkeyPatch
) -> None:
    clean.chdir(tmp_path)

    assert read_config({}, data="mine").data == tmp_path / "mine"
    assert read_config({}).data == ROOT / "data"


@pytest.mark.parametrize("port", ["eighty", "0", "65536", "-1", "80 80"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(OperatorError, match="IUM_PORT: write a whole number from 1 to 65535"):
        read_config({"IUM_PORT": port})


def test_the_demo_is_on_until_it_is_switched_off() -> None:
    assert read_config({}).demo
    assert read_config({}).crowd
    assert not read_config({"IUM_DEMO": "0"}).demo
    assert not read_config({"IUM_DEMO_CROWD": "0"}).crowd


def test_a_dotenv_file_is_read_as_docker_compose_reads_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ports\nIUM_PORT=9000\n\nexport IUM_DEMO = 0\nIUM_URL='https://a.b/?c=d'\n")

    assert read_dotenv(file) == {"IUM_PORT": "9000", "IUM_DEMO": "0", "IUM_URL": "https://a.b/?c=d"}


def test_a_dotenv_line_without_a_value_is_refused_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("IUM_PORT=9000\nIUM_DEMO\n")

    with pytest.raises(OperatorError, match="line 2"):
        read_dotenv(file)


# --- secrets ---


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)

    assert load_secrets(tmp_path) == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len(base64.urlsafe_b64decode(made.encryption_keys)) == 32
    assert len(made.secret_key) >= 50


def test_secrets_that_others_can_read_are_closed_again(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    (tmp_path / "secrets.json").chmod(0o644)

    load_secrets(tmp_path)

    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_damaged_secrets_are_never_replaced(tmp_path: Path) -> None:
    # New keys would make Jira's stored credentials unreadable for good.
    (tmp_path / "secrets.json").write_text("{")

    with pytest.raises(OperatorError, match="from a backup"):
        load_secrets(tmp_path)

    assert (tmp_path / "secrets.json").read_text() == "{"


# --- the environment of children ---


def test_what_is_missing_is_filled_in_and_what_is_given_is_kept(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret")
    given = {
        "DATABASE_URL": "postgres://server/ium",
        "IUM_SECRET_KEY_FILE": str(tmp_path / "key"),
        "HTTPS_PROXY": "p",
    }
    config = read_config(given, data=str(tmp_path))

    made = environment.build_environment(config, load_secrets(tmp_path), None)

    assert made["DATABASE_URL"] == "postgres://server/ium"
    assert made["HTTPS_PROXY"] == "p"
    assert "IUM_SECRET_KEY" not in made
    assert made["IUM_ENCRYPTION_KEYS"]
    assert made["IUM_DATA"] == str(tmp_path)
    assert made["IUM_URL"] == "http://127.0.0.1:8000"


def test_a_data_folder_with_blanks_gives_a_database_address_that_can_be_read(
    tmp_path: Path,
) -> None:
    config = read_config({}, data=str(tmp_path / "my data"))

    assert config.database_url == f"sqlite:///{tmp_path}/my%20data/ium.sqlite3"


def test_a_command_beside_a_running_system_uses_its_database_and_broker(
    tmp_path: Path, clean: pytest.MonkeyPatch
) -> None:
    used = {
        "DATABASE_URL": "postgres://server/ium",
        "REDIS_URL": "redis://server/0",
        "IUM_PORT": "9000",
    }
    environment.remember(tmp_path, used)
    lock = FolderLock(tmp_path)
    lock.take()
    try:
        beside = variables(str(tmp_path))
    finally:
        lock.release()
    afterwards = variables(str(tmp_path))

    assert {name: beside[name] for name in used} == used
    assert beside["IUM_URL"] == "http://127.0.0.1:9000"
    # What a crash left behind counts for nothing.
    assert afterwards["DATABASE_URL"] == f"sqlite:///{tmp_path}/ium.sqlite3"
    assert afterwards["REDIS_URL"].endswith("/broker/broker.sock?virtual_host=0")


def test_a_command_takes_over_files_of_secrets_but_what_is_given_now_wins(
    tmp_path: Path, clean: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "url"
    file.write_text("postgres://server/ium")
    environment.remember(
        tmp_path, {"DATABASE_URL_FILE": str(file), "REDIS_URL": "redis://server/0"}
    )
    lock = FolderLock(tmp_path)
    lock.take()
    try:
        beside = variables(str(tmp_path))
        clean.setenv("DATABASE_URL", "postgres://other/ium")
        given = variables(str(tmp_path))
    finally:
        lock.release()

    assert beside["DATABASE_URL_FILE"] == str(file)
    assert "DATABASE_URL" not in beside
    assert given["DATABASE_URL"] == "postgres://other/ium"
    assert "DATABASE_URL_FILE" not in given


def test_the_record_of_the_running_system_is_private(tmp_path: Path) -> None:
    environment.remember(tmp_path, {"IUM_SECRET_KEY": "secret", "HOME": "/root"})

    assert json.loads((tmp_path / "running.json").read_text()) == {"IUM_SECRET_KEY": "secret"}
    assert (tmp_path / "running.json").stat().st_mode & 0o777 == 0o600


# --- the broker ---


def test_a_server_of_this_machine_is_preferred_to_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "redis-server"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_server()[0] == own


def test_without_any_server_the_ways_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr("ium.runtime.embedded_valkey._server_of_wheel", lambda: None)

    with pytest.raises(OperatorError, match="apt-get install valkey-server") as caught:
        find_server()

    assert "REDIS_URL=redis://" in str(caught.value)


@pytest.mark.parametrize("name", ["x" * 100, "my data"])
def test_where_no_socket_fits_the_broker_listens_on_this_machine_with_a_password(
    tmp_path: Path, name: str
) -> None:
    broker = embedded_broker(tmp_path / name, "pass-word")

    assert broker.url.startswith("redis://:pass-word@127.0.0.1:")
    assert "bind 127.0.0.1\n" in broker.settings
    assert "requirepass pass-word\n" in broker.settings
    # Everybody may read the arguments of a process.
    assert "pass-word" not in " ".join(broker.prepare())
    assert (broker.folder / "broker.conf").stat().st_mode & 0o777 == 0o600
