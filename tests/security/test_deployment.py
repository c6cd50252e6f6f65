"""The settings of production: Django's own check for deployment finds nothing, and cookies are safe."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SHOWN = [
    "SESSION_COOKIE_SECURE",
    "CSRF_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE",
    "SECURE_HSTS_SECONDS",
    "SECURE_SSL_REDIRECT",
    "SECURE_PROXY_SSL_HEADER",
    "X_FRAME_OPTIONS",
    "DEBUG",
    "SECURE_CONTENT_TYPE_NOSNIFF",
    "SECURE_REFERRER_POLICY",
    "SECURE_CROSS_ORIGIN_OPENER_POLICY",
]


def production(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of an installation behind https, and nothing of the tests'."""
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "ium.settings",
        "IUM_DATA": str(folder),
        "IUM_URL": "https://ium.example.com",
        "IUM_ALLOWED_HOSTS": "ium.example.com",
        "IUM_SECRET_KEY": "".join(chr(33 + number % 90) for number in range(0, 640, 7)),
        "IUM_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        **more,
    }


def settings_of(environment: dict[str, str]) -> dict[str, Any]:
    """Return the settings that an environment makes."""
    program = f"""
import json, django
from django.conf import settings
print(json.dumps({{name: getattr(settings, name) for name in {SHOWN}}}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_djangos_check_for_deployment_finds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command, cwd=ROOT, env=production(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_behind_https_cookies_and_redirects_are_safe(tmp_path: Path) -> None:
    found = settings_of(production(tmp_path))
    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["SESSION_COOKIE_HTTPONLY"] is True
    assert found["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert found["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert found["SECURE_SSL_REDIRECT"] is True
    assert found["SECURE_PROXY_SSL_HEADER"] is None
    assert found["DEBUG"] is False
    assert found["X_FRAME_OPTIONS"] == "DENY"


def test_a_proxy_is_believed_only_when_told_so(tmp_path: Path) -> None:
    found = settings_of(production(tmp_path, IUM_BEHIND_PROXY="1"))
    assert found["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_on_plain_http_nobody_is_locked_out_by_secure_cookies(tmp_path: Path) -> None:
    found = settings_of(production(tmp_path, IUM_URL="http://127.0.0.1:8000"))
    assert not any(
        found[name]
        for name in ("SESSION_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "SECURE_SSL_REDIRECT")
    )


@pytest.mark.parametrize("name", ["IUM_SECRET_KEY", "IUM_ENCRYPTION_KEYS"])
def test_there_is_no_secret_to_fall_back_to(tmp_path: Path, name: str) -> None:
    environment = production(tmp_path)
    del environment[name]
    with pytest.raises(subprocess.CalledProcessError) as caught:
        settings_of(environment)
    assert name in caught.value.stderr.decode()
