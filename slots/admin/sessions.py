"""Finished stays: the raw material of the charts."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RelatedDropdownFilter,
)

from ium.lib.admin import ModelAdmin, ReadOnlyMixin, action, display
from ium.lib.spans import exact, span
from slots.admin.export import PAGE, Echo, csv_response, harmless
from slots.admin.filters import PeriodFilter
from slots.admin.names import WITH_NAMES, NamesMixin, hidden, note_reveal, person_of
from slots.models import SlotSession
from slots.sentences import Naming


@admin.register(SlotSession)
class SlotSessionAdmin(NamesMixin, ReadOnlyMixin, ModelAdmin):
    """From getting a slot to Jira's confirmation that it is gone."""

    list_display = ["person", "pool", "waited", "given", "ended", "held", "loss_reason"]
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
        ("person", "pool"),
        ("waited", "held"),
        ("granted_at", "confirmed_at"),
        ("ended_at", "loss_reason"),
    ]
    readonly_fields = ["person", "waited", "held"]
    actions = ["export_csv", "export_csv_names"]

    @display(description=gettext_lazy("user"))
    def person(self, stay: Any) -> str | None:
        """Whose it was."""
        return person_of(stay, stay.user)

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

    @action(description=gettext_lazy("Export as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        """Save the selected stays; “select all” takes everything the filters leave."""
        return _as_csv(queryset, hidden)

    @action(description=WITH_NAMES, permissions=["reveal"])
    def export_csv_names(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> StreamingHttpResponse:
        """The same with names, which the journal notes."""
        note_reveal(request, what="sessions_csv", rows=queryset.count())
        return _as_csv(queryset, str)


def _as_csv(stays: QuerySet[SlotSession], named: Naming) -> StreamingHttpResponse:
    rows = stays.select_related("pool", "user").iterator(chunk_size=PAGE)
    return csv_response(_lines(rows, named), "ium-sessions.csv")


def _lines(stays: Iterable[SlotSession], named: Naming) -> Iterator[str]:
    writer = csv.writer(Echo())
    heads = [_("user"), _("pool"), _("waited (seconds)"), _("given"), _("in use since"), _("ended")]
    yield "\ufeff" + writer.writerow([*heads, _("reason")])
    for stay in stays:
        moments = (stay.granted_at, stay.confirmed_at, stay.ended_at)
        cells = [
            named(stay.user),
            stay.pool,
            round(stay.waited_seconds, 1),
            *(localtime(moment).isoformat() if moment is not None else "" for moment in moments),
            stay.get_loss_reason_display(),
        ]
        yield writer.writerow([harmless(cell) for cell in cells])
