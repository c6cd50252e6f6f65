"""New secrets for a running installation: nobody is signed out, nothing becomes unreadable."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ium.runtime.config import ROOT, read_config
from ium.runtime.environment import build_environment
from ium.runtime.errors import OperatorError
from ium.runtime.rotation import rotation
from ium.runtime.secret_store import Secrets, load_secrets
from tests.system.running import RunningIum, wait_for


def rotate(data: Path, *arguments: str) -> Secrets:
    """Run `./ium.sh secrets …`; return the secrets afterwards."""
    rotation([*arguments, "--data", str(data)], {})
    return load_secrets(data)


def test_a_new_session_key_keeps_the_old_ones_as_fallbacks(tmp_path: Path) -> None:
    first = load_secrets(tmp_path)
    second = rotate(tmp_path, "rotate", "session")
    third = rotate(tmp_path, "rotate", "session")

    assert third.secret_key_fallbacks == f"{second.secret_key},{first.secret_key}"
    made = build_environment(read_config({}, str(tmp_path)), third, None)
    assert made["IUM_SECRET_KEY_FALLBACKS"] == third.secret_key_fallbacks
    given = read_config({"IUM_SECRET_KEY": "given"}, str(tmp_path))
    assert "IUM_SECRET_KEY_FALLBACKS" not in build_environment(given, third, None)
    assert rotate(tmp_path, "drop", "session").secret_key_fallbacks == ""
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_a_file_without_fallbacks_is_what_the_version_before_reads(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    rotate(tmp_path, "rotate", "encryption")
    kept = json.loads((tmp_path / "secrets.json").read_text())
    assert set(kept) == {"secret_key", "encryption_keys", "broker_password"}


def test_secrets_that_are_kept_elsewhere_are_not_touched(tmp_path: Path) -> None:
    before = load_secrets(tmp_path)
    with pytest.raises(OperatorError, match="IUM_ENCRYPTION_KEYS is set by you"):
        rotation(["rotate", "encryption", "--data", str(tmp_path)], {"IUM_ENCRYPTION_KEYS": "mine"})
    with pytest.raises(OperatorError, match="no secrets"):
        rotation(["rotate", "encryption", "--data", str(tmp_path / "empty")], {})
    assert load_secrets(tmp_path) == before


# --- on a running system ---


@pytest.fixture
def ium(tmp_path: Path) -> Iterator[RunningIum]:
    """A running system."""
    (tmp_path / "data").mkdir()
    system = RunningIum(tmp_path / "data", "")
    system.start()
    yield system
    if system.process is not None and system.process.poll() is None:
        system.stop()


def secrets(ium: RunningIum, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `./ium.sh secrets …` beside it."""
    command = [sys.executable, "-m", "ium.runtime", "secrets", *arguments, "--data", str(ium.data)]
    return subprocess.run(
        command, cwd=ROOT, env=ium.environment(), capture_output=True, text=True, check=False
    )


def signed_in(ium: RunningIum) -> requests.Session:
    """Return an administrator's browser."""
    password = (ium.data / "demo-administrator.txt").read_text().strip()
    browser = requests.Session()
    form = browser.get(f"{ium.url}/admin/login/", timeout=20).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    browser.post(
        f"{ium.url}/admin/login/?next=/admin/", timeout=20,
        data={"username": "admin", "password": password, "csrfmiddlewaretoken": token[1]},
    )  # fmt: skip
    return browser


def is_in(ium: RunningIum, browser: requests.Session) -> bool:
    """Whether the administrator is still signed in."""
    answer = browser.get(f"{ium.url}/admin/", timeout=20, allow_redirects=False)
    return answer.status_code == 200


@pytest.mark.system
@pytest.mark.xdist_group("system")
def test_all_secrets_of_a_running_system_are_changed_and_nobody_notices(ium: RunningIum) -> None:
    browser, (person,) = signed_in(ium), ium.people(1)
    assert is_in(ium, browser)
    before = load_secrets(ium.data)
    for what in ("encryption", "session"):
        assert secrets(ium, "rotate", what).returncode == 0
    # Not before the running processes have the new key, and not before everything is stored with it.
    early = secrets(ium, "drop", "encryption")
    assert (early.returncode, "restart it first" in early.stderr) == (1, True)
    ium.stop()
    ium.start()
    assert is_in(ium, browser)
    left = secrets(ium, "drop", "encryption")
    assert (left.returncode, "manage reencrypt" in left.stderr) == (1, True)
    assert "encrypted anew" in ium.manage("reencrypt")
    person.until("active")
    for what in ("encryption", "session"):
        dropped = secrets(ium, "drop", what)
        assert dropped.returncode == 0, dropped.stderr
    ium.stop()
    after = load_secrets(ium.data)
    assert before.encryption_keys not in after.encryption_keys
    assert after.secret_key != before.secret_key
    assert after.secret_key_fallbacks == ""
    ium.start()
    # The session was signed anew when its browser came; Jira's key is opened by the new one.
    assert is_in(ium, browser)
    person.hands_back()
    wait_for(ium.all_free, 60, "Jira was called with its key")
