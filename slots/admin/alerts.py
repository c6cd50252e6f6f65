"""Alerts: what administrators are told of, and a message to try the way."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from ium.lib import clock
from ium.lib.admin import (
    AsOfMixin,
    HistoryMixin,
    ModelAdmin,
    action,
    display,
    finished,
    question,
)
from ium.lib.errors import Refused
from ium.lib.spans import when
from slots.models import AlertRule
from slots.services import alert_test

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf

    ShownRule = WithAnnotations[AlertRule, AsOf]

TEST = gettext_lazy("Send a test message")


@admin.register(AlertRule)
class AlertRuleAdmin(AsOfMixin, HistoryMixin, ModelAdmin):
    """One rule per pool and kind. Waits have an option of the pool's own ("tell of waits above")."""

    list_display = ["kind", "pool", "threshold", "status", "lasting", "enabled"]
    list_select_related = ["pool"]
    list_filter = [("pool", RelatedDropdownFilter), ("kind", ChoicesDropdownFilter)]
    list_filter_submit = True
    ordering = ["pool", "kind"]
    fields = [("pool", "kind"), ("threshold", "enabled"), ("quiet_from", "quiet_until")]
    actions_detail = ["send_test"]

    @display(
        description=gettext_lazy("state"),
        label={"off": "default", "quiet": "success", "alert": "danger", "unknown": "info"},
    )
    def status(self, rule: "ShownRule") -> tuple[str, str]:
        """Whether it is so at the moment."""
        if not rule.enabled:
            return "off", _("switched off")
        if rule.since is not None:
            return "alert", _("alert")
        return ("quiet", _("fine")) if rule.checked_at is not None else ("unknown", _("not looked"))

    @display(description=gettext_lazy("lasting since"), ordering="since")
    def lasting(self, rule: "ShownRule") -> SafeString:
        """When it began."""
        return when(rule.since, rule.as_of)

    def has_test_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change alerts may try them."""
        return self.has_change_permission(request)

    @action(
        description=TEST,
        icon="send",
        url_path="test",
        permissions=["test"],
        dialog=question(
            TEST,
            gettext_lazy(
                "Goes to the e-mail addresses of the pool's site and to the pool's webhook. Whether it arrived is on"
                " the page “Notices” within a minute."
            ),
            TEST,
        ),
    )
    def send_test(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Send a message on every channel of the rule's pool."""
        rule = get_object_or_404(AlertRule, pk=object_id)
        try:
            number = alert_test(pool_id=rule.pool_id, at=clock.now())
        except Refused as refusal:
            self.message_user(request, str(refusal.message), messages.ERROR)
        else:
            text = ngettext(
                "%(number)s message will be sent.", "%(number)s messages will be sent.", number
            )
            self.message_user(request, text % {"number": number}, messages.SUCCESS)
        return finished(request, reverse("admin:slots_alertrule_change", args=[rule.pk]))
