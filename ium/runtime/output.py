"""What the operator sees: one line for each step, with the time it took."""

import contextlib
import sys
import time
from collections.abc import Iterator


def say(text: str = "") -> None:
    """Print at once. A terminal that went away must not keep us from stopping in order."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


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
