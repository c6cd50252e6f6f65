"""The look of the queue page: a form with a live preview beside it, in every language, light and dark."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_POST

from ium.lib.admin import HistoryMixin, ModelAdmin, display
from slots.forms_branding import CODES, QueueBrandingForm, field_name, language_name
from slots.models import QueueBranding
from slots.queue_page.look import Look, first_text, first_with, style_sheet
from slots.queue_page.markdown import message_html


def _text_fieldsets() -> list[Any]:
    return [
        (language_name(code), {"fields": [field_name("title", code), field_name("message", code)]})
        for code in CODES
    ]


@admin.register(QueueBranding)
class QueueBrandingAdmin(HistoryMixin, ModelAdmin):
    """One look for all pools, and one for each pool that wants its own."""

    form = QueueBrandingForm
    list_display = ["name", "colour", "has_logo", "languages"]
    list_select_related = ["pool"]
    warn_unsaved_form = True
    change_form_after_template = "admin/slots/branding_preview.html"
    fieldsets = [
        (gettext_lazy("Whose look"), {"fields": ["pool"]}),
        *_text_fieldsets(),
        (gettext_lazy("Logo"), {"fields": ["logo_file", "logo_remove"]}),
        (gettext_lazy("Colours and help"), {"fields": ["colour", "dark_colour", "help_url"]}),
    ]

    class Media:
        css = {"all": ["ium/admin.css"]}
        js = ["ium/branding.js"]

    @display(description=gettext_lazy("for"))
    def name(self, branding: QueueBranding) -> str:
        """Whose look it is."""
        return str(branding)

    @display(description=gettext_lazy("logo"), boolean=True)
    def has_logo(self, branding: QueueBranding) -> bool:
        """Whether there is a picture."""
        return bool(branding.logo_digest)

    @display(description=gettext_lazy("texts"))
    def languages(self, branding: QueueBranding) -> str:
        """In which languages there are texts."""
        return ", ".join(language_name(code) for code in branding.texts if code in CODES) or "-"

    def get_urls(self) -> list[URLPattern]:
        """Add the preview."""
        view = self.admin_site.admin_view(require_POST(self.preview))
        own = path("preview/", view, name="slots_queuebranding_preview")
        return [own, *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Show what the form would make of the page, without saving anything."""
        row = QueueBranding.objects.filter(pk=_number(request.GET.get("row", ""))).first()
        if not (self.has_change_permission(request, row) or self.has_add_permission(request)):
            raise PermissionDenied
        form = QueueBrandingForm(request.POST, request.FILES, instance=row)
        problems = (
            [] if form.is_valid() else [str(text) for each in form.errors.values() for text in each]
        )
        sources = _sources(form.instance)
        return JsonResponse(
            {
                "html": "".join(_page_in(code, sources) for code in CODES),
                "style": _style(sources),
                "problems": problems,
                "notices": form.notices() if not problems else [],
            }
        )

    def save_model(
        self, request: HttpRequest, obj: QueueBranding, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Save, and say what had to be changed."""
        super().save_model(request, obj, form, change)
        for notice in form.notices():  # type: ignore[attr-defined] # it is a QueueBrandingForm
            self.message_user(request, notice, messages.WARNING)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Tell the page where its preview is."""
        address = reverse("admin:slots_queuebranding_preview", query={"row": object_id or ""})
        context = {**(extra_context or {}), "preview_url": address}
        return super().changeform_view(request, object_id, form_url, context)


def _number(text: str) -> int:
    """Return the number of a row; 0, which none has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _sources(branding: QueueBranding) -> list[QueueBranding]:
    """Return the look, and the one that fills its gaps."""
    if branding.pool_id is None:
        return [branding]
    return [branding, *QueueBranding.objects.filter(pool=None)]


def _style(sources: list[QueueBranding]) -> str:
    branding = first_with(sources, "colour")
    if branding is None:
        return ""
    return style_sheet(branding.colour, branding.dark_colour or branding.colour)


def _page_in(code: str, sources: list[QueueBranding]) -> str:
    """Return the part of the page that the look changes, as somebody who waits reads it in this language."""
    logo, help_page = first_with(sources, "logo"), first_with(sources, "help_url")
    with override(code):
        context = {
            "language": code[:2],
            "language_name": language_name(code),
            "pool": sources[0].pool or _("Jira"),
            "look": Look(
                title=first_text(sources, "title"),
                message=message_html(first_text(sources, "message")),
                help_url=help_page.help_url if help_page else "",
                logo_url=f"data:{logo.logo_type};base64,{logo.logo}" if logo else "",
            ),
        }
        return render_to_string("admin/slots/branding_page.html", context)
