"""Periodic jobs: did they run, and what did they say."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.lib.admin import AsOfMixin, ModelAdmin, ReadOnlyMixin, display
from ium.lib.spans import when
from slots.models import JobRun

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf

    ShownJob = WithAnnotations[JobRun, AsOf]


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyMixin, AsOfMixin, ModelAdmin):
    """The last run of every job."""

    list_display = ["name", "status", "last_success", "last_start", "changed", "trouble"]
    ordering = ["name"]
    fields = [
        ("name", "failures"),
        ("last_success", "last_start"),
        "changed",
        "error",
    ]
    readonly_fields = ["last_success", "last_start"]

    @display(
        description=gettext_lazy("state"),
        label={"ok": "success", "failing": "danger", "new": "default"},
    )
    def status(self, run: JobRun) -> tuple[str, str]:
        """Whether the last run worked."""
        if run.failures:
            return "failing", _("failures: %(number)s") % {"number": run.failures}
        if run.finished_at is None:
            return "new", _("has not finished yet")
        return "ok", _("works")

    @display(description=gettext_lazy("last success"), ordering="finished_at")
    def last_success(self, run: "ShownJob") -> SafeString:
        """How long ago it last worked."""
        return when(run.finished_at, run.as_of)

    @display(description=gettext_lazy("last start"), ordering="started_at")
    def last_start(self, run: "ShownJob") -> SafeString:
        """How long ago it last started."""
        return when(run.started_at, run.as_of)

    @display(description=gettext_lazy("last error"))
    def trouble(self, run: JobRun) -> str | None:
        """The beginning of the last error."""
        return Truncator(run.error).chars(80) or None
