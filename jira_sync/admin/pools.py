"""The configuration of a pool with what Jira knows: which groups suit, how many licences there can be."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ium.directory.models import Product
from jira_sync.admin.pages import NotesGoTooMixin
from jira_sync.doctor.group_use import GUEST_ROLE, has_role
from jira_sync.doctor.services import GUEST_WARNING, LicenceSum, check_soon, licence_sum
from jira_sync.forms import SuitedPoolForm
from jira_sync.receivers import read_rule_groups
from slots.admin import LicencePoolAdmin
from slots.models import LicencePool

admin.site.unregister(LicencePool)


@admin.register(LicencePool)
class SuitedPoolAdmin(NotesGoTooMixin, LicencePoolAdmin):
    """Pools whose groups suit and whose licences exist."""

    form = SuitedPoolForm
    autocomplete_fields = []

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Count the licences before anything is locked: that asks Jira."""
        if request.method == "POST":
            counted = self._count(request, object_id)
            request.ium_licence_sum = counted  # type: ignore[attr-defined] # for get_form
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _count(self, request: HttpRequest, object_id: str | None) -> LicenceSum | None:
        """Return the sum for the pool as it would be saved; None when the form has other faults."""
        pool = self.get_object(request, object_id) if object_id else None
        if not self._may_save(request, pool):
            return None
        form = self.get_form(request, pool, change=pool is not None)(request.POST, instance=pool)
        return licence_sum(pool=form.instance) if form.is_valid() else None

    def _may_save(self, request: HttpRequest, pool: Any) -> bool:
        if pool is None:
            return bool(self.has_add_permission(request))
        return bool(self.has_change_permission(request, pool))

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Give the form what was counted."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.licence_sum = getattr(request, "ium_licence_sum", None)
        return form

    def save_model(self, request: HttpRequest, obj: LicencePool, form: Any, change: bool) -> None:
        """Save, say how many licences there are, and let a worker check the rest."""
        super().save_model(request, obj, form, change)
        check_soon(site_id=obj.site_id)
        if has_role(obj.user_group, Product.CONFLUENCE, GUEST_ROLE):
            self.message_user(request, str(GUEST_WARNING), messages.WARNING)
        counted: LicenceSum | None = form.licence_sum
        if counted is not None:
            level = messages.INFO if counted.fits else messages.WARNING
            text = _("Licences: %(sum)s.") % {"sum": counted.sentence.rstrip(".")}
            self.message_user(request, text, level)

    def rules_saved(self, pool: LicencePool) -> None:
        """Let a worker read who is in the groups; until then the rules hold for those known so far."""
        transaction.on_commit(read_rule_groups)
