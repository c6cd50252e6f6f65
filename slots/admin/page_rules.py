"""The rules about pages: one row, made when somebody first changes something."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.lib.admin import HistoryMixin, ModelAdmin, display
from slots.models import PageRules
from slots.pages import ACCESS_REQUEST_URLS, FREE_PATHS, FREE_PROJECT_TYPES, rules_now

if TYPE_CHECKING:
    RulesModelForm: TypeAlias = forms.ModelForm[PageRules]
else:
    RulesModelForm = forms.ModelForm

# Field, what it means, and what holds while it is empty.
FIELDS: dict[str, tuple[Any, list[str]]] = {
    "free_paths": (
        gettext_lazy(
            "Regular expressions for the beginning of paths, one a line. Only simple ones are taken: letters, sets,"
            " choices in parentheses, and * + ? after single characters."
        ),
        FREE_PATHS,
    ),
    "free_project_types": (
        gettext_lazy("As Jira calls them, one a line: pages of such projects need no slot."),
        FREE_PROJECT_TYPES,
    ),
    "access_request_urls": (
        gettext_lazy(
            "Beginnings of addresses, one a line: from there the extension leads to the queue."
        ),
        ACCESS_REQUEST_URLS,
    ),
    "minimum_extension_version": (
        gettext_lazy("People with an older one are asked to update it. Empty: every one will do."),
        [],
    ),
}


class PageRulesForm(RulesModelForm):
    """Rules about pages; what is built in stands below each field."""

    class Meta:
        model = PageRules
        fields = list(FIELDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say what holds while a field is empty."""
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            about, built_in = FIELDS[name]
            field.help_text = f"{about} {_of_empty(built_in)}".strip()
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = max(3, len(built_in))


def _of_empty(built_in: list[str]) -> str:
    if not built_in:
        return ""
    return _("Empty means what is built in: %(list)s") % {"list": "  ".join(built_in)}


@admin.register(PageRules)
class PageRulesAdmin(HistoryMixin, ModelAdmin):
    """Which pages need a slot. Emptying a field brings the built-in rules back."""

    form = PageRulesForm
    warn_unsaved_form = True
    list_display = ["name", "paths", "types", "minimum_extension_version"]

    @display(description=gettext_lazy("page rules"))
    def name(self, rules: PageRules) -> str:
        """The row's only name."""
        return str(rules)

    @display(description=gettext_lazy("pages that need no slot"))
    def paths(self, rules: PageRules) -> str:
        """How many rules hold, and whose they are."""
        return _from(len(rules_now().free_paths), own=bool(rules.free_paths))

    @display(description=gettext_lazy("project types that need no slot"))
    def types(self, rules: PageRules) -> str:
        """The types that hold."""
        return ", ".join(rules_now().free_project_types)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """One row is enough."""
        return super().has_add_permission(request) and not PageRules.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: PageRules | None = None) -> bool:
        """Emptying the fields does the same, and stays in the history."""
        return False

    def save_model(self, request: HttpRequest, obj: PageRules, form: Any, change: bool) -> None:
        """Save it as the one row."""
        obj.pk = 1
        super().save_model(request, obj, form, change)


def _from(number: int, *, own: bool) -> str:
    text = _("%(number)d of your own") if own else _("%(number)d built in")
    return text % {"number": number}
