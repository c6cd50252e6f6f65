"""Notices: what administrators were told, and what could not be sent."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from ium.lib.admin import AsOfMixin, ModelAdmin, ReadOnlyMixin, display
from ium.lib.spans import when
from slots.models import Notice

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf

    ShownNotice = WithAnnotations[Notice, AsOf]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyMixin, AsOfMixin, ModelAdmin):
    """Every message on every channel, newest first."""

    list_display = [
        "kind",
        "pool",
        "channel",
        "status",
        "written",
        "sent",
        "attempts",
        "last_error",
    ]
    list_select_related = ["pool"]
    list_filter = [("pool", RelatedDropdownFilter), ("channel", ChoicesDropdownFilter)]
    list_filter_submit = True
    ordering = ["-pk"]
    fields = [
        ("kind", "pool"),
        ("channel", "attempts"),
        ("created_at", "sent_at"),
        ("next_attempt_at", "given_up_at"),
        "last_error",
        "details",
    ]

    @display(
        description=gettext_lazy("state"),
        label={"sent": "success", "waiting": "info", "failing": "warning", "given_up": "danger"},
    )
    def status(self, notice: "ShownNotice") -> tuple[str, str]:
        """Whether it went out."""
        if notice.sent_at is not None:
            return "sent", _("sent")
        if notice.given_up_at is not None:
            return "given_up", _("given up")
        return ("failing", _("tried again")) if notice.last_error else ("waiting", _("to be sent"))

    @display(description=gettext_lazy("time"), ordering="created_at")
    def written(self, notice: "ShownNotice") -> SafeString:
        """When it was written."""
        return when(notice.created_at, notice.as_of)

    @display(description=gettext_lazy("sent"), ordering="sent_at")
    def sent(self, notice: "ShownNotice") -> SafeString:
        """When it went out."""
        return when(notice.sent_at, notice.as_of)
