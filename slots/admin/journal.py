"""The journal: why everything happened. Nobody changes it, everybody who may see it can export it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import (
    MultipleChoicesDropdownFilter,
    RelatedDropdownFilter,
)

from ium.lib.admin import ModelAdmin, ReadOnlyMixin, action, display
from ium.lib.spans import exact
from slots.admin.export import journal_as_csv
from slots.admin.filters import PeriodFilter
from slots.admin.names import WITH_NAMES, NamesMixin, naming, note_reveal, person_of
from slots.models import Event, JournalEntry
from slots.sentences import actor_name, sentence

EVENT_COLOURS = {
    **dict.fromkeys(Event.values, "default"),
    Event.GRANTED: "success",
    Event.CONFIRMED: "success",
    Event.SITE_UP: "success",
    Event.WARNED: "warning",
    Event.REVOKING: "warning",
    Event.PAUSED: "warning",
    Event.RETRY: "warning",
    Event.STRANGER: "warning",
    Event.REFUSED: "danger",
    Event.GRANT_FAILED: "danger",
    Event.SITE_DOWN: "danger",
    Event.LIMIT_CHANGED: "info",
    Event.MOVED: "info",
    Event.REPAIRED: "info",
    Event.CLOCKS_RESET: "info",
}


@admin.register(JournalEntry)
class JournalEntryAdmin(NamesMixin, ReadOnlyMixin, ModelAdmin):
    """Entries, newest first."""

    list_display = ["moment", "what", "text", "done_by"]
    list_display_links = ["moment"]
    list_select_related = ["pool", "user", "actor"]
    list_filter = [
        ("event", MultipleChoicesDropdownFilter),
        ("pool", RelatedDropdownFilter),
        ("at", PeriodFilter),
    ]
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["user__display_name", "user__email", "user__account_id"]
    search_help_text = gettext_lazy("Name, e-mail or account id of the user")
    ordering = ["-at", "-pk"]
    actions = ["export_csv", "export_csv_names"]
    fields = [
        "text",
        ("moment", "event"),
        ("pool", "person"),
        ("reason", "done_by"),
        ("slot_id", "fence"),
        "details",
    ]
    readonly_fields = ["text", "moment", "person", "done_by"]

    @display(description=gettext_lazy("time"), ordering="at")
    def moment(self, entry: JournalEntry) -> str:
        """When, to the second."""
        return exact(entry.at)

    @display(description=gettext_lazy("event"), ordering="event", label=EVENT_COLOURS)
    def what(self, entry: JournalEntry) -> tuple[str, str]:
        """The kind of event."""
        return entry.event, entry.get_event_display()

    @display(description=gettext_lazy("what happened"))
    def text(self, entry: Any) -> str:
        """The entry as a sentence."""
        return sentence(entry, naming(shown=entry.names_shown))

    @display(description=gettext_lazy("user"))
    def person(self, entry: Any) -> str | None:
        """Whom it is about."""
        return person_of(entry, entry.user)

    @display(description=gettext_lazy("done by"), ordering="actor__display_name")
    def done_by(self, entry: Any) -> str:
        """Who did it; IUM itself when nobody asked."""
        return actor_name(entry, naming(shown=entry.names_shown))

    @action(description=gettext_lazy("Export as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        """Save the selected entries; “select all” takes everything the filters leave."""
        return journal_as_csv(queryset)

    @action(description=WITH_NAMES, permissions=["reveal"])
    def export_csv_names(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> StreamingHttpResponse:
        """The same with names, which the journal notes."""
        note_reveal(request, what="journal_csv", rows=queryset.count())
        return journal_as_csv(queryset, named=str)
