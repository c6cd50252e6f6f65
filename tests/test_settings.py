"""The configuration: one table, everything reads through it, and the pages and examples agree with it."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from ium.checks import unknown_variables, unusable_encryption_keys
from ium.configuration.document import document, example
from ium.configuration.reader import MistakesError, Reader
from ium.configuration.table import VARIABLES, find, is_known
from ium.runtime.secret_store import make_secrets

ROOT = Path(__file__).parent.parent
NAME = re.compile(r"\b(?:IUM_[A-Z][A-Z0-9_]*|DATABASE_URL|REDIS_URL|EMAIL_URL)\b")
NAMED = re.compile(r"^#?\s?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
# Settings of Django's side, and lines of the shell: not variables.
OWN_SETTINGS = {name for name in dir(settings) if name.startswith("IUM_")}


# --- one table ---


def strings_of(path: Path) -> Iterator[str]:
    """Return what a file names as a plain string, which is how variables are read."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def programs() -> list[Path]:
    """Return the files that read the environment."""
    files = [*(ROOT / "ium").glob("*.py"), *(ROOT / "ium").glob("*/**/*.py"), ROOT / "manage.py"]
    return [path for path in files if "configuration/table.py" not in str(path)]


def test_everything_that_is_read_is_in_the_table() -> None:
    named = {text for path in programs() for text in strings_of(path) if NAME.fullmatch(text)}
    shell = set(re.findall(r"\$\{?(IUM_[A-Z_]+)", (ROOT / "ium.sh").read_text()))

    assert {"IUM_SECRET_KEY", "DATABASE_URL", "IUM_BIND", "IUM_ALLOWED_HOSTS"} <= named
    assert "IUM_PYTHON" in shell
    # Names of settings appear as strings too, where a check or a test names them.
    assert {name for name in (named | shell) - OWN_SETTINGS if not _is_there(name)} == set()


def _is_there(name: str) -> bool:
    """Whether the table has it; the beginning of a family of names counts."""
    return is_known(name) or any(each.name.startswith(f"{name}*") for each in VARIABLES)


def test_nobody_reads_the_environment_past_the_table() -> None:
    past = re.compile(r"os\.environ(?:\.get\(|\[)\"([A-Z_]+)\"(?!\] =)|getenv\(\"([A-Z_]+)")
    found = {
        (name, path.name)
        for path in programs()
        for groups in past.findall(path.read_text())
        for name in groups
        if name and name != "IUM_DATA" and not (is_known(name) and find(name).internal)
    }
    # The web server's own lines, before there are settings. What IUM sets for its own processes does not count.
    assert found == {("IUM_LOG_FORMAT", "formatters.py")}


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_every_default_is_a_value_that_would_be_taken(variable: object) -> None:
    known = find(getattr(variable, "name"))  # noqa: B009 - typed by the table
    if known.default:
        known.parse(known.default)
    assert known.help.endswith(".")


# --- the pages and examples ---


def test_the_page_is_made_from_the_table() -> None:
    page = ROOT / "docs" / "configuration.md"
    assert page.read_text() == document(), "make it anew: ./ium.sh manage configuration --write"


def test_the_example_names_every_variable_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text()
    named = set(NAMED.findall(text))
    assert text == example(), "make it anew: ./ium.sh manage configuration --write"
    operators = {each.name for each in VARIABLES if not each.internal and "*" not in each.name}

    assert operators - named == set()
    assert {name for name in named if not is_known(name)} == set()


def test_installations_use_only_variables_that_there_are() -> None:
    files = [path for path in (ROOT / "deploy").rglob("*") if path.is_file()]
    named = {name for path in files for name in NAME.findall(path.read_text())}

    assert "IUM_BEHIND_PROXY" in named
    assert {name for name in named if not is_known(name) and not name.endswith("_")} == set()


# --- reading ---


def test_all_mistakes_are_told_at_once_and_no_secret_is() -> None:
    env = Reader(
        {"IUM_PORT": "eighty", "IUM_URL": "ium", "IUM_HTTPS": "perhaps", "IUM_LOG_FORMAT": "xml",
         "DATABASE_URL": "pass-word", "IUM_RECORD_DAYS": "3"}
    )  # fmt: skip
    env.everything()

    with pytest.raises(MistakesError) as caught:
        env.check()

    told = str(caught.value)
    for part in ("from 1 to 65535", "IUM_URL", "write 1 or 0", "text, json", "of at least 7"):
        assert part in told
    assert "pass-word" not in told
    assert len(caught.value.found) == 6


