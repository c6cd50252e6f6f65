"""Who has the browser extension, in which version; everybody Jira knows, also without it."""

import csv
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import CharField, F, Q, QuerySet, Value
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.directory.extension import version_numbers
from ium.directory.models import ExtensionBrowser
from ium.lib import clock
from ium.lib.admin import AsOfMixin, ModelAdmin, RadioFilter, ReadOnlyMixin, action, display
from ium.lib.spans import when
from slots.admin.export import PAGE, Echo, csv_response, harmless
from slots.admin.names import WITH_NAMES, hidden, may_see_names, note_reveal
from slots.coverage import RECENT, with_use
from slots.models import ExtensionUse
from slots.pages import rules_now

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf
    from slots.coverage import _Used

    class _Shown(AsOf, _Used):
        """What the list adds to a person."""

        minimum: str

    ShownUse = WithAnnotations[ExtensionUse, _Shown]


class HeardFilter(RadioFilter):
    """People by whether their extension was heard of lately."""

    title = gettext_lazy("extension")
    parameter_name = "heard"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [
            ("yes", gettext_lazy("heard of in the last 7 days")),
            ("missing", gettext_lazy("active in the last 7 days without it")),
            ("never", gettext_lazy("never heard of")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the chosen people; the page has annotated them."""
        since = clock.now() - RECENT
        if self.value() == "yes":
            return queryset.filter(extension_seen_at__gte=since)
        if self.value() == "missing":
            silent = Q(extension_seen_at=None) | Q(extension_seen_at__lt=since)
            return queryset.filter(silent, last_active_at__gte=since)
        if self.value() == "never":
            return queryset.filter(extension_seen_at=None)
        return queryset


@admin.register(ExtensionUse)
class ExtensionUseAdmin(ReadOnlyMixin, AsOfMixin, ModelAdmin):
    """People with the extension that was heard of last."""

    list_display = ["person", "email", "status", "version", "browser", "seen", "active"]
    list_filter = [HeardFilter]
    search_fields = ["display_name", "email", "account_id"]
    search_help_text = gettext_lazy("Name, e-mail or account id of the user")
    show_full_result_count = False
    list_per_page = 50
    actions = ["export_csv", "export_csv_names"]
    fields = [("person", "email"), ("version", "browser"), ("seen", "active")]
    readonly_fields = ["person", "version", "browser", "seen", "active"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add what is known of each person's extension; who was heard of last comes first."""
        minimum = Value(rules_now().minimum_extension_version, output_field=CharField())
        people = with_use(super().get_queryset(request).annotate(minimum=minimum))
        return people.order_by(F("extension_seen_at").desc(nulls_last=True), "display_name", "pk")

    @display(description=gettext_lazy("user"), ordering="display_name")
    def person(self, use: "ShownUse") -> str:
        """The name."""
        return str(use)

    @display(
        description=gettext_lazy("extension"),
        label={"yes": "success", "old": "warning", "silent": "default", "no": "danger"},
    )
    def status(self, use: "ShownUse") -> tuple[str, str]:
        """Whether it was heard of lately, and is new enough."""
        return state_of(use)

    @display(description=gettext_lazy("version"))
    def version(self, use: "ShownUse") -> str | None:
        """The version that was heard of last."""
        return use.extension_version or None

    @display(description=gettext_lazy("browser"))
    def browser(self, use: "ShownUse") -> str | None:
        """The browser it runs in."""
        return browser_name(use.extension_browser)

    @display(description=gettext_lazy("extension last seen"), ordering="extension_seen_at")
    def seen(self, use: "ShownUse") -> SafeString:
        """How long ago it was heard of."""
        return when(use.extension_seen_at, use.as_of)

    @display(description=gettext_lazy("last active"), ordering="last_active_at")
    def active(self, use: "ShownUse") -> SafeString:
        """How long ago the person was active, from whatever source."""
        return when(use.last_active_at, use.as_of)

    @action(description=gettext_lazy("Export as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        """Save the selected people; “select all” takes everybody the filters leave."""
        lines = _lines(queryset.iterator(chunk_size=PAGE), with_names=False)
        return csv_response(lines, "ium-extension.csv")

    @action(description=WITH_NAMES, permissions=["reveal"])
    def export_csv_names(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> StreamingHttpResponse:
        """The same with names, which the journal notes."""
        note_reveal(request, what="extension_csv", rows=queryset.count())
        lines = _lines(queryset.iterator(chunk_size=PAGE), with_names=True)
        return csv_response(lines, "ium-extension.csv")

    def has_reveal_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may save names."""
        return may_see_names(request) and self.has_view_permission(request)


def state_of(use: "ShownUse") -> tuple[str, str]:
    """Return how the person stands with the extension: a code and a word."""
    if use.extension_seen_at is None:
        return "no", _("never heard of")
    if use.extension_seen_at < use.as_of - RECENT:
        return "silent", _("not lately")
    known = version_numbers(use.extension_version or "")
    if use.minimum and known < version_numbers(use.minimum):
        return "old", _("too old")
    return "yes", _("in use")


def browser_name(browser: str | None) -> str | None:
    """Return what people call the browser."""
    return str(ExtensionBrowser(browser).label) if browser in ExtensionBrowser.values else None


def _lines(people: "Iterable[ShownUse]", *, with_names: bool) -> Iterator[str]:
    writer = csv.writer(Echo())
    heads = [_("user"), _("e-mail"), _("account id"), _("extension"), _("version"), _("browser")]
    yield "\ufeff" + writer.writerow([*heads, _("extension last seen"), _("last active")])
    for use in people:
        who = [use, use.email, use.account_id] if with_names else [hidden(use), "", ""]
        cells = [*who, state_of(use)[1], use.extension_version]
        moments = [_moment(use.extension_seen_at), _moment(use.last_active_at)]
        row = [*cells, browser_name(use.extension_browser), *moments]
        yield writer.writerow([harmless(value) for value in row])


def _moment(moment: Any) -> str:
    return localtime(moment).isoformat() if moment is not None else ""
