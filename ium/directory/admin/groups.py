"""Jira's groups as IUM last saw them."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter

from ium.directory.models import Group
from ium.lib.admin import AsOfMixin, ModelAdmin, ReadOnlyMixin, display
from ium.lib.spans import when


@admin.register(Group)
class GroupAdmin(ReadOnlyMixin, AsOfMixin, ModelAdmin):
    """Groups with how many people are in them and what IUM uses them for."""

    list_display = ["name", "site", "number_of_members", "use", "members_read", "is_read_only"]
    list_select_related = ["site"]
    list_filter = [("site", RelatedDropdownFilter)]
    list_filter_submit = True
    search_fields = ["name", "group_id"]
    ordering = ["name", "pk"]
    fields = [
        ("name", "site"),
        ("group_id", "is_read_only"),
        ("number_of_members", "members_read"),
        "use",
    ]
    readonly_fields = ["number_of_members", "use", "members_read"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count members in the query of the list."""
        groups: QuerySet[Any] = super().get_queryset(request).annotate(size=Count("memberships"))
        return groups.prefetch_related("access_pools", "user_pools")

    @display(description=gettext_lazy("members"), ordering="size")
    def number_of_members(self, group: Any) -> int:
        """How many people are in it."""
        return int(group.size)

    @display(description=gettext_lazy("used as"))
    def use(self, group: Any) -> str | None:
        """What IUM uses it for."""
        access = [_("access group of %s") % pool for pool in group.access_pools.all()]
        user = [_("user group of %s") % pool for pool in group.user_pools.all()]
        return ", ".join(access + user) or None

    @display(description=gettext_lazy("members read"), ordering="members_read_at")
    def members_read(self, group: Any) -> SafeString:
        """How old the mirror is."""
        return when(group.members_read_at, group.as_of)
