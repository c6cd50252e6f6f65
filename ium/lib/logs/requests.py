"""Requests in the log: their name, one line each if wanted, and those that took long."""

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ium.lib.logs.formatters import facts
from ium.lib.logs.origin import Origin, working_for

access = logging.getLogger("ium.access")
slow = logging.getLogger("ium.slow")

HEADER = "X-Request-ID"
# What proxies make: UUIDs, hexadecimal numbers. Nothing that could forge a line or fill the disk.
_SANE = re.compile(r"[A-Za-z0-9_-]{8,64}")
# Answered before Django looks for a view: these addresses name nobody.
_FIXED = re.compile(r"/(?:api/v1/[a-z]+|livez|readyz|metrics)")


class RequestLog:
    """Outermost middleware: gives every request a name, which comes back in the answer and is in every line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Name the request, go on, and say how it went."""
        name = _name(request)
        with working_for(Origin(request=name)):
            began = time.perf_counter()
            response = self.get_response(request)
            _tell(request, response, round((time.perf_counter() - began) * 1000))
        response[HEADER] = name
        return response


def _name(request: HttpRequest) -> str:
    """Take over the proxy's name; what clients say directly is not believed."""
    given = request.headers.get(HEADER, "") if settings.IUM_BEHIND_PROXY else ""
    return given if _SANE.fullmatch(given) else secrets.token_hex(16)


def _tell(request: HttpRequest, response: HttpResponse, milliseconds: int) -> None:
    is_slow = 0 < settings.IUM_SLOW_REQUEST_MS <= milliseconds
    if not (is_slow or settings.IUM_ACCESS_LOG):
        return
    told = facts(
        method=request.method, route=route(request), status=response.status_code, ms=milliseconds
    )
    if settings.IUM_ACCESS_LOG:
        access.info("request", extra=told)
    if is_slow:
        slow.warning("slow request", extra=told)


def route(request: HttpRequest) -> str:
    """Return the pattern of the address, never the address: that may name people, keys and pages."""
    if request.resolver_match is not None:
        return f"/{request.resolver_match.route}"
    if request.path_info.startswith(settings.STATIC_URL):
        return f"{settings.STATIC_URL}…"
    return request.path_info if _FIXED.fullmatch(request.path_info) else "-"
