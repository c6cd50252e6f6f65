"""How often one person, and one address with wrong tokens, may call.

A queue asks again after 3 seconds at the earliest (`slots.document`), so 20 times a minute. Ten tabs and devices of
one person make 200; three times that is let through. Activity comes every 30 seconds from each device. Settings
(IUM_THROTTLES) and the environment can change the numbers; 0 means no limit.

A right token is never refused because of wrong ones from the same address: a whole company may share one. Tokens
are 256 random bits, so guessing is hopeless anyway; the limit only makes broken clients slow down.
"""

import time
from typing import Any

from django.conf import settings
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from ium.lib.addresses import client_network
from ium.lib.counting import counters

MINUTE = 60


def seconds_to_wait(name: str, who: str, *, window: int = MINUTE, by: int = 1) -> float | None:
    """Count one call in the current window; return seconds until the next one if it was one too many."""
    limit = settings.IUM_THROTTLES[name]
    if not limit:
        return None
    now = time.time()
    key = f"{name}:{who}:{int(now // window)}"
    if counters().count(key, seconds=window, by=by) <= limit:
        return None
    return window - now % window


# Of its limit, each process lets so much through without asking how much the others let through.
FREE_SHARE = 20
_few: dict[tuple[str, int], int] = {}
_few_window = 0


def few_calls(name: str, user_id: int) -> bool:
    """Count a call in this process only; whether it is one of the few that need not be counted for all processes.

    A twentieth of the limit: 30 a minute by default, where a browser makes 2 and somebody who waits at most 20. Who
    calls more often is counted in Redis from there on, so nobody gets more than the limit and a twentieth per process.
    """
    global _few_window  # noqa: PLW0603 - one count per process
    limit: int = settings.IUM_THROTTLES["person"]
    if not limit:
        return True
    window = int(time.time() // MINUTE)
    if window != _few_window:
        _few_window = window
        _few.clear()
    calls = _few[name, user_id] = _few.get((name, user_id), 0) + 1
    return calls <= limit // FREE_SHARE


class PersonThrottle(BaseThrottle):
    """Each person's calls, by the part of the API: all tabs, tokens and sessions together.

    What needs no sign-in (the API's description) is counted by address.
    """

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: object) -> bool:
        """Count the call; one round trip."""
        name = getattr(view, "throttle_name", "other")
        who = getattr(request.user, "pk", None) or client_network(request.META)
        self._wait = seconds_to_wait("person", f"{name}:{who}")
        return self._wait is None

    def wait(self) -> float | None:
        """Return the seconds until the next window."""
        return self._wait


def wrong_token(error: AuthenticationFailed, request: Any) -> AuthenticationFailed | Throttled:
    """Count a refused token for its address; return what to answer."""
    wait = seconds_to_wait("wrong_tokens", client_network(request.META))
    return error if wait is None else Throttled(wait)
