"""Who waits, in the order of service."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter

from ium.lib import clock
from ium.lib.admin import (
    AsOfMixin,
    ModelAdmin,
    RadioFilter,
    ReadOnlyMixin,
    action,
    display,
    finished,
    question,
)
from ium.lib.spans import span, when
from slots import services
from slots.admin.operating import OperateMixin, actor_of
from slots.eta import Timetable, shown
from slots.eta_facts import timetable_of
from slots.models import QueueEntry
from slots.models.queue import IN_ORDER
from slots.overview import with_people_ahead
from slots.place import reasons_of

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf

    class _Shown(AsOf):
        """What the list adds to an entry."""

        ahead: int

    ShownEntry = WithAnnotations[QueueEntry, _Shown]

PRESENCE_COLOURS = {"alive": "success", "silent": "warning", "closed": "default"}
MOVE_UP, MOVE_TO_END, REMOVE, GIVE = (
    gettext_lazy("Move to the front"),
    gettext_lazy("Move to the end"),
    gettext_lazy("Remove from the queue"),
    gettext_lazy("Give a slot"),
)
Service = Callable[..., None]
# Per action: the service, and what is said when it worked.
STEPS: dict[str, tuple[Service, Any]] = {
    "move_up": (
        services.queue_entry_move_up,
        ngettext_lazy(
            "%(number)s person now stands at the front of the queue.",
            "%(number)s people now stand at the front of the queue.",
            "number",
        ),
    ),
    "move_to_end": (
        services.queue_entry_move_to_end,
        ngettext_lazy(
            "%(number)s person now stands at the end of the queue.",
            "%(number)s people now stand at the end of the queue.",
            "number",
        ),
    ),
    "remove": (
        services.queue_entry_remove,
        ngettext_lazy(
            "%(number)s person was taken out of the queue.",
            "%(number)s people were taken out of the queue.",
            "number",
        ),
    ),
    "give": (
        services.queue_give_slot,
        ngettext_lazy(
            "%(number)s person is being given a slot.",
            "%(number)s people are being given a slot.",
            "number",
        ),
    ),
}


class OpenFilter(RadioFilter):
    """People who wait, unless the others are asked for."""

    title = gettext_lazy("wait")
    parameter_name = "wait"
    all_option = None

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the choices."""
        return [("open", gettext_lazy("waiting")), ("closed", gettext_lazy("ended"))]

    def value(self) -> str:
        """Return the choice; nothing chosen means those who wait."""
        return super().value() or "open"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the entries that were chosen."""
        return queryset.filter(closed_at__isnull=self.value() == "open")


@admin.register(QueueEntry)
class QueueEntryAdmin(OperateMixin, ReadOnlyMixin, AsOfMixin, ModelAdmin):
    """The queue to look at; an administrator can move, remove and serve people."""

    list_display = [
        "place",
        "user",
        "pool",
        "waited",
        "presence",
        "expected",
        "last_seen",
        "standing",
    ]
    list_display_links = ["user"]
    list_select_related = ["user", "pool"]
    list_filter = [OpenFilter, ("pool", RelatedDropdownFilter)]
    list_filter_submit = True
    show_full_result_count = False
    search_fields = ["user__display_name", "user__email", "user__account_id"]
    search_help_text = gettext_lazy("Name, e-mail or account id")
    ordering = ["pool", *IN_ORDER]
    actions = ["move_up_selected", "move_to_end_selected", "give_selected", "remove_selected"]
    actions_row = ["give_row", "move_up_row", "move_to_end_row", "remove_row"]
    list_before_template = "admin/slots/read_at.html"
    fields = [
        ("user", "pool"),
        ("place", "alive_until"),
        ("joined_at", "seen_at"),
        ("priority", "places_ahead"),
        ("seq", "misses"),
        ("closed_at", "close_reason"),
    ]
    readonly_fields = ["place"]

    class Media:
        js = ["ium/live_list.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add how many people stand before each."""
        return with_people_ahead(super().get_queryset(request), clock.now())

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Work out how fast each pool's queue moves, once per pool on the page."""
        page = super().get_changelist_instance(request)
        timetables: dict[int, Timetable | None] = {}
        for entry in page.result_list:
            if entry.pool_id not in timetables:
                timetables[entry.pool_id] = timetable_of(entry.pool, entry.as_of)
            entry.timetable = timetables[entry.pool_id]
        self._add_reasons(page.result_list)
        return page

    def _add_reasons(self, entries: Any) -> None:
        """Say whom a group's cap keeps waiting and whom a reserved slot is for: three queries per pool with rules."""
        reasons: dict[tuple[int, int], str] = {}
        pools = {entry.pool for entry in entries if entry.pool.has_group_rules}
        for pool in pools:
            people = [entry.user_id for entry in entries if entry.pool_id == pool.pk]
            reasons |= {(pool.pk, user): why for user, why in reasons_of(pool, people).items()}
        for entry in entries:
            waits = entry.closed_at is None
            entry.place_reason = reasons.get((entry.pool_id, entry.user_id), "") if waits else ""

    @display(description=gettext_lazy("place"))
    def place(self, entry: "ShownEntry") -> int | None:
        """The position; those who are silent are not counted."""
        return entry.ahead + 1 if entry.closed_at is None else None

    @display(description=gettext_lazy("waited"), ordering="joined_at")
    def waited(self, entry: "ShownEntry") -> str:
        """For how long."""
        return span(((entry.closed_at or entry.as_of) - entry.joined_at).total_seconds())

    @display(description=gettext_lazy("there?"), label=PRESENCE_COLOURS)
    def presence(self, entry: "ShownEntry") -> tuple[str, str]:
        """Whether the person is still asking, or how the wait ended."""
        if entry.closed_at is not None:
            return "closed", entry.get_close_reason_display()
        if entry.alive_until >= entry.as_of:
            return "alive", _("there")
        return "silent", _("silent, skipped")

    @display(description=gettext_lazy("expected wait"))
    def expected(self, entry: Any) -> str | None:
        """The expected wait as a range, once enough stays were seen."""
        timetable = entry.timetable if entry.closed_at is None else None
        wait = timetable.wait(entry.ahead) if timetable is not None else None
        if wait is None:
            return None
        low, high = shown(wait)
        return _("%(low)s to %(high)s") % {"low": span(low), "high": span(high)}

    @display(description=gettext_lazy("last seen"), ordering="seen_at")
    def last_seen(self, entry: "ShownEntry") -> SafeString:
        """When the person's browser last asked."""
        return when(entry.seen_at, entry.as_of)

    @display(description=gettext_lazy("why here"))
    def standing(self, entry: Any) -> str:
        """What puts the person before or behind others, beside the order of joining."""
        parts = [entry.place_reason] if entry.place_reason else []
        if entry.priority > 0:
            parts.append(_("moved to the front"))
        if entry.places_ahead:
            parts.append(_("%(number)s places ahead") % {"number": entry.places_ahead})
        if entry.misses:
            parts.append(_("missed a slot"))
        return ", ".join(parts) or _("in order of joining")

    def _do(self, request: HttpRequest, entries: Any, name: str) -> None:
        service, done = STEPS[name]
        self.act(
            request,
            entries,
            lambda entry: service(entry_id=entry.pk, at=clock.now(), actor=actor_of(request)),
            done,
        )

    def _do_one(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        self._do(request, QueueEntry.objects.select_related("user").filter(pk=object_id), name)
        return finished(request, reverse("admin:slots_queueentry_changelist"))

    @action(description=MOVE_UP, permissions=["operate"])
    def move_up_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Put the selected people first; the last of them before the others would turn their order round."""
        self._do(request, reversed(list(queryset)), "move_up")

    @action(description=MOVE_TO_END, permissions=["operate"])
    def move_to_end_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Put the selected people last, in their own order."""
        self._do(request, queryset, "move_to_end")

    @action(description=GIVE, permissions=["operate"])
    def give_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Give the selected people free slots."""
        self._do(request, queryset, "give")

    @action(description=REMOVE, permissions=["operate"])
    def remove_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Take the selected people out."""
        self._do(request, queryset, "remove")

    @action(
        description=MOVE_UP,
        url_path="move-up",
        icon="vertical_align_top",
        permissions=["operate"],
        dialog=question(
            MOVE_UP, gettext_lazy("This person is served before everybody else who waits."), MOVE_UP
        ),
    )
    def move_up_row(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Put this person first."""
        return self._do_one(request, object_id, "move_up")

    @action(
        description=MOVE_TO_END,
        url_path="move-to-end",
        icon="vertical_align_bottom",
        permissions=["operate"],
        dialog=question(
            MOVE_TO_END,
            gettext_lazy("This person waits as if they had joined just now."),
            MOVE_TO_END,
        ),
    )
    def move_to_end_row(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Put this person last."""
        return self._do_one(request, object_id, "move_to_end")

    @action(
        description=GIVE,
        url_path="give",
        icon="key",
        permissions=["operate"],
        dialog=question(
            GIVE,
            gettext_lazy(
                "Gives this person a free slot now, before their turn. If none is free, take one back first: the limit"
                " holds for administrators too."
            ),
            GIVE,
        ),
    )
    def give_row(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Give this person a free slot."""
        return self._do_one(request, object_id, "give")

    @action(
        description=REMOVE,
        url_path="remove",
        icon="person_remove",
        permissions=["operate"],
        dialog=question(
            REMOVE,
            gettext_lazy(
                "This person loses the place. Asking again starts at the end of the queue."
            ),
            REMOVE,
        ),
    )
    def remove_row(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Take this person out."""
        return self._do_one(request, object_id, "remove")
