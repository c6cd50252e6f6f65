"""Finished stays: the raw material of the charts."""

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RelatedDropdownFilter,
)

from ium.lib.admin import ModelAdmin, ReadOnlyMixin, display
from ium.lib.spans import exact, span
from slots.admin.filters import PeriodFilter
from slots.models import SlotSession


@admin.register(SlotSession)
class SlotSessionAdmin(ReadOnlyMixin, ModelAdmin):
    """From getting a slot to Jira's confirmation that it is gone."""

    list_display = ["user", "pool", "waited", "given", "ended", "held", "loss_reason"]
    list_select_related = ["user", "pool"]
    list_filter = [
        ("pool", RelatedDropdownFilter),
        ("loss_reason", ChoicesDropdownFilter),
        ("ended_at", PeriodFilter),
    ]
    list_filter_submit = True
    show_full_result_count = False
    search_fields = ["user__display_name", "user__email", "user__account_id"]
    ordering = ["-ended_at", "-pk"]
    fields = [
        ("user", "pool"),
        ("waited", "held"),
        ("granted_at", "confirmed_at"),
        ("ended_at", "loss_reason"),
    ]
    readonly_fields = ["waited", "held"]

    @display(description=gettext_lazy("waited"), ordering="waited_seconds")
    def waited(self, stay: SlotSession) -> str:
        """How long the person waited for it."""
        return span(stay.waited_seconds)

    @display(description=gettext_lazy("given"), ordering="granted_at")
    def given(self, stay: SlotSession) -> str:
        """When it began."""
        return exact(stay.granted_at)

    @display(description=gettext_lazy("ended"), ordering="ended_at")
    def ended(self, stay: SlotSession) -> str:
        """When Jira confirmed that it is over."""
        return exact(stay.ended_at)

    @display(description=gettext_lazy("held for"))
    def held(self, stay: SlotSession) -> str:
        """How long the slot was in use."""
        return span((stay.ended_at - stay.granted_at).total_seconds())
