"""What goes over the wire to the simulated Jira: looked at, or cut, as when a process is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from jira_sync.models import SyncRun
from jira_sync.sync import run_continue

Look = Callable[[requests.PreparedRequest], None]


class KilledError(BaseException):
    """The process is gone: nothing in IUM catches this."""


@contextmanager
def watching(before: Look, after: Look | None = None) -> Iterator[None]:
    """Call `before` and `after` around each request to the APIs (not to the control calls)."""
    send = requests.Session.send

    def watched(self: requests.Session, request: requests.PreparedRequest, **more: Any) -> Any:
        is_api = "/_sim/" not in str(request.url)
        if is_api:
            before(request)
        answer = send(self, request, **more)
        if is_api and after is not None:
            after(request)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "send", watched)
        yield


@contextmanager
def killed_at(number: int, *, applied: bool) -> Iterator[list[str]]:
    """Kill the process at its n-th request: before it is sent, or after Jira carried it out. Yields what was sent."""
    sent: list[str] = []

    def note(request: requests.PreparedRequest) -> None:
        sent.append(f"{request.method} {request.path_url}")
        if len(sent) == number and not applied:
            raise KilledError

    def lose(_request: requests.PreparedRequest) -> None:
        if len(sent) == number and applied:
            raise KilledError

    with watching(note, lose):
        yield sent


def is_write(request: requests.PreparedRequest) -> bool:
    """Whether the request changes a membership."""
    path = (request.path_url or "").partition("?")[0]
    return "/memberships" in path and request.method in {"POST", "DELETE"}


def continue_until_killed(run: SyncRun) -> bool:
    """Go on; whether the process was killed on the way."""
    try:
        while run_continue(run_id=run.pk) is not None:
            pass
    except KilledError:
        return True
    return False
