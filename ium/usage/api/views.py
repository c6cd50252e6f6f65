"""Reports: use, waits, sessions, coverage. For staff who may see the charts; people are pseudonyms."""

import csv
import io
from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from ium.directory.models import User
from ium.usage.api import rows, shapes
from slots.admin.export import harmless
from slots.api.problems import ProblemSerializer
from slots.api.views import checked
from slots.models import LicencePool
from slots.selectors import pool_by_key

View = TypeVar("View", bound=Callable[..., Any])

_PROBLEM = OpenApiResponse(ProblemSerializer, description="A problem document (RFC 9457).")
_REFUSED = dict.fromkeys((400, 401, 403, 404, 405, 406, 414, 429, 503), _PROBLEM)


class MayRead(BasePermission):
    """Staff with the right to see use: by session, or with a token of theirs."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Ask for both on every call."""
        user = request.user
        staff = isinstance(user, User) and user.is_staff
        return staff and user.has_perm("usage.view_intervaluse")


class CsvRenderer(BaseRenderer):
    """A report's rows as CSV, with a line of names; problems stay JSON."""

    media_type, format, charset = "text/csv", "csv", "utf-8"

    def render(self, data: Any, media: str | None = None, context: Any = None) -> str | bytes:
        """Write the rows of a page."""
        if "rows" not in data:
            problem: bytes = JSONRenderer().render(data)
            return problem
        text = io.StringIO()
        names = list(data["rows"][0]) if data["rows"] else []
        writer = csv.writer(text)
        writer.writerow(names)
        writer.writerows([harmless(row[name]) for name in names] for row in data["rows"])
        return text.getvalue()


class ReportView(APIView):
    """A page of a report."""

    throttle_name = "reports"
    permission_classes = (MayRead,)
    renderer_classes = (JSONRenderer, CsvRenderer)
    http_method_names = ["get", "options"]

    def answer(self, request: Request, asked: dict[str, Any], found: rows.Rows) -> Response:
        """Return the page that was asked for; the next one's number while there is one."""
        queryset, row_of = found
        size, page = asked["page_size"], asked["page"]
        start = (page - 1) * size
        some = list(queryset[start : start + size + 1])
        more = page + 1 if len(some) > size else None
        response = Response({"rows": [row_of(row) for row in some[:size]], "next_page": more})
        response["Cache-Control"] = "no-store"
        if more is not None:
            response["X-Next-Page"] = str(more)
        return response


def asked_of(shape: type[Serializer[Any]], request: Request) -> tuple[LicencePool, dict[str, Any]]:
    """Return the pool and the other parameters. Raises DRF's ValidationError or NotFound."""
    asked = checked(shape, request.query_params)
    return pool_by_key(asked["pool"]), asked


def described(page: Any, parameters: Any, name: str) -> Callable[[View], View]:
    """Describe a report for the schema."""
    answers = {
        (200, "application/json"): page,
        (200, "text/csv"): OpenApiTypes.STR,
        **{(status, "application/problem+json"): _PROBLEM for status in _REFUSED},
    }
    description: Callable[[View], View] = extend_schema(
        parameters=[parameters], responses=answers, operation_id=name
    )
    return description


class UseReport(ReportView):
    """Slots over time."""

    @described(shapes.UsePage, shapes.UseRangeSerializer, "report_use")
    def get(self, request: Request) -> Response:
        """Tell how many slots were used, by five minutes, hours or days."""
        pool, asked = asked_of(shapes.UseRangeSerializer, request)
        found = rows.use(pool, asked["since"], asked["until"], asked["step"])
        return self.answer(request, asked, found)


class WaitReport(ReportView):
    """Waits."""

    @described(shapes.WaitPage, shapes.RangeSerializer, "report_waits")
    def get(self, request: Request) -> Response:
        """Tell the waits that ended; retries of one wait are one."""
        pool, asked = asked_of(shapes.RangeSerializer, request)
        return self.answer(request, asked, rows.waits(pool, asked["since"], asked["until"]))


class SessionReport(ReportView):
    """Stays."""

    @described(shapes.SessionPage, shapes.RangeSerializer, "report_sessions")
    def get(self, request: Request) -> Response:
        """Tell the stays that ended, from grant to loss."""
        pool, asked = asked_of(shapes.RangeSerializer, request)
        return self.answer(request, asked, rows.sessions(pool, asked["since"], asked["until"]))


class CoverageReport(ReportView):
    """The extension."""

    @described(shapes.CoveragePage, shapes.RangeSerializer, "report_coverage")
    def get(self, request: Request) -> Response:
        """Tell how many people were active by source and version, day by day."""
        pool, asked = asked_of(shapes.RangeSerializer, request)
        return self.answer(request, asked, rows.coverage(pool, asked["since"], asked["until"]))
