"""Rules for groups, below the configuration of a pool."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.lib.admin import TabularInline
from slots.models import GroupRule, LicencePool

if TYPE_CHECKING:
    Base = BaseInlineFormSet[GroupRule, LicencePool, Any]
else:
    Base = BaseInlineFormSet


class GroupRuleFormSet(Base):
    """Checks the rules with the pool that they belong to, as it would be saved."""

    def clean(self) -> None:
        """Refuse groups that cannot be meant, and more reserved slots than there are."""
        super().clean()
        kept = [form for form in self.forms if not self._is_left_out(form)]
        for form in kept:
            self._check_group(form)
            self._check_cap(form)
        self._check_sum(sum(form.cleaned_data.get("reserved_slots") or 0 for form in kept))

    def _is_left_out(self, form: Any) -> bool:
        data = getattr(form, "cleaned_data", None)
        return not data or bool(data.get("DELETE"))

    def _check_group(self, form: Any) -> None:
        group, pool = form.cleaned_data.get("group"), self.instance
        if group is None:
            return
        if group.site_id != pool.site_id:
            text = _("“%(group)s” is a group of another site. Choose one of the pool's own.")
            form.add_error("group", text % {"group": group})
        elif group.pk in {pool.access_group_id, pool.user_group_id}:
            text = _(
                "Choose a group of some of the people: “%(group)s” is a group of the pool itself."
            )
            form.add_error("group", text % {"group": group})

    def _check_cap(self, form: Any) -> None:
        most, reserved = form.cleaned_data.get("max_slots"), form.cleaned_data.get("reserved_slots")
        if most is not None and reserved is not None and most < reserved:
            text = _(
                "At most %(most)s slots, but %(reserved)s are reserved: raise one or lower the other."
            )
            form.add_error("max_slots", text % {"most": most, "reserved": reserved})

    def _check_sum(self, reserved: int) -> None:
        pool = self.instance
        numbers = (pool.assigned_licences, pool.buffer_licences)
        if None in numbers:
            return  # the form says what is wrong with them
        if reserved > pool.slot_count:
            text = _(
                "Together %(reserved)s slots are reserved, but the pool gives out only %(limit)s."
            )
            raise ValidationError(text % {"reserved": reserved, "limit": pool.slot_count})

    def everything_is_reserved(self) -> bool:
        """Whether nobody outside the groups gets a slot while the groups' people wait."""
        limit = self.instance.slot_count
        rules = self.instance.rules.values_list("reserved_slots", flat=True)
        return limit > 0 and sum(rules) >= limit


class GroupRuleInline(TabularInline):
    """The rules for groups. Whoever may change the pool may change them."""

    model = GroupRule
    formset = GroupRuleFormSet
    fields = ("group", "places_ahead", "reserved_slots", "max_slots")
    autocomplete_fields = ("group",)
    ordering = ("pk",)
    extra = 0
    verbose_name_plural = gettext_lazy("Rules for groups (optional)")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Follow the pool."""
        return request.user.has_perm("slots.view_licencepool") or self._may(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Follow the pool."""
        return self._may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Follow the pool."""
        return self._may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Follow the pool."""
        return self._may(request)

    def _may(self, request: HttpRequest) -> bool:
        return request.user.has_perm("slots.change_licencepool")
