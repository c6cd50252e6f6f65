"""Errors of the API as RFC 9457 problem documents."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ium.lib.errors import Busy, Refused
from slots.api.throttles import wrong_token

CONTENT_TYPE = "application/problem+json"
BUSY_SECONDS = 3


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem document: `code` for machines, `detail` for people."""

    type = serializers.CharField(help_text="Always about:blank; `code` tells problems apart.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment] # RFC 9457 names the member so
        required=False, help_text="For invalid input: field, and what is wrong with it."
    )


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an error of a view into a problem document; None lets Django answer 500."""
    set_rollback()
    if isinstance(error, OperationalError):
        error = Busy(_("IUM is busy. Try again in a moment."))
    elif isinstance(error, RecursionError):  # JSON of a hundred thousand brackets
        error = exceptions.ParseError(_("The values are nested too deeply."))
    if isinstance(error, Refused):
        return _problem(error.status, error.code, str(error.message), {})
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        return _problem(
            400, "bad_input", _("Some values cannot be right."), {"errors": error.detail}
        )
    if isinstance(error, exceptions.AuthenticationFailed):
        error = wrong_token(error, context["request"])
    if isinstance(error, exceptions.APIException):
        return _from_api_exception(error)
    return None


def _from_api_exception(error: exceptions.APIException) -> Response:
    codes = error.get_codes()
    response = _problem(
        error.status_code, codes if isinstance(codes, str) else "bad_input", str(error.detail), {}
    )
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait) + 1)
    return response


def _problem(status: int, code: str, detail: str, more: dict[str, Any]) -> Response:
    document = {**_document(status, code, detail), **more}
    response = Response(document, status=status, content_type=CONTENT_TYPE)
    if status == Busy.status:
        response["Retry-After"] = str(BUSY_SECONDS)
    return response


def problem_json(status: int, code: str, detail: str) -> JsonResponse:
    """Return a problem document for what is refused before it reaches a view."""
    return JsonResponse(_document(status, code, detail), status=status, content_type=CONTENT_TYPE)


def _document(status: int, code: str, detail: str) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
    }


_TITLES = {
    400: "Bad input",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Refused",
    413: "Too large",
    414: "Address too long",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Fault of the server",
    503: "Busy",
}
