"""My devices: the browsers that may act for me through the extension, and ending that."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View

from ium.directory.models import Device, DeviceQuerySet, User
from ium.directory.services import device_sign_out
from ium.lib import clock
from ium.lib.spans import when
from slots.queue_page.strict import StrictPageMixin


class DevicesView(StrictPageMixin, LoginRequiredMixin, View):
    """The person's own devices; others do not exist here (promise 9)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show what is signed in, the newest first."""
        at = clock.now()
        devices = [_shown(device, at) for device in _mine(request).order_by("-created_at", "-pk")]
        return render(request, "ium/devices.html", {"devices": devices})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign one device out."""
        number = request.POST.get("device", "")
        # More digits than a key can have would not fit into the database's number.
        key = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
        device = get_object_or_404(Device, pk=key, user=_person(request))
        device_sign_out(device=device, at=clock.now())
        messages.success(request, _("%(device)s was signed out.") % {"device": _name(device)})
        return redirect("devices")


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - LoginRequiredMixin
    return request.user


def _mine(request: HttpRequest) -> DeviceQuerySet:
    return Device.objects.usable(clock.now()).filter(user=_person(request))


def _name(device: Device) -> str:
    return device.label or _("Device without a name")


def _shown(device: Device, at: Any) -> dict[str, Any]:
    return {
        "key": device.pk,
        "name": _name(device),
        "extension": device.extension_version,
        "created": when(device.created_at, at),
        "used": when(device.last_used_at, at) if device.last_used_at else _("not yet"),
        "ends": when(device.expires_at, at) if device.expires_at else _("never"),
    }
