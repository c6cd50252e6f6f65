"""Licences, the version, and the words of the audit."""

import json
import re
import tomllib

import pytest
from django.conf import settings

from ium.runtime.config import ROOT
from ium.runtime.errors import OperatorError
from ium.runtime.supply import audit, licences


def test_every_licence_is_one_that_somebody_agreed_to() -> None:
    assert licences.not_allowed() == []


def test_the_page_of_licences_is_up_to_date() -> None:
    # Bring it up to date with: ./ium.sh licences
    assert licences.PAGE.read_text("utf-8") == licences.page()


def test_tools_are_not_delivered_and_extras_are() -> None:
    names = {each.name for each in licences.python_packages()}
    assert {"psycopg-binary", "psycopg-pool", "drf-spectacular-sidecar", "granian"} <= names
    assert not {"pytest", "mypy", "pip-audit", "sphinx", "ium"} & names


@pytest.mark.parametrize(
    ("expression", "may"),
    [
        ("MIT", True),
        ("Apache-2.0 AND MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("AGPL-3.0-or-later", False),
        ("", False),
    ],
)
def test_one_choice_is_enough_but_every_part_must_be_allowed(expression: str, may: bool) -> None:
    assert licences.allowed(expression) is may


def test_a_licence_nobody_agreed_to_stops_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(licences.READ, "celery", "AGPL-3.0-only")
    licences.licence_of.cache_clear()
    with pytest.raises(OperatorError, match="celery: AGPL"):
        licences.write_page()
    licences.licence_of.cache_clear()


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert {project["version"], newest[1]} == {settings.VERSION}
    assert f"version: {settings.VERSION}\n" in (ROOT / "docs/openapi.yaml").read_text("utf-8")


def test_the_audit_tells_what_is_wrong_and_what_it_could_not_ask() -> None:
    known = {"name": "celery", "version": "5.7.0", "vulns": []}
    bad = {"id": "PYSEC-1", "fix_versions": ["3.0.1"]}
    output = {
        "dependencies": [
            known,
            {"name": "jinja2", "version": "3.0", "vulns": [bad]},
            {"name": "six", "skip_reason": "Dependency not found"},
        ]
    }
    answer = audit.read_python(json.dumps(output), "")
    assert audit.lines("Python", answer) == [
        "Python: jinja2 3.0: PYSEC-1, cured in 3.0.1",
        "Python: NOT CHECKED: the index knows nothing of 1 packages: six",
    ]


def test_the_audit_never_takes_silence_for_good_news() -> None:
    for answer in (
        audit.read_python("", "Connection refused"),
        audit.read_npm('{"message": "405 Method Not Allowed"}', ""),
        audit.read_npm("", ""),
    ):
        (line,) = audit.lines("part", answer)
        assert "NOT CHECKED" in line
        assert not answer.found


def test_the_audit_understands_npm() -> None:
    output = {
        "vulnerabilities": {"tslib": {"range": "<3", "severity": "high"}},
        "metadata": {"dependencies": {"total": 4}},
    }
    found = audit.read_npm(json.dumps(output), "")
    assert audit.lines("charts", found) == ["charts: tslib <3: high"]
    output["vulnerabilities"] = {}
    nothing = audit.read_npm(json.dumps(output), "")
    assert audit.lines("charts", nothing) == ["charts: nothing known against 4 packages."]
