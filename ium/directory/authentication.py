"""Who calls the API: a device by its token."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from ium.directory.extension import HEADER, ExtensionSeen, extension_of
from ium.directory.models import Device, User
from ium.directory.services import token_hash
from ium.lib import clock

# "Last used" is shown to people in minutes: writing it on every call would only cost.
LAST_USED_STEP = timedelta(minutes=5)


class DeviceTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`, looked up by the token's hash."""

    def authenticate(self, request: Request) -> tuple[User, Device] | None:
        """Return the person and the device, or None when no token was sent."""
        scheme, _space, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        now = clock.now()
        device = (
            Device.objects.with_open_token(now)
            .select_related("user")
            .filter(token_hash=token_hash(token.strip().decode("latin-1")))
            .first()
        )
        if device is None or not device.user.is_active:
            raise AuthenticationFailed(
                _("This device is signed out. Sign in again."), code="signed_out"
            )
        _note_use(device, extension_of(request.headers.get(HEADER)), now)
        return device.user, device

    def authenticate_header(self, request: Request) -> str:
        """Answer 401 (not 403) to a missing or wrong token."""
        return "Bearer"


def _note_use(device: Device, extension: ExtensionSeen | None, at: datetime) -> None:
    """Write when the device was used, and by which extension: every few minutes, and at once after an update."""
    known = (device.extension_version, device.extension_browser)
    is_news = extension is not None and known != (extension.version, extension.browser)
    if is_news or device.last_used_at is None or device.last_used_at + LAST_USED_STEP < at:
        Device.objects.filter(pk=device.pk).update(last_used_at=at, **_of(extension, at))


def _of(extension: ExtensionSeen | None, at: datetime) -> dict[str, Any]:
    if extension is None:
        return {}
    return {
        "extension_version": extension.version,
        "extension_browser": extension.browser,
        "extension_seen_at": at,
    }


class DeviceTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI description names the token."""

    target_class = DeviceTokenAuthentication
    name = "deviceToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return OpenAPI's form of a bearer token."""
        return {"type": "http", "scheme": "bearer"}
