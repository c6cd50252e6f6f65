"""What holds for every request: headers of the answers, limits of what is read, rates of sign-ins."""

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from ium.lib.addresses import client_network
from ium.security import PERMISSIONS, policy_of
from slots.api.problems import CONTENT_TYPE, problem_json
from slots.api.throttles import seconds_to_wait

Next = Callable[[HttpRequest], HttpResponse]


class SecurityHeaders:
    """Adds the headers that Django's own middleware does not know."""

    def __init__(self, get_response: Next) -> None:
        """Take the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add what the view did not set itself."""
        response = self.get_response(request)
        policy = policy_of(request.path, response)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # Everything but static files (which say how long they may be kept) can be somebody's own.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class Limits:
    """Refuses addresses that are too long or hold a NUL, which PostgreSQL cannot store or compare."""

    def __init__(self, get_response: Next) -> None:
        """Take the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 414 or 400, or go on."""
        query = request.META.get("QUERY_STRING", "")
        if len(request.path) + len(query) > settings.IUM_LONGEST_ADDRESS:
            return self._refusal(request, 414, _("The address is too long."))
        if "\x00" in request.path or "\x00" in query or "%00" in query:
            return self._refusal(request, 400, _("The address holds a character that cannot be."))
        return self.get_response(request)

    @staticmethod
    def _refusal(request: HttpRequest, status: int, detail: str) -> HttpResponse:
        if _is_api(request):
            return problem_json(status, _code(status), detail)
        return render(request, "400.html", status=status)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(settings.IUM_API_PREFIX)


def _code(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")


class Api:
    """The outer edge of the API: other origins may call it, bodies are small, every error is a problem document.

    Other origins are let in because the extension calls with a token and needs no host permission then. Cookies of
    a session never work from there: the answer never allows credentials, and a session's changes need the CSRF token.
    """

    def __init__(self, get_response: Next) -> None:
        """Take the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a preflight or refuse a large body at once; else go on and dress the answer."""
        if not _is_api(request):
            return self.get_response(request)
        return let_other_origins_in(_problem(self._answer(request)))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return preflight()
        if _body_length(request) > settings.IUM_LARGEST_API_BODY:
            return problem_json(413, "too_large", _("The body is too large."))
        return self.get_response(request)


def let_other_origins_in(response: HttpResponse) -> HttpResponse:
    """Let scripts of every origin read the answer; never with cookies."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    return response


def preflight() -> HttpResponse:
    """Say what scripts of other origins may send."""
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Headers": "authorization, content-type, if-none-match, x-ium-extension",
            "Access-Control-Allow-Methods": "GET, POST, DELETE",
            "Access-Control-Max-Age": "7200",
        },
    )


def _body_length(request: HttpRequest) -> int:
    """Return what is announced; without an announcement Django reads nothing."""
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if str(told).isascii() and str(told).isdigit() else 0


def _problem(response: HttpResponse) -> HttpResponse:
    """Turn an error that Django answered with a page (404, 400, 500) into a problem document."""
    status = response.status_code
    if status < 400 or response.get("Content-Type", "").startswith(CONTENT_TYPE):
        return response
    # The same answer with another body: Django has noted on it that it was logged.
    response.content = problem_json(status, _code(status), HTTPStatus(status).phrase).content
    response["Content-Type"] = CONTENT_TYPE
    response["Content-Length"] = str(len(response.content))
    return response


class PasswordThrottle:
    """Slows down guessing of passwords, by address and by login name; a right one is not counted.

    The login name is counted too, because somebody may have many addresses. Sessions that are open go on.
    """

    def __init__(self, get_response: Next) -> None:
        """Take the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 429 after too many wrong passwords."""
        if not _has_password(request):
            return self.get_response(request)
        if wait := _count(request, 1):
            return _come_back(request, wait)
        response = self.get_response(request)
        if response.status_code == HTTPStatus.FOUND:
            _count(request, -1)
        return response


def _has_password(request: HttpRequest) -> bool:
    asking = {reverse("sign-in"), reverse("admin:login")}
    return request.method == "POST" and request.path in asking and "username" in request.POST


def _count(request: HttpRequest, by: int) -> float:
    """Count one attempt; return how long to wait, 0 for not at all."""
    name = request.POST["username"].strip().casefold()[:150]
    counted = (("passwords", client_network(request.META)), ("passwords_of_name", name))
    window = settings.IUM_PASSWORD_WINDOW
    return max(seconds_to_wait(limit, who, window=window, by=by) or 0 for limit, who in counted)


def _come_back(request: HttpRequest, wait: float) -> HttpResponse:
    minutes = int(wait // 60) + 1
    response = render(request, "429.html", {"minutes": minutes}, status=429)
    response["Retry-After"] = str(int(wait) + 1)
    return response
