"""The configuration screen: one pool, everything about it on one page."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import F, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.lib import clock
from ium.lib.admin import HTTPS_FIRST, AsOfMixin, HistoryMixin, ModelAdmin, display
from ium.lib.errors import Busy
from slots.admin.group_rules import GroupRuleFormSet, GroupRuleInline
from slots.admin.operating import actor_of
from slots.admin.pool_actions import PoolActionsMixin
from slots.forms import LicencePoolForm
from slots.models import LicencePool
from slots.overview import PoolState, numbers_of, pool_card, state_of, with_numbers
from slots.services import group_rules_changed, pool_apply_limit, pool_lock

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf
    from slots.overview import PoolCounts

    class _Shown(AsOf, PoolCounts):
        """What the list adds to a pool."""

    ShownPool = WithAnnotations[LicencePool, _Shown]

STATE_COLOURS = {
    PoolState.ON: "success",
    PoolState.DRY_RUN: "info",
    PoolState.MEASURING: "info",
    PoolState.PAUSED: "warning",
    PoolState.DOWN: "danger",
    PoolState.OFF: "default",
}


@admin.register(LicencePool)
class LicencePoolAdmin(PoolActionsMixin, HistoryMixin, AsOfMixin, ModelAdmin):
    """Pools with their numbers; adding and changing goes through the form's rules and the pool lock."""

    form = LicencePoolForm
    formfield_overrides = HTTPS_FIRST
    list_display = [
        "name",
        "product",
        "site",
        "limit",
        "used",
        "free",
        "waiting",
        "draining",
        "state",
    ]
    list_select_related = ["site"]
    search_fields = ["name", "key"]
    autocomplete_fields = ["access_group", "user_group"]
    prepopulated_fields = {"key": ["name"]}
    radio_fields = {"first_attempt": admin.VERTICAL}
    warn_unsaved_form = True
    change_form_outer_before_template = "admin/slots/pool_numbers.html"
    inlines = [GroupRuleInline]
    fieldsets = [
        (
            gettext_lazy("Pool and site"),
            {"fields": [("name", "key"), ("site", "product"), ("enabled", "dry_run"), "measuring"]},
        ),
        (gettext_lazy("Groups in Jira"), {"fields": [("access_group", "user_group")]}),
        (gettext_lazy("Licences"), {"fields": [("assigned_licences", "buffer_licences")]}),
        (
            gettext_lazy("Inactivity and removal"),
            {
                "fields": [
                    ("inactivity_minutes", "sweep_interval_minutes"),
                    ("warning_seconds", "minimum_hold_seconds"),
                    ("lock_minutes", "reclaim_on_request"),
                ]
            },
        ),
        (
            gettext_lazy("Queue"),
            {
                "fields": [
                    ("queue_timer_seconds", "claim_seconds"),
                    ("place_kept_seconds", "access_delay_seconds"),
                    "assumed_hold_minutes",
                    ("wait_alert_minutes", "wait_alert_webhook"),
                ]
            },
        ),
        (gettext_lazy("Options"), {"fields": [("first_attempt", "automatic_login")]}),
        (gettext_lazy("Extension"), {"fields": [("extension_check", "covers_confluence")]}),
    ]

    class Media:
        css = {"all": ["ium/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add every pool's numbers, in the one query of the list."""
        return with_numbers(super().get_queryset(request), clock.now()).select_related("site")

    @display(description=gettext_lazy("limit"))
    def limit(self, pool: LicencePool) -> int:
        """Slots given out at most."""
        return pool.slot_count

    @display(description=gettext_lazy("used"))
    def used(self, pool: "ShownPool") -> int:
        """Slots given, being given, being taken."""
        return pool.slots_granting + pool.slots_active + pool.slots_revoking

    @display(description=gettext_lazy("free"), ordering=F("slots_free"))
    def free(self, pool: "ShownPool") -> int:
        """Slots nobody has."""
        return pool.slots_free

    @display(description=gettext_lazy("waiting"), ordering=F("people_waiting"))
    def waiting(self, pool: "ShownPool") -> int:
        """People who wait and are there."""
        return pool.people_waiting

    @display(description=gettext_lazy("draining"))
    def draining(self, pool: "ShownPool") -> int:
        """Slots above the limit."""
        return max(0, self.used(pool) + pool.slots_free - pool.slot_count)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state(self, pool: "ShownPool") -> tuple[str, str]:
        """How the pool works at the moment."""
        state = state_of(pool, pool.as_of)
        return state, str(state.label)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show the pool's numbers above the form; check and save under the pool lock."""
        pool = self.get_object(request, unquote(object_id)) if object_id else None
        context = {**(extra_context or {}), "card": self._card(request, pool)}
        with transaction.atomic():
            if refusal := self._refuse_busy(request, pool):
                return refusal
            return super().changeform_view(request, object_id, form_url, context)

    def _card(self, request: HttpRequest, pool: Any) -> dict[str, Any] | None:
        if pool is None:
            return None
        undeletable = self._may_delete(request) and not self.has_delete_permission(request, pool)
        return {**pool_card(numbers_of(pool, pool.as_of), pool.as_of), "undeletable": undeletable}

    def history_form_view(
        self, request: HttpRequest, object_id: str, *rest: Any, **more: Any
    ) -> Any:
        """Restore older settings by the same rules as any change."""
        with transaction.atomic():
            if refusal := self._refuse_busy(request, self.get_object(request, unquote(object_id))):
                return refusal
            return super().history_form_view(request, object_id, *rest, **more)

    def _refuse_busy(self, request: HttpRequest, pool: LicencePool | None) -> HttpResponse | None:
        """Lock the pool for a change: what the form finds true must still be true when it is saved."""
        if pool is None or request.method != "POST":
            return None
        try:
            pool_lock(pool.pk)
        except Busy as busy:
            self.message_user(request, str(busy.message), messages.ERROR)
            return HttpResponseRedirect(request.path)
        return None

    def save_model(
        self, request: HttpRequest, obj: LicencePool, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Save the settings, make the slot rows fit them, and say what they mean."""
        super().save_model(request, obj, form, change)
        pool_apply_limit(pool_id=obj.pk, at=clock.now(), actor=actor_of(request))
        for notice in form.notices():  # type: ignore[attr-defined] # it is a LicencePoolForm
            self.message_user(request, notice, messages.WARNING)

    def save_related(
        self, request: HttpRequest, form: "ModelForm[Any]", formsets: Any, change: bool
    ) -> None:
        """Save the rules for groups too, and let them take effect."""
        super().save_related(request, form, formsets, change)
        rules = [one for one in formsets if isinstance(one, GroupRuleFormSet) and one.has_changed()]
        if not rules:
            return
        pool = form.instance
        group_rules_changed(pool_id=pool.pk, at=clock.now(), actor=actor_of(request))
        self.rules_saved(pool)
        if rules[0].everything_is_reserved():
            text = _(
                "All slots are reserved: while people of these groups wait, nobody else gets a slot."
            )
            self.message_user(request, text, messages.WARNING)

    def rules_saved(self, pool: LicencePool) -> None:
        """Hook for those who read the members of the groups."""

    def _may_delete(self, request: HttpRequest) -> bool:
        return bool(super().has_delete_permission(request))

    def has_delete_permission(self, request: HttpRequest, obj: LicencePool | None = None) -> bool:
        """Only a pool that never did anything can be deleted, and never several at once."""
        return (
            self._may_delete(request)
            and obj is not None
            and not obj.slots.exists()
            and not obj.journal.exists()
        )

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say why a pool cannot be deleted and what to do instead."""
        pool = self.get_object(request, unquote(object_id))
        allowed = self.has_delete_permission(request, pool)
        if pool is not None and self._may_delete(request) and not allowed:
            text = _(
                "%(pool)s cannot be deleted: it has slots or a journal, which explains who had access when."
                " Switch the pool off instead."
            )
            self.message_user(request, text % {"pool": pool}, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:slots_licencepool_change", args=[pool.pk]))
        return super().delete_view(request, object_id, extra_context)
