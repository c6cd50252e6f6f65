"""What a log line belongs to: the request, and the task with the request that once caused it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Names of a request and of a task; empty where there is none."""

    request: str = ""
    task: str = ""
    task_name: str = ""


NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current() -> Origin:
    """Return what this thread works for at the moment."""
    return _origin.get()


@contextmanager
def working_for(origin: Origin) -> Iterator[None]:
    """Let lines inside belong to `origin`."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def begin(origin: Origin) -> None:
    """Let the following lines of this thread belong to `origin`, until told otherwise (`NOWHERE`)."""
    _origin.set(origin)
