"""Names in what IUM recorded: hidden until somebody with the right to see them asks, and that is in the journal.

Pages on which people are acted upon (slots, queue, devices, users) show whom; what looks back shows pseudonyms.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import BooleanField, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy

from ium.directory.models import User
from ium.lib import clock
from ium.lib.admin import ModelAdmin, action, finished, question
from ium.lib.pseudonyms import pseudonym
from slots.admin.operating import actor_of
from slots.models import Event
from slots.services.journal import journal_write

PERMISSION = "usage.view_names"
SHOWN_FOR = timedelta(hours=1)
SHOW = gettext_lazy("Show names")
HIDE = gettext_lazy("Hide names")
WITH_NAMES = gettext_lazy("Export as CSV with names")
_UNTIL = "names_shown_until"


def may_see_names(request: HttpRequest) -> bool:
    """Tell whether the person may ask for names at all."""
    return bool(request.user.has_perm(PERMISSION))


def names_shown(request: HttpRequest) -> bool:
    """Tell whether this browser asked for names within the last hour, and still may see them."""
    # Some callers have no session: programs with a token.
    session: SessionBase | None = getattr(request, "session", None)
    until = float(session.get(_UNTIL, 0)) if session is not None else 0
    return clock.now().timestamp() < until and may_see_names(request)


def hidden(user: User) -> str:
    """Return what somebody is called where names are hidden."""
    return pseudonym(user.pk)


def naming(*, shown: bool) -> Callable[[User], str]:
    """Return what turns a person into text."""
    return str if shown else hidden


def note_reveal(request: HttpRequest, *, what: str, **details: Any) -> None:
    """Write who gets to see names, of what, and when."""
    journal_write(
        event=Event.NAMES_SHOWN, at=clock.now(), actor=actor_of(request), reason=what, **details
    )


class NamesMixin(ModelAdmin):
    """A list of what people did: `named(row)` is true where names may be written."""

    actions_list = ["show_names", "hide_names"]

    def has_reveal_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may ask for names."""
        return may_see_names(request) and self.has_view_permission(request)

    def has_conceal_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what is shown can be hidden again."""
        return self.has_view_permission(request) and names_shown(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Note on each row whether names are shown: a page serves many people at once."""
        shown = Value(names_shown(request), output_field=BooleanField())
        rows: QuerySet[Any] = super().get_queryset(request).annotate(names_shown=shown)
        return rows

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Without names nobody can be looked for by name: the answer would tell whose pseudonym it is."""
        return super().get_search_fields(request) if names_shown(request) else ()

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Refuse what chooses rows by person in the address: it would tell whose pseudonym it is."""
        by_person = lookup.split("__", maxsplit=1)[0].removesuffix("_id") in {
            "user",
            "actor",
            "entry",
            "details",
        }
        if by_person and not (request is not None and names_shown(request)):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the details where names are hidden: what Jira said may hold some."""
        fields = super().get_fields(request, obj)
        if names_shown(request):
            return fields
        return [field for field in fields if field != "details"]

    @action(
        description=SHOW,
        icon="visibility",
        url_path="show-names",
        permissions=["reveal"],
        dialog=question(
            SHOW,
            gettext_lazy(
                "For one hour you see names instead of pseudonyms on the pages of what was recorded. The journal says"
                " that you asked for them."
            ),
            SHOW,
        ),
    )
    def show_names(self, request: HttpRequest, form: object) -> HttpResponse:
        """Show names to this browser for an hour."""
        note_reveal(request, what="pages", page=str(self.opts.label_lower))
        request.session[_UNTIL] = (clock.now() + SHOWN_FOR).timestamp()
        return finished(request, self._list())

    @action(
        description=HIDE,
        icon="visibility_off",
        url_path="hide-names",
        permissions=["conceal"],
        dialog=question(HIDE, gettext_lazy("Pseudonyms take the place of the names again."), HIDE),
    )
    def hide_names(self, request: HttpRequest, form: object) -> HttpResponse:
        """Hide names from this browser again."""
        request.session.pop(_UNTIL, None)
        return finished(request, self._list())

    def _list(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


def person_of(row: Any, user: User | None) -> str | None:
    """Return what the person of a row of a NamesMixin list is called there."""
    return naming(shown=row.names_shown)(user) if user is not None else None
