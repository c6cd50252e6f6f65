"""Who was active when: to look at."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from activity.models import LastActivity
from ium.lib.admin import AsOfMixin, ModelAdmin, ReadOnlyMixin, display
from ium.lib.spans import when

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf

    ShownActivity = WithAnnotations[LastActivity, AsOf]


@admin.register(LastActivity)
class LastActivityAdmin(ReadOnlyMixin, AsOfMixin, ModelAdmin):
    """The latest evidence for every person, site and product."""

    list_display = ["user", "site", "product", "active", "source", "received"]
    list_select_related = ["user", "site"]
    list_filter = [
        ("site", RelatedDropdownFilter),
        ("product", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
    ]
    list_filter_submit = True
    search_fields = ["user__display_name", "user__email", "user__account_id"]
    # By number, not by time: there is no index on the time, on purpose.
    ordering = ["-pk"]
    show_full_result_count = False
    fields = [("user", "site"), ("product", "source"), ("active", "received")]
    readonly_fields = ["active", "received"]

    @display(description=gettext_lazy("last active"), ordering="last_active_at")
    def active(self, row: "ShownActivity") -> SafeString:
        """How long ago the person was active."""
        return when(row.last_active_at, row.as_of)

    @display(description=gettext_lazy("received"), ordering="received_at")
    def received(self, row: "ShownActivity") -> SafeString:
        """How long ago IUM learned of it."""
        return when(row.received_at, row.as_of)
