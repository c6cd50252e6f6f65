"""What IUM stores of a person: to look at, to save, to delete."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from ium.lib import clock
from ium.lib.admin import ModelAdmin, ReadOnlyMixin, action
from ium.lib.errors import Refused
from ium.usage.models import PersonalData
from ium.usage.privacy.erasing import obstacles, person_erase
from ium.usage.privacy.exporting import person_counts, person_export
from ium.usage.privacy.tables import Fate
from jira_sync.admin.pages import require
from slots.admin.operating import actor_of

FATES = {
    Fate.REMOVED.name: gettext_lazy("removed"),
    Fate.ANONYMOUS.name: gettext_lazy("stays, and says nothing about a person any more"),
    Fate.FIRST.name: gettext_lazy("has to be given back first"),
}


@admin.register(PersonalData)
class PersonalDataAdmin(ReadOnlyMixin, ModelAdmin):
    """People known from Jira, each with a page about what is stored of them."""

    list_display = ["display_name", "email", "account_id", "account_status"]
    search_fields = ["display_name", "email", "account_id"]
    search_help_text = gettext_lazy("Name, e-mail or account id")
    ordering = ["display_name", "pk"]
    show_full_result_count = False
    fields = [("display_name", "email"), ("account_id", "account_status")]
    actions_detail = ["open_data"]

    class Media:
        css = {"all": ["ium/admin.css"]}

    def has_handle_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may save and delete what is stored of somebody."""
        return request.user.has_perm("usage.handle_personal_data")

    def get_urls(self) -> list[URLPattern]:
        """Add the three pages before Django's."""
        views = (("data", self.data_page), ("export", self.export_now), ("erase", self.erase_now))
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"usage_person_{name}")
            for name, view in views
        ]
        return [*own, *super().get_urls()]

    @action(
        description=gettext_lazy("Save or delete the data"),
        url_path="open-data",
        icon="shield_person",
        permissions=["handle"],
    )
    def open_data(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page with what is stored."""
        return HttpResponseRedirect(reverse("admin:usage_person_data", args=[object_id]))

    @method_decorator(require_GET)
    def data_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what is stored, and what would become of it."""
        user = self._person(request, pk)
        counts = [
            {"table": table, "fate": FATES[fate], "number": number}
            for table, fate, number in person_counts(user)
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("What IUM stores of %(person)s") % {"person": user},
            "person": user,
            "counts": counts,
            "obstacles": obstacles(user),
            "in_groups": user.jira_groups.filter(user_pools__isnull=False).distinct(),
        }
        return TemplateResponse(request, "admin/usage/person.html", context)

    @method_decorator(require_POST)
    def export_now(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Save everything as a file."""
        user = self._person(request, pk)
        text = person_export(user=user, at=clock.now(), actor=actor_of(request))
        response = HttpResponse(text, content_type="application/json; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="ium-person-{user.pk}.json"'
        response["Cache-Control"] = "no-store"
        return response

    @method_decorator(require_POST)
    def erase_now(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Delete, if the box was ticked."""
        user = self._person(request, pk)
        if not request.POST.get("sure"):
            self.message_user(request, _("Tick the box if you are sure."), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:usage_person_data", args=[pk]))
        try:
            person_erase(user_id=user.pk, at=clock.now(), actor=actor_of(request))
        except Refused as refusal:
            self.message_user(request, str(refusal.message), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:usage_person_data", args=[pk]))
        self.message_user(request, _("The data were deleted."), messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:usage_personaldata_changelist"))

    def _person(self, request: HttpRequest, pk: int) -> PersonalData:
        require(self.has_handle_permission(request))
        return get_object_or_404(PersonalData, pk=pk)
