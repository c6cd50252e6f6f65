"""Peak determination: from measuring mode to the number of licences, as one page to be printed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Max, Min
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ium.lib import clock
from ium.usage.models import ActivitySpan, WhatIf, WhatIfState
from ium.usage.money.prices import costs_on
from ium.usage.replay.observed import coverage_of
from ium.usage.replay.picture import curve_chart
from ium.usage.replay.recorded import gap_hours
from ium.usage.zone import day_of, zone_of
from slots.models import LicencePool

PERMISSION = "usage.view_whatif"
# One week says nothing about how weeks differ; of fewer people with the extension too little is known.
WEEKS_WANTED, COVERAGE_WANTED = 2, 0.9
DAYS = 7


@dataclass(frozen=True)
class Data:
    """What was recorded of a pool: from the first to the last activity (days of the pool), and what is missing."""

    first: date
    last: date
    gap_hours: float
    coverage: float | None

    @property
    def weeks(self) -> float:
        """How many weeks that is."""
        return ((self.last - self.first).days + 1) / DAYS

    @property
    def enough(self) -> bool:
        """Whether a recommendation can be built on it."""
        return self.weeks >= WEEKS_WANTED and (self.coverage or 0.0) >= COVERAGE_WANTED


def data_of(pool: LicencePool) -> Data | None:
    """Return what was recorded of a pool, imports included; None if nothing was. Four queries."""
    ends = ActivitySpan.objects.filter(pool=pool).aggregate(
        first=Min("started_at"), last=Max("ended_at")
    )
    if ends["first"] is None:
        return None
    first, last = (day_of(ends[end], zone_of(pool)) for end in ("first", "last"))
    gaps = gap_hours(pool, ends["first"], ends["last"])
    return Data(first, last, gaps, coverage_of(pool, first, last))


@require_safe
def peak_page(request: HttpRequest) -> HttpResponse:
    """Show how far the way is gone for a pool; an unknown pool is the first."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    pools = list(LicencePool.objects.order_by("name", "pk"))
    wanted = request.GET.get("pool")
    pool = next((each for each in pools if each.key == wanted), pools[0] if pools else None)
    context = {
        **admin.site.each_context(request),
        "title": _("Peak determination"),
        "pools": pools,
        "pool": pool,
        **(_steps(pool) if pool is not None else {}),
    }
    return TemplateResponse(request, "admin/usage/peak.html", context)


def _steps(pool: LicencePool) -> dict[str, Any]:
    questions = WhatIf.objects.filter(pool=pool).order_by("-created_at", "-pk")
    answered = questions.filter(state=WhatIfState.DONE).first()
    result = (answered.result or {}) if answered else {}
    costs, problem = None, ""
    if result:
        try:
            costs = costs_on(pool, clock.now().date(), then=result["recommended"])
        except ValueError as error:
            problem = str(error)
    return {
        "data": data_of(pool),
        "weeks_wanted": WEEKS_WANTED,
        "coverage_wanted": round(COVERAGE_WANTED * 100),
        "latest": questions.first(),
        "answered": answered,
        "result": result,
        "chart": curve_chart(result) if result.get("points") else None,
        "costs": costs,
        "problem": problem,
        "printed_at": clock.now(),
    }
