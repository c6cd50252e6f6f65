"""Where the browser extension signs in: code with PKCE, tokens per device, renewal, revocation."""

from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from oauthlib import oauth2

from ium.lib.addresses import client_network
from ium.middleware import let_other_origins_in, preflight
from ium.sign_in.oauth_rules import Server
from slots.api.throttles import seconds_to_wait
from slots.queue_page.strict import StrictPageMixin

FORM = "application/x-www-form-urlencoded"
_server = Server()


class ToTheExtension(HttpResponseRedirect):
    """The way back to the extension, whose address is on the list of those that are allowed."""

    allowed_schemes = ["https", "http"]


class AuthorizeView(StrictPageMixin, View):
    """Sends a signed-in person's browser back to the extension with a code; asks nothing again."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Check what is asked for, then who asks: nobody signs in for an address that is not allowed."""
        address = _address(request)
        try:
            _server.validate_authorization_request(address)
        except oauth2.FatalClientError as error:
            return _refusal_page(request, error)
        except oauth2.OAuth2Error as error:
            return _back(request, dict(error.twotuples))
        if not request.user.is_authenticated:
            return self._sign_in_first(request)
        headers, _body, _status = _server.create_authorization_response(
            address, credentials={"user": request.user}
        )
        return ToTheExtension(headers["Location"])

    @staticmethod
    def _sign_in_first(request: HttpRequest) -> HttpResponse:
        """Ask the person to sign in, unless no page is wanted (`prompt=none`, OpenID Connect Core 3.1.2.1)."""
        if request.GET.get("prompt") == "none":
            state = request.GET.get("state", "")
            return _back(request, {"error": "login_required"} | ({"state": state} if state else {}))
        return redirect_to_login(request.get_full_path())


def _back(request: HttpRequest, answer: dict[str, str]) -> HttpResponse:
    """Return to the extension. Only after the address was found on the list."""
    return ToTheExtension(f"{request.GET['redirect_uri']}?{urlencode(answer)}")


def _refusal_page(request: HttpRequest, error: oauth2.FatalClientError) -> HttpResponse:
    context = {"redirect_uri": request.GET.get("redirect_uri", ""), "error": error.error}
    return render(request, "ium/extension_refused.html", context, status=HTTPStatus.BAD_REQUEST)


@method_decorator(csrf_exempt, name="dispatch")
class TokenView(View):
    """Codes and refresh tokens for new tokens. Knows no session: what counts is what was sent."""

    http_method_names = ["post", "options"]

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Let every origin in, as the rest of the API does."""
        response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]
        return let_other_origins_in(response)

    def options(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Answer a preflight."""
        return preflight()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer as RFC 6749 wants it; too many wrong ones from one address have to wait."""
        try:
            headers, text, status = self.answer(*_as_oauthlib_takes_it(request))
        except oauth2.OAuth2Error as error:
            headers, text, status = error.headers, error.json, error.status_code
        if status >= HTTPStatus.BAD_REQUEST and (wait := _wait(request)):
            headers, text = {"Retry-After": str(int(wait) + 1)}, '{"error": "slow_down"}'
            status = HTTPStatus.TOO_MANY_REQUESTS
        response = HttpResponse(text, status=status, content_type="application/json")
        for name in headers.keys() - {"Content-Type"}:
            response[name] = headers[name]
        response["Cache-Control"] = "no-store"
        return response

    @staticmethod
    def answer(
        uri: str, method: str, body: str, headers: dict[str, str]
    ) -> tuple[dict[str, str], str, int]:
        """Return headers, text and status. Raises oauthlib's OAuth2Error."""
        answer: tuple[dict[str, str], str, int] = _server.create_token_response(
            uri, method, body, headers
        )
        return answer


class RevokeView(TokenView):
    """Signing a device out from the device itself."""

    @staticmethod
    def answer(
        uri: str, method: str, body: str, headers: dict[str, str]
    ) -> tuple[dict[str, str], str, int]:
        """Return headers, text and status. Raises oauthlib's OAuth2Error."""
        answer: tuple[dict[str, str], str, int] = _server.create_revocation_response(
            uri, method, body, headers
        )
        return answer


def _as_oauthlib_takes_it(request: HttpRequest) -> tuple[str, str, str, dict[str, str]]:
    """Return address, method, body and headers. Raises oauthlib's InvalidRequestError."""
    if request.content_type != FORM:
        raise oauth2.InvalidRequestError(description=f"The body must be {FORM}.")
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > settings.IUM_LARGEST_API_BODY:
        raise oauth2.InvalidRequestError(description="The body is too large.", status_code=413)
    try:
        body = request.body.decode("ascii")
    except UnicodeDecodeError:
        raise oauth2.InvalidRequestError(description="The body is not URL-encoded.") from None
    if "%00" in body or "\x00" in body:
        raise oauth2.InvalidRequestError(description="The body holds a NUL.")
    # Nothing but this counts: no client authenticates itself, so other headers stay outside.
    headers = {"User-Agent": request.headers.get("User-Agent", ""), "Content-Type": FORM}
    return _address(request), "POST", body, headers


def _address(request: HttpRequest) -> str:
    """Return the address as Django read it, encoded anew: oauthlib raises ValueError for what is not encoded well."""
    query = request.GET.urlencode()
    return request.build_absolute_uri(request.path) + (f"?{query}" if query else "")


def _wait(request: HttpRequest) -> float | None:
    """Count a refused call for its address, together with refused access tokens."""
    return seconds_to_wait("wrong_tokens", client_network(request.META))
