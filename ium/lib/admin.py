"""What all pages of the admin have in common: unfold with types, read-only pages, actions that ask first."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField, Model, QuerySet, URLField, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from simple_history.admin import SimpleHistoryAdmin

from ium.lib import clock

if TYPE_CHECKING:
    # unfold ships no types; its classes are Django's with another look.
    from django.contrib import admin

    ModelAdmin: TypeAlias = admin.ModelAdmin[Any]
    TabularInline: TypeAlias = admin.TabularInline[Any, Any]
    RadioFilter: TypeAlias = admin.SimpleListFilter
    Function = TypeVar("Function", bound=Callable[..., Any])

    def action(**options: Any) -> Callable[[Function], Function]:
        """Mark a method as an action."""

    def display(**options: Any) -> Callable[[Function], Function]:
        """Mark a method as a column."""
else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.contrib.filters.admin import RadioFilter
    from unfold.decorators import action, display

__all__ = [
    "AsOfMixin",
    "HistoryMixin",
    "ModelAdmin",
    "RadioFilter",
    "ReadOnlyMixin",
    "TabularInline",
    "action",
    "display",
]


# An address without a scheme means https. Both are needed until Django 6 makes it the default: for the class of a
# form, and for the form that the admin makes of it.
HTTPS_FIRST: dict[type[Any], dict[str, Any]] = {URLField: {"assume_scheme": "https"}}


def https_first(field: Any, **options: Any) -> Any:
    """Return a model field's form field. For `formfield_callback`."""
    return field.formfield(**{**options, **HTTPS_FIRST.get(type(field), {})})


class AsOf(TypedDict):
    """What AsOfMixin adds to a row."""

    as_of: Any


class AsOfMixin(ModelAdmin):
    """Gives every row `as_of`, the moment the page was asked for: one clock for all rows of a page."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add the moment to every row."""
        moment = Value(clock.now(), output_field=DateTimeField())
        rows: QuerySet[Any] = super().get_queryset(request).annotate(as_of=moment)
        return rows


class ReadOnlyMixin(ModelAdmin):
    """Rows that only IUM writes: to look at, and to act upon through services."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes rows by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes rows by hand."""
        return False


class HistoryMixin(SimpleHistoryAdmin):
    """A page whose earlier states can be looked at, and brought back by who may change it.

    The library lets everybody who may look bring a state back by sending the form that it does not show them.
    """

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an earlier state; a change needs the right to change."""
        if request.method == "POST" and not self.has_change_permission(request):
            raise PermissionDenied
        answer: HttpResponse = super().history_form_view(
            request, object_id, version_id, extra_context
        )
        return answer


class Question(TypedDict):
    """The dialog that an action shows before it does anything; unfold's form for it."""

    title: Any
    description: Any
    form_class: None
    form_submit_text: Any


def question(title: Any, description: Any, button: Any) -> Question:
    """Return the dialog for an action. It makes the action a POST: a link alone changes nothing."""
    return Question(title=title, description=description, form_class=None, form_submit_text=button)


def finished(request: HttpRequest, address: str) -> HttpResponse:
    """Leave an action's dialog for a page, whether htmx or the browser itself sent the form."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
