"""The page about how long records are kept."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ium.lib.admin import ModelAdmin
from ium.usage.models import Retention


@admin.register(Retention)
class RetentionAdmin(ModelAdmin):
    """One row: the list leads to its form. Until it is saved, the times that IUM comes with apply."""

    fields = ["span_days", "stay_days", "interval_days", "hour_days", "day_days"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only while there is no row."""
        return super().has_add_permission(request) and not Retention.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: the row is changed."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Go to the form, if the person may do so."""
        if self.has_view_permission(request) and Retention.objects.exists():
            return HttpResponseRedirect(reverse("admin:usage_retention_change", args=[1]))
        if self.has_add_permission(request):
            return HttpResponseRedirect(reverse("admin:usage_retention_add"))
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Retention, form: Any, change: Any) -> None:
        """Save it as the only row."""
        obj.pk = 1
        super().save_model(request, obj, form, change)
