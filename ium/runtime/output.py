"""What the operator sees: one line for each step, with the time it took."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

_in_json = False


def as_json(wanted: bool) -> None:
    """From now on one JSON object per line, in the form of IUM's other logs (ium/lib/logs/formatters.py)."""
    global _in_json  # noqa: PLW0603 - one terminal, one form
    _in_json = wanted


def say(text: str = "", level: str = "INFO") -> None:
    """Print at once. A terminal that went away must not keep us from stopping in order."""
    if _in_json:
        if not text.strip():
            return
        text = _line(text.strip(), level)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def note(text: str) -> None:
    """Print what happened by itself, with the time."""
    say(text if _in_json else f"{time.strftime('%H:%M:%S')}  {text}", "WARNING")


def _line(message: str, level: str) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": now, "level": level, "logger": "ium.supervisor", "message": message}
    return json.dumps(line, ensure_ascii=False)


def warn(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


@contextlib.contextmanager
def timed(step: str) -> Iterator[list[str]]:
    """Report a step when it is done; remarks put into the list are shown behind the time."""
    began = time.monotonic()
    remarks: list[str] = []
    yield remarks
    report(step, time.monotonic() - began, *remarks)


def report(step: str, seconds: float, *remarks: str) -> None:
    say(f"  {step:<18}{seconds:5.1f} s  {', '.join(remarks)}".rstrip())
