"""How good the expected waits were: per pool and week, and each estimate with what came of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from ium.lib import clock
from ium.lib.admin import ModelAdmin, ReadOnlyMixin, display
from ium.lib.spans import exact, span
from slots.admin.filters import PeriodFilter
from slots.admin.names import NamesMixin, person_of
from slots.estimate_quality import pool_quality, week_cells
from slots.models import LicencePool, Outcome, WaitEstimate

OUTCOME_COLOURS = {"inside": "success", "outside": "warning", "open": "info", "ended": "default"}


@admin.register(WaitEstimate)
class WaitEstimateAdmin(NamesMixin, ReadOnlyMixin, ModelAdmin):
    """Estimates, newest first, below a summary of every pool."""

    list_before_template = "admin/slots/estimate_quality.html"
    list_display = ["made", "pool", "person", "ahead", "told", "truth", "result"]
    list_display_links = ["made"]
    list_select_related = ["pool", "entry__user"]
    list_filter = [
        ("pool", RelatedDropdownFilter),
        ("outcome", ChoicesDropdownFilter),
        ("made_at", PeriodFilter),
    ]
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["entry__user__display_name", "entry__user__email", "entry__user__account_id"]
    search_help_text = gettext_lazy("Name, e-mail or account id")
    ordering = ["-made_at", "-pk"]
    fields = [("made", "pool"), ("person", "ahead"), ("told", "middle"), ("truth", "result")]
    readonly_fields = ["made", "person", "told", "middle", "truth", "result"]

    class Media:
        css = {"all": ["ium/admin.css"]}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add the summary of every pool, two queries for each."""
        at = clock.now()
        pools = []
        if self.has_view_permission(request):
            found = (pool_quality(pool, at) for pool in LicencePool.objects.order_by("name"))
            pools = [
                {
                    "quality": each,
                    "weeks": [(week.monday, week_cells(week)) for week in each.weeks],
                }
                for each in found
            ]
        context = {**(extra_context or {}), "pools": pools}
        return super().changelist_view(request, context)

    @display(description=gettext_lazy("told"), ordering="made_at")
    def made(self, estimate: WaitEstimate) -> str:
        """When the person was told."""
        return exact(estimate.made_at)

    @display(description=gettext_lazy("user"))
    def person(self, estimate: WaitEstimate) -> str | None:
        """Who waited."""
        return person_of(estimate, estimate.entry.user)

    @display(description=gettext_lazy("expected wait"))
    def told(self, estimate: WaitEstimate) -> str:
        """The range as the person saw it."""
        return _("%(low)s to %(high)s") % {
            "low": span(estimate.low_seconds),
            "high": span(estimate.high_seconds),
        }

    @display(description=gettext_lazy("middle of the range"))
    def middle(self, estimate: WaitEstimate) -> str:
        """The number that the range is built around."""
        return span(estimate.expected_seconds)

    @display(description=gettext_lazy("true wait"), ordering="actual_seconds")
    def truth(self, estimate: WaitEstimate) -> str | None:
        """How long it took from then on."""
        return span(estimate.actual_seconds) if estimate.actual_seconds is not None else None

    @display(description=gettext_lazy("outcome"), label=OUTCOME_COLOURS)
    def result(self, estimate: WaitEstimate) -> tuple[str, str]:
        """Whether the range held."""
        if estimate.outcome == Outcome.OPEN:
            return "open", _("still waiting")
        if estimate.outcome == Outcome.ENDED or estimate.actual_seconds is None:
            return "ended", _("wait ended without a slot")
        if estimate.low_seconds <= estimate.actual_seconds <= estimate.high_seconds:
            return "inside", _("inside the range")
        if estimate.actual_seconds < estimate.low_seconds:
            return "outside", _("sooner")
        return "outside", _("later")
