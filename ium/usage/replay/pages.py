"""What-if and prices in the admin: ask, watch, read, save, print."""

import csv
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from ium.lib import clock
from ium.lib.admin import ModelAdmin, action
from ium.usage.models import PriceTier, WhatIf, WhatIfState
from ium.usage.money.prices import costs_on
from ium.usage.replay.jobs import what_if_ask, what_if_cancel
from ium.usage.replay.picture import curve_chart
from jira_sync.admin.pages import require
from slots.admin.operating import actor_of

COLUMNS = (
    "licences", "asked", "waited", "waited_long", "gave_up", "median", "p95", "worst",
    "wait_hours", "cut_off", "losses", "full_hours",
)  # fmt: skip


@admin.register(PriceTier)
class PriceTierAdmin(ModelAdmin):
    """What licences cost, as the administrator knows it."""

    list_display = ["pool", "valid_from", "first", "last", "price", "per_year", "currency"]
    list_filter = ["pool", "valid_from"]
    list_select_related = ["pool"]


@admin.register(WhatIf)
class WhatIfAdmin(ModelAdmin):
    """Questions about other licences and times, and their answers."""

    list_display = [
        "pool",
        "since",
        "until",
        "inactivity_minutes",
        "state",
        "progress",
        "created_at",
    ]
    list_filter = ["pool", "state"]
    list_select_related = ["pool"]
    ordering = ["-created_at", "-pk"]
    actions = ["cancel_selected"]
    actions_detail = ["open_result"]
    fields = [
        "pool", ("since", "until"), ("inactivity_minutes", "sweep_interval_minutes"),
        ("reclaim_on_request", "lock_minutes", "minimum_hold_seconds"), "patience_minutes",
        ("target_percent", "target_seconds"),
    ]  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A question stays as it was asked; another one is another row."""
        return False

    def save_model(self, request: HttpRequest, obj: WhatIf, form: Any, change: bool) -> None:
        """Ask."""
        what_if_ask(what_if=obj, at=clock.now(), actor=actor_of(request))

    def get_urls(self) -> list[URLPattern]:
        """Add the result and its table before Django's."""
        views = (("result", self.result_page), ("result.csv", self.result_csv))
        own = [
            path(f"<int:pk>/{name}", self.admin_site.admin_view(view), name=f"usage_what_if_{name}")
            for name, view in views
        ]
        return [*own, *super().get_urls()]

    @action(
        description=gettext_lazy("Result"),
        url_path="open-result",
        icon="query_stats",
        permissions=["view"],
    )
    def open_result(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page with the result."""
        return HttpResponseRedirect(reverse("admin:usage_what_if_result", args=[object_id]))

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may ask, and so cancel."""
        return self.has_add_permission(request)

    @action(description=gettext_lazy("Cancel"), permissions=["ask"])
    def cancel_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Stop what is not answered yet."""
        at = clock.now()
        stopped = sum(what_if_cancel(what_if_id=each.pk, at=at) for each in queryset)
        messages.info(request, _("Cancelled: %(number)s.") % {"number": stopped})

    @method_decorator(require_GET)
    def result_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the whole way from measuring to the number, to be printed too."""
        what_if = self._what_if(request, pk)
        result = what_if.result or {}
        costs, problem = None, ""
        if result:
            try:
                costs = costs_on(what_if.pool, clock.now().date(), then=result["recommended"])
            except ValueError as error:
                problem = str(error)
        context = {
            **self.admin_site.each_context(request),
            "title": _("How many licences for %(pool)s?") % {"pool": what_if.pool},
            "what_if": what_if,
            "result": result,
            "recommended": _point(result, "recommended"),
            "current": _point(result, "now"),
            "costs": costs,
            "problem": problem,
            "chart": curve_chart(result) if result.get("points") else None,
            "is_open": what_if.state in {WhatIfState.WAITING, WhatIfState.RUNNING},
        }
        return TemplateResponse(request, "admin/usage/what_if.html", context)

    @method_decorator(require_GET)
    def result_csv(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return the points of the curve."""
        what_if = self._what_if(request, pk)
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="what-if-{what_if.pk}.csv"'
        writer = csv.writer(response)
        writer.writerow(COLUMNS)
        for point in (what_if.result or {}).get("points", []):
            writer.writerow([point[column] for column in COLUMNS])
        return response

    def _what_if(self, request: HttpRequest, pk: int) -> WhatIf:
        require(self.has_view_permission(request))
        return get_object_or_404(WhatIf.objects.select_related("pool"), pk=pk)


def _point(result: dict[str, Any], name: str) -> dict[str, Any] | None:
    points = result.get("points", [])
    return next((point for point in points if point["licences"] == result[name]), None)
