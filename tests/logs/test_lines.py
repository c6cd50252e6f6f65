"""The two forms of a line, and what is taken out of both."""

import json
import logging
import re
import sys
from collections.abc import Iterator

import pytest

from ium.lib.logs.formatters import JsonFormatter, TextFormatter, facts, formatter
from ium.lib.logs.origin import Origin, working_for
from ium.lib.logs.privacy import without_personal_data
from ium.runtime import output


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    """Return a record as a logger makes it."""
    made = logging.getLogger("slots.sweep").makeRecord(
        "slots.sweep", logging.WARNING, __file__, 1, message, arguments, None, extra=extra
    )
    made.created = 1790000000.5
    return made


def test_a_json_line_is_one_object_with_what_it_belongs_to() -> None:
    with working_for(Origin(request="r" * 32, task="t-1", task_name="slots.tasks.sweep")):
        line = JsonFormatter().format(record("took %d\nslots", 3, **facts(ms=12)))

    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-09-21T14:13:20.500+00:00",
        "level": "WARNING",
        "logger": "slots.sweep",
        "message": "took 3\nslots",
        "request": "r" * 32,
        "task": "t-1",
        "task_name": "slots.tasks.sweep",
        "ms": 12,
    }


def test_a_line_for_people_ends_with_what_it_belongs_to() -> None:
    with working_for(Origin(request="abc")):
        line = TextFormatter().format(record("took slots", **facts(ms=12)))

    assert re.fullmatch(r"\S+ \S+ WARNING slots.sweep: took slots ms=12 \[request=abc\]", line)


def test_without_an_origin_nothing_is_made_up() -> None:
    assert "request" not in json.loads(JsonFormatter().format(record("x")))
    assert TextFormatter().format(record("x")).endswith("slots.sweep: x")


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_traceback_is_in_the_line_and_names_nobody(kind: str) -> None:
    try:
        raise ValueError("Key (email)=(ann.lee@acme.example) already exists")
    except ValueError:
        made = record("failed")
        made.exc_info = sys.exc_info()
    line = formatter(kind).format(made)

    assert "ValueError: Key (email)=([removed])" in line
    assert "ann.lee" not in line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("redis://:pass-word@host:6379/0", "redis://[removed]@host:6379/0"),
        ("to Ann.Lee+x@acme.example.", "to [removed]."),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [removed]"),
        ("GET /q?return_url=https://x/browse/A-1&a=b HTTP", "GET /q?[removed] HTTP"),
        ("whsec_c2VjcmV0 does not fit", "[removed] does not fit"),
        ("worker@this-host is ready? yes", "worker@this-host is ready? yes"),
    ],
)
def test_what_names_people_or_opens_doors_is_taken_out(text: str, told: str) -> None:
    assert without_personal_data(text) == told


@pytest.fixture
def json_output() -> Iterator[None]:
    """Let the supervisor write JSON."""
    output.as_json(True)
    yield
    output.as_json(False)


@pytest.mark.usefixtures("json_output")
def test_the_supervisor_writes_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    output.say()
    output.report("web", 1.25, "http://127.0.0.1:8000")
    output.note("web stopped unexpectedly (ended by SIGKILL)")

    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["message"].split() == ["web", "1.2", "s", "http://127.0.0.1:8000"]
    assert (second["level"], second["logger"]) == ("WARNING", "ium.supervisor")
    assert second["message"].startswith("web stopped")
    assert set(second) == set(json.loads(JsonFormatter().format(record("x"))))
