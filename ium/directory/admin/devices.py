"""Signed-in browsers, and ending them."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ium.directory.models import Device
from ium.directory.services import device_sign_out
from ium.lib import clock
from ium.lib.admin import (
    AsOfMixin,
    ModelAdmin,
    ReadOnlyMixin,
    TabularInline,
    action,
    display,
    finished,
    question,
)
from ium.lib.spans import when

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf

    ShownDevice = WithAnnotations[Device, AsOf]

SIGN_OUT = gettext_lazy("Sign out")


class SignOutMixin(ModelAdmin):
    """Ending devices needs the right to change them; asked on the server for every call."""

    def has_sign_out_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may end devices."""
        return request.user.has_perm("directory.change_device")

    def end(self, request: HttpRequest, devices: Any) -> None:
        """End the devices and say how many."""
        at = clock.now()
        ended = sum(device_sign_out(device=device, at=at) for device in devices)
        text = ngettext(
            "%(number)s device was signed out.", "%(number)s devices were signed out.", ended
        )
        self.message_user(request, text % {"number": ended}, messages.SUCCESS)


class DeviceInline(TabularInline):
    """The browsers a person is signed in with; each leads to its page, where it can be signed out."""

    model = Device
    fields = (
        "page",
        "created_at",
        "last_used_at",
        "expires_at",
        "signed_out_at",
    )
    readonly_fields = fields
    ordering = ["-created_at", "-pk"]
    extra = 0
    per_page = 10
    can_delete = False

    @display(description=gettext_lazy("device"))
    def page(self, device: Device) -> SafeString:
        """The device, leading to its page."""
        url = reverse("admin:directory_device_change", args=[device.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', url, device)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Devices come from signing in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A device is signed out, never edited."""
        return False


@admin.register(Device)
class DeviceAdmin(SignOutMixin, ReadOnlyMixin, AsOfMixin, ModelAdmin):
    """Signed-in browsers. Their tokens are stored as hashes and cannot be shown."""

    list_display = ["name", "user", "last_used", "created_at", "expires_at", "status"]
    list_select_related = ["user"]
    search_fields = ["label", "user__display_name", "user__email", "user__account_id"]
    ordering = ["-created_at", "-pk"]
    show_full_result_count = False
    actions = ["sign_out_selected"]
    actions_detail = ["sign_out"]
    fields = [("user", "name"), ("created_at", "last_used"), ("expires_at", "signed_out_at")]
    readonly_fields = ["name", "last_used"]

    @display(description=gettext_lazy("device"), ordering="label")
    def name(self, device: Device) -> str:
        """What the device calls itself, or its number."""
        return str(device)

    @display(description=gettext_lazy("last used"), ordering="last_used_at")
    def last_used(self, device: "ShownDevice") -> SafeString:
        """How long ago the device was used."""
        return when(device.last_used_at, device.as_of)

    @display(
        description=gettext_lazy("state"),
        label={"in": "success", "out": "default", "over": "warning"},
    )
    def status(self, device: "ShownDevice") -> tuple[str, str]:
        """Whether its token still opens anything."""
        if device.signed_out_at is not None:
            return "out", _("signed out")
        if device.expires_at is not None and device.expires_at <= device.as_of:
            return "over", _("expired")
        return "in", _("signed in")

    @action(description=SIGN_OUT, permissions=["sign_out"])
    def sign_out_selected(self, request: HttpRequest, queryset: Any) -> None:
        """End the selected devices."""
        self.end(request, queryset)

    @action(
        description=SIGN_OUT,
        url_path="sign-out",
        icon="logout",
        permissions=["sign_out"],
        dialog=question(SIGN_OUT, gettext_lazy("This browser has to sign in again."), SIGN_OUT),
    )
    def sign_out(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """End this device."""
        self.end(request, Device.objects.filter(pk=object_id))
        return finished(request, reverse("admin:directory_device_changelist"))
