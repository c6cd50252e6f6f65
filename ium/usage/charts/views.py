"""The pages: all charts, one chart's data for programs, one chart's values as a file."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    QueryDict,
)
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ium.lib import clock
from ium.usage.charts import words
from ium.usage.charts.chart import Chart
from ium.usage.charts.facts import Scope, scope_of
from ium.usage.charts.forms import ChartForm, Wanted
from ium.usage.charts.periods import Fineness, Span
from ium.usage.charts.registry import CHARTS
from slots.models import LicencePool

PERMISSION = "usage.view_intervaluse"
MARK = "\ufeff"  # makes Excel read UTF-8


def page_of(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view as one of the admin, for those who may look at usage."""

    def allowed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return admin.site.admin_view(require_safe(allowed))


def charts_page(request: HttpRequest) -> HttpResponse:
    """Show all charts."""
    form = _form(request)
    valid = form.is_valid()
    wanted = form.wanted() if valid else form.last_week()
    scope = _scope(wanted)
    context = {
        **admin.site.each_context(request),
        "title": _("Charts"),
        "form": form,
        "wanted": wanted,
        "scope": scope,
        "charts": [make(scope) for make in CHARTS.values()],
        "dates": words.dates(wanted.period),
        "second_dates": words.dates(wanted.second) if wanted.second else "",
        "fineness": _fineness(wanted.period.fineness),
        "query": request.GET.urlencode() if valid else "",
        "pages": _pages(request.GET, form, wanted) if valid else [],
    }
    return TemplateResponse(request, "usage/charts/page.html", context)


def chart_data(request: HttpRequest, name: str) -> HttpResponse:
    """Answer one chart as JSON: words, picture, table."""
    form = _form(request)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors.get_json_data()}, status=400)
    answer = JsonResponse(asdict(_chart(form, name)))
    answer["Cache-Control"] = "no-store"
    return answer


def chart_csv(request: HttpRequest, name: str) -> HttpResponse:
    """Answer one chart's values as CSV: as fine as they are, for programs."""
    form = _form(request)
    if not form.is_valid():
        text = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")
    found, days = _chart(form, name), form.cleaned_data
    file = f"ium-{name}-{days['first']}-{days['last']}.csv"
    answer = HttpResponse([MARK, *found.sheet.lines()], content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{file}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _form(request: HttpRequest) -> ChartForm:
    pools = list(LicencePool.objects.select_related("site").order_by("name", "pk"))
    data = request.GET.copy()
    data.setdefault("period", Span.WEEK)
    if data.get("since"):
        data["period"] = Span.FREE  # a first day says more than the choice of a length
    return ChartForm(data, pools=pools, at=clock.now())


def _scope(wanted: Wanted) -> Scope:
    return scope_of(wanted.pools, wanted.period, wanted.second, clock.now())


def _chart(form: ChartForm, name: str) -> Chart:
    make = CHARTS.get(name)
    if make is None:
        raise Http404
    return make(_scope(form.wanted()))


def _fineness(fineness: Fineness) -> str:
    return {
        Fineness.INTERVAL: _("One value for every five minutes."),
        Fineness.HOUR: _("One value for every hour."),
        Fineness.DAY: _("One value for every day."),
    }[fineness]


def _pages(query: QueryDict, form: ChartForm, wanted: Wanted) -> list[tuple[str, str]]:
    """Return links to the same length before and after."""
    period, links = wanted.period, []
    step = timedelta(days=period.days)
    links.append((_("Earlier"), _address(query, period.first - step, period.last - step)))
    if period.last < form.today:
        last = min(period.last + step, form.today)
        links.append((_("Later"), _address(query, last - step + timedelta(days=1), last)))
    return links


def _address(query: QueryDict, first: date, last: date) -> str:
    kept = {key: value for key, value in query.items() if value and key not in {"since", "until"}}
    dates = {"until": last.isoformat()}
    if kept.get("period") == Span.FREE:
        dates["since"] = first.isoformat()
    return "?" + urlencode({**kept, **dates})
