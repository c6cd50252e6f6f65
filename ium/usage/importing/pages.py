"""The pages about imported files: the list, taking in after a look, taking out."""

from functools import partial
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ium.lib import clock
from ium.lib.admin import ModelAdmin, ReadOnlyMixin, action
from ium.lib.errors import Refused
from ium.usage.importing.reading import LONGEST_LINE, Reading, read_csv
from ium.usage.importing.services import import_file, import_take_out
from ium.usage.models import Import
from jira_sync.admin.pages import require
from slots.admin.operating import actor_of
from slots.models import LicencePool

LARGEST = 50 * 1024 * 1024


class ImportForm(forms.Form):
    """A file, how it is to be read, and whether it is only looked at."""

    pool = forms.ModelChoiceField(LicencePool.objects.order_by("name"), label=gettext_lazy("Pool"))
    file = forms.FileField(label=gettext_lazy("CSV file"))
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        help_text=gettext_lazy("Of times without an offset, for example Europe/Berlin."),
    )
    write = forms.BooleanField(
        label=gettext_lazy("Take it in"),
        required=False,
        help_text=gettext_lazy("Without the tick the file is only looked at, and nothing is kept."),
    )

    def clean_file(self) -> Any:
        """Refuse what is too large for a page."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            message = _("The file is larger than 50 MB. Use the command usage_import for it.")
            raise forms.ValidationError(message)
        return file

    def clean_time_zone(self) -> str:
        """Refuse names that are no time zones."""
        zone: str = self.cleaned_data["time_zone"]
        if zone not in available_timezones():
            message = _("“%(zone)s” is no time zone. Give one like Europe/Berlin.")
            raise forms.ValidationError(message % {"zone": zone})
        return zone


@admin.register(Import)
class ImportAdmin(ReadOnlyMixin, ModelAdmin):
    """Files of past activity. The page for adding looks at a file first, and says what is wrong with it."""

    list_display = ["name", "pool", "people", "begins_at", "ends_at", "created_at", "taken_out_at"]
    list_filter = ["pool"]
    list_select_related = ["pool"]
    ordering = ["-created_at", "-pk"]
    actions = ["take_out_selected"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may take files in, and out again."""
        return request.user.has_perm("usage.add_import")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Look at a file and report, and take it in if that is wanted."""
        require(self.has_add_permission(request))
        form = ImportForm(request.POST or None, request.FILES or None, initial=_initial())
        reading = self._read(form) if form.is_valid() else None
        if (
            reading is not None
            and form.cleaned_data["write"]
            and self._take_in(request, form, reading)
        ):
            return HttpResponseRedirect(reverse("admin:usage_import_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import past activity"),
            "form": form,
            "reading": reading,
            "spans": sum(map(len, reading.people.values())) if reading else 0,
            "more": reading.bad_number - len(reading.bad) if reading else 0,
        }
        return TemplateResponse(request, "admin/usage/import.html", context)

    @action(description=gettext_lazy("Take out again"), permissions=["add"])
    def take_out_selected(self, request: HttpRequest, rows: QuerySet[Import]) -> None:
        """Remove everything that came from the selected files."""
        at = clock.now()
        ids = rows.order_by("pk").values_list("pk", flat=True)
        done = sum(import_take_out(import_id=pk, at=at) for pk in list(ids))
        text = ngettext("%(n)s import was taken out.", "%(n)s imports were taken out.", done)
        self.message_user(request, text % {"n": done}, messages.SUCCESS)

    @staticmethod
    def _read(form: ImportForm) -> Reading | None:
        data = form.cleaned_data
        # A file without ends of lines must not fill the memory.
        lines = iter(partial(data["file"].readline, LONGEST_LINE + 1), b"")
        try:
            return read_csv(lines, zone=data["time_zone"], now=clock.now())
        except Refused as refusal:
            form.add_error("file", str(refusal.message))
            return None

    def _take_in(self, request: HttpRequest, form: ImportForm, reading: Reading) -> bool:
        data = form.cleaned_data
        try:
            import_file(
                pool=data["pool"],
                reading=reading,
                name=data["file"].name,
                zone=data["time_zone"],
                at=clock.now(),
                actor=actor_of(request),
            )
        except Refused as refusal:
            form.add_error("file", str(refusal.message))
            return False
        self.message_user(request, _("The file was taken in."), messages.SUCCESS)
        return True


def _initial() -> dict[str, Any]:
    pools = list(LicencePool.objects.order_by("name")[:2])
    only = pools[0] if len(pools) == 1 else None
    return {"pool": only, "time_zone": settings.TIME_ZONE}
