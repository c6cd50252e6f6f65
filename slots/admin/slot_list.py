"""Who has a slot, since when, and for how long inactive."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from ium.directory.models import User
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
from ium.lib.spans import relative, span, when
from slots.admin.operating import OperateMixin, actor_of
from slots.models import Slot, SlotState
from slots.overview import with_idle_since
from slots.services import slot_repair, slot_take_back
from slots.stuck import stuck_slots, why_waiting, with_used

if TYPE_CHECKING:
    from datetime import datetime

    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf

    class _Shown(AsOf):
        """What the list adds to a slot."""

        idle_since: datetime | None
        pool_used: int

    ShownSlot = WithAnnotations[Slot, _Shown]

STATE_COLOURS = {
    SlotState.FREE: "default",
    SlotState.GRANTING: "info",
    SlotState.ACTIVE: "success",
    SlotState.REVOKING: "warning",
    "warned": "danger",
}
TAKE_BACK = gettext_lazy("Take the slot back")
TAKEN_BACK = ngettext_lazy(
    "%(number)s slot is being taken back; it is free when Jira has confirmed it.",
    "%(number)s slots are being taken back; each is free when Jira has confirmed it.",
    "number",
)


REPAIR = gettext_lazy("Try again now")
REPAIRED = ngettext_lazy(
    "Jira is asked about %(number)s slot now; it changes when Jira has answered.",
    "Jira is asked about %(number)s slots now; each changes when Jira has answered.",
    "number",
)


class StuckFilter(RadioFilter):
    """Only slots whose change takes long."""

    title = gettext_lazy("takes long")
    parameter_name = "stuck"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer the one choice there is."""
        return [("1", gettext_lazy("being given or taken for long"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list."""
        return stuck_slots(queryset, clock.now()) if self.value() == "1" else queryset


def repair(slot: Slot, actor: User) -> bool:
    """Let the change that a slot wants be tried at once."""
    return slot_repair(slot_id=slot.pk, at=clock.now(), actor=actor)


def take_back(slot: Slot, actor: User) -> bool:
    """Take one slot back at the administrator's word."""
    return slot_take_back(slot_id=slot.pk, at=clock.now(), actor=actor)


@admin.register(Slot)
class SlotAdmin(OperateMixin, ReadOnlyMixin, AsOfMixin, ModelAdmin):
    """Slots to look at; the only thing to do is to take one back."""

    list_display = [
        "number",
        "pool",
        "status",
        "person",
        "last_activity",
        "idle",
        "in_use_since",
        "removal",
        "attempts",
        "waits_for",
    ]
    list_select_related = ["pool__site", "holder"]
    list_filter = [
        ("pool", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        StuckFilter,
    ]
    list_filter_submit = True
    list_fullwidth = True
    search_fields = ["holder__display_name", "holder__email", "holder__account_id"]
    search_help_text = gettext_lazy("Name, e-mail or account id of the holder")
    ordering = ["pool", F("granted_at").asc(nulls_last=True), "pk"]
    actions = ["take_back_selected", "repair_selected"]
    actions_row = ["take_back_row"]
    actions_detail = ["take_back_row"]
    fields = [
        ("pool", "state"),
        ("person", "last_activity"),
        ("in_use_since", "idle"),
        ("warned_at", "removal"),
        ("loss_reason", "attempts"),
        "waits_for",
        "last_error",
    ]
    readonly_fields = ["waits_for", "person", "last_activity", "in_use_since", "idle", "removal"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add the last activity of every holder."""
        return with_used(with_idle_since(super().get_queryset(request)))

    @display(description=gettext_lazy("slot"), ordering="pk")
    def number(self, slot: Slot) -> str:
        """A name for the row."""
        return f"#{slot.pk}"

    @display(description=gettext_lazy("state"), ordering="state", label=STATE_COLOURS)
    def status(self, slot: Slot) -> tuple[str, str]:
        """The state, and whether the holder is warned."""
        if slot.warned_at is not None:
            return "warned", str(gettext_lazy("warned"))
        return slot.state, slot.get_state_display()

    @display(description=gettext_lazy("holder"), ordering="holder__display_name")
    def person(self, slot: Slot) -> User | None:
        """Who has it."""
        return slot.holder

    @display(description=gettext_lazy("last activity"), ordering="idle_since")
    def last_activity(self, slot: "ShownSlot") -> SafeString:
        """When the holder was last active, or when the clock was last restarted."""
        return when(slot.idle_since, slot.as_of)

    @display(description=gettext_lazy("idle"), ordering="idle_since")
    def idle(self, slot: "ShownSlot") -> str | None:
        """For how long the holder has been inactive; only a slot in use counts."""
        if slot.idle_since is None or slot.state != SlotState.ACTIVE:
            return None
        return span((slot.as_of - slot.idle_since).total_seconds())

    @display(description=gettext_lazy("in use since"), ordering="confirmed_at")
    def in_use_since(self, slot: "ShownSlot") -> SafeString:
        """When Jira confirmed the access."""
        return when(slot.confirmed_at, slot.as_of)

    @display(description=gettext_lazy("removal"), ordering="revoke_at")
    def removal(self, slot: "ShownSlot") -> str | None:
        """When a warned holder loses the slot."""
        return relative(slot.revoke_at, slot.as_of) if slot.revoke_at is not None else None

    @display(description=gettext_lazy("waits for"))
    def waits_for(self, slot: "ShownSlot") -> str | None:
        """Why a change is not done yet."""
        return why_waiting(slot, slot.pool_used, slot.as_of) or None

    @action(description=REPAIR, permissions=["operate"])
    def repair_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Let the changes of the selected slots be tried at once."""
        self.act(request, queryset, lambda slot: repair(slot, actor_of(request)), REPAIRED)

    @action(description=TAKE_BACK, permissions=["operate"])
    def take_back_selected(self, request: HttpRequest, queryset: Any) -> None:
        """Take the selected slots back."""
        self.act(request, queryset, lambda slot: take_back(slot, actor_of(request)), TAKEN_BACK)

    @action(
        description=TAKE_BACK,
        url_path="take-back",
        icon="person_remove",
        permissions=["operate"],
        dialog=question(
            TAKE_BACK,
            gettext_lazy(
                "The holder loses access to Jira at once, without a warning."
                " Unsaved text in an open editor may be lost."
            ),
            TAKE_BACK,
        ),
    )
    def take_back_row(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Take this slot back."""
        slots = Slot.objects.filter(pk=object_id)
        self.act(request, slots, lambda slot: take_back(slot, actor_of(request)), TAKEN_BACK)
        return finished(request, reverse("admin:slots_slot_changelist"))
