"""`.env.example` names every variable that the settings read, so that nobody has to look for one."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).parent.parent
READ = re.compile(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"")
NAMED = re.compile(r"^#?\s?([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def read_by_settings() -> set[str]:
    """Return the variables that ium/settings.py reads."""
    return set(READ.findall((ROOT / "ium" / "settings.py").read_text()))


@pytest.mark.parametrize("name", sorted(read_by_settings()))
def test_every_variable_is_named_in_the_example(name: str) -> None:
    assert name in NAMED.findall((ROOT / ".env.example").read_text())


def test_the_search_for_variables_finds_them() -> None:
    assert {"IUM_SECRET_KEY", "DATABASE_URL", "IUM_ALLOWED_HOSTS"} <= read_by_settings()
    assert len(read_by_settings()) >= 15


def test_the_tests_never_touch_the_real_database() -> None:
    assert "ium-tests-" in str(settings.DATA_DIR) or not settings.IS_SQLITE