def test_a_value_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9000\n")
    assert Reader({"IUM_PORT_FILE": str(tmp_path / "port")})("IUM_PORT") == 9000


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"IUM_PORT_FILE": "/nowhere/port"}, "cannot be read"),
        ({"IUM_PORT": "1", "IUM_PORT_FILE": "/nowhere/port"}, "take one of them away"),
    ],
)
def test_a_file_that_cannot_count_is_told(given: dict[str, str], told: str) -> None:
    env = Reader(given)
    assert env("IUM_PORT") == 8000
    assert told in env.mistakes[0]


def test_empty_is_not_set() -> None:
    env = Reader({"IUM_ALLOWED_HOSTS": "", "IUM_DEMO": ""})
    assert env("IUM_ALLOWED_HOSTS") == ["127.0.0.1", "localhost", "[::1]"]
    assert env("IUM_DEMO", default=True) is True


def test_what_the_table_does_not_know_cannot_be_read() -> None:
    with pytest.raises(KeyError, match=r"table\.py"):
        Reader({})("IUM_NEW_THING")


def test_a_misspelt_name_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IUM_ALOWED_HOSTS", "x")
    (found,) = [each for each in unknown_variables() if "ALOWED" in each.msg]
    assert found.hint == "Did you mean IUM_ALLOWED_HOSTS?"


def test_a_key_that_cannot_encrypt_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unusable_encryption_keys() == []
    monkeypatch.setattr(settings, "IUM_ENCRYPTION_KEYS", [*settings.IUM_ENCRYPTION_KEYS, "short"])
    (found,) = unusable_encryption_keys()
    assert "Key 2 of" in found.msg


# --- a server ---


def server(tmp_path: Path) -> dict[str, str]:
    """Return the environment of an installation as deploy/README.md makes it."""
    made = make_secrets()
    kept = {name: value for name, value in os.environ.items() if not NAME.fullmatch(name)}
    # Not a server's: set by pytest-django, and by tests with a browser in the same process.
    for name in ("DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"):
        kept.pop(name, None)
    return kept | {
        "DATABASE_URL": "postgres://ium:password@127.0.0.1/ium",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "IUM_SECRET_KEY": made.secret_key,
        "IUM_ENCRYPTION_KEYS": made.encryption_keys,
        "IUM_URL": "https://ium.example.com",
        "IUM_ALLOWED_HOSTS": "ium.example.com,127.0.0.1",
        "IUM_BEHIND_PROXY": "1",
        "IUM_DATA": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }


def managed(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a management command as a server would."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_server_installation_has_nothing_to_complain_about(tmp_path: Path) -> None:
    ran = managed(server(tmp_path), "check", "--deploy", "--fail-level", "WARNING")
    assert ran.returncode == 0, ran.stderr
    assert "no issues (0 silenced)" in ran.stdout


def test_a_wrong_variable_is_told_without_a_traceback(tmp_path: Path) -> None:
    wrong = {"IUM_SESSION_DAYS": "none", "EMAIL_URL": "mail://x", "IUM_SIGN_IN": "okta"}
    ran = managed(server(tmp_path) | wrong, "check")
    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: The configuration has mistakes:")
    for name in (*wrong, "IUM_SIGN_IN_OKTA_CLIENT_ID"):
        assert name in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_configuration_in_force_is_shown_without_secrets(tmp_path: Path) -> None:
    environment = server(tmp_path)
    ran = managed(environment, "configuration")
    assert ran.returncode == 0, ran.stderr
    assert re.search(r"IUM_URL +https://ium.example.com \(environment\)", ran.stdout)
    assert re.search(r"IUM_SECRET_KEY +set \(environment\)", ran.stdout)
    assert environment["IUM_SECRET_KEY"] not in ran.stdout
    assert "password" not in ran.stdout


def test_the_tests_never_touch_the_real_database() -> None:
    assert "ium-tests-" in str(settings.DATA_DIR) or not settings.IS_SQLITE
