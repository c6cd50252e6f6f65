"""What IUM allows the browser extension, for oauthlib, which knows the protocol (RFC 6749, 7009, 7636).

There is one client, the extension: a public one without a secret, so PKCE with S256 is required, and whoever is
signed in to IUM is not asked again. Codes are signed, hold for a minute, and end when a device was made of them.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from oauthlib import oauth2
from oauthlib.oauth2.rfc6749 import grant_types

from ium.directory import devices
from ium.directory.models import User
from ium.lib import clock
from ium.lib.errors import Refused
from ium.sign_in.browsers import browser_name

CODE_LIFETIME = timedelta(minutes=1)
GRANTS = {"authorization_code", "refresh_token"}
_SALT = "ium.sign_in.code"


class OnlyS256(grant_types.AuthorizationCodeGrant):  # type: ignore[misc] # oauthlib ships no types
    """The code grant with the one way of PKCE that is safe, and with codes of IUM's own."""

    def __init__(self, validator: oauth2.RequestValidator) -> None:
        """Take the rules; forget PKCE's method "plain"."""
        super().__init__(validator)
        methods = grant_types.AuthorizationCodeGrant._code_challenge_methods
        self._code_challenge_methods = {"S256": methods["S256"]}

    def create_authorization_code(self, request: Any) -> dict[str, str]:
        """Return a code that carries what it was given for, signed: nothing has to be kept."""
        given = {
            "user": request.user.pk,
            "redirect_uri": request.redirect_uri,
            "challenge": request.code_challenge,
            "nonce": secrets.token_urlsafe(16),
        }
        grant = {"code": signing.dumps(given, salt=_SALT)}
        return grant | ({"state": request.state} if request.state else {})


@dataclass(frozen=True)
class Client:
    """The extension, in the form in which oauthlib wants to see who asks."""

    client_id: str


class ExtensionRules(oauth2.RequestValidator):  # type: ignore[misc] # oauthlib ships no types
    """Answers oauthlib's questions."""

    # --- Who asks -------------------------------------------------------------------------------

    def validate_client_id(self, client_id: str, request: Any, *_: Any, **__: Any) -> bool:
        """There is one client."""
        request.client = Client(client_id)
        return client_id == settings.IUM_EXTENSION_CLIENT_ID

    def client_authentication_required(self, request: Any, *_: Any, **__: Any) -> bool:
        """A public client has no secret."""
        return False

    def authenticate_client_id(self, client_id: str, request: Any, *_: Any, **__: Any) -> bool:
        """Let the one client in."""
        return self.validate_client_id(client_id, request)

    def validate_redirect_uri(self, client_id: str, redirect_uri: str, *_: Any, **__: Any) -> bool:
        """Only the addresses of the list, to the letter."""
        return redirect_uri in settings.IUM_EXTENSION_REDIRECTS

    def get_default_redirect_uri(self, *_: Any, **__: Any) -> None:
        """The address has to be named: there are several."""

    def validate_response_type(
        self, client_id: str, response_type: str, *_: Any, **__: Any
    ) -> bool:
        """Codes only."""
        return response_type == "code"

    def validate_grant_type(self, client_id: str, grant_type: str, *_: Any, **__: Any) -> bool:
        """Codes and refresh tokens only."""
        return grant_type in GRANTS

    # --- What for: there are no parts of the API to choose from -----------------------------------

    def get_default_scopes(self, *_: Any, **__: Any) -> list[str]:
        """Return none."""
        return []

    def validate_scopes(self, client_id: str, scopes: list[str], *_: Any, **__: Any) -> bool:
        """None."""
        return not scopes

    def get_original_scopes(self, *_: Any, **__: Any) -> list[str]:
        """Return none."""
        return []

    # --- The code -------------------------------------------------------------------------------

    def is_pkce_required(self, *_: Any, **__: Any) -> bool:
        """Required: there is no secret."""
        return True

    def save_authorization_code(self, *_: Any, **__: Any) -> None:
        """Nothing to keep: the code is signed."""

    def validate_code(self, client_id: str, code: str, client: Any, request: Any) -> bool:
        """Signed by IUM, fresh, never used, and of somebody who may sign in."""
        try:
            request.given = signing.loads(code, salt=_SALT, max_age=CODE_LIFETIME)
        except signing.BadSignature:  # also when it is too old
            return False
        if devices.code_used_again(code=code, at=clock.now()):
            return False
        request.user = User.objects.filter(pk=request.given["user"], is_active=True).first()
        return request.user is not None

    def get_code_challenge(self, code: str, request: Any) -> str:
        """Return the challenge the code was given for."""
        return str(request.given["challenge"])

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        """Return the only method."""
        return "S256"

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, request: Any, *_: Any
    ) -> bool:
        """The address the code was sent to."""
        return bool(redirect_uri == request.given["redirect_uri"])

    def invalidate_authorization_code(self, *_: Any, **__: Any) -> None:
        """Nothing to do: the device remembers its code."""

    # --- Tokens ---------------------------------------------------------------------------------

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any) -> bool:
        """Of a signed-in device, and its newest."""
        at = clock.now()
        device = devices.device_of_refresh_token(refresh_token=refresh_token, at=at)
        request.user = device.user if device else None
        return device is not None

    def rotate_refresh_token(self, request: Any) -> bool:
        """Every time."""
        return True

    def save_bearer_token(self, token: dict[str, Any], request: Any, *_: Any, **__: Any) -> None:
        """Sign the browser in, or put the new tokens in the place of the old ones.

        Raises oauthlib's InvalidGrantError when another call was faster with the same code or token.
        """
        token.pop("scope", None)
        try:
            (_renew if request.grant_type == "refresh_token" else _begin)(token, request)
        except Refused as refusal:
            raise oauth2.InvalidGrantError(description=str(refusal.message)) from refusal

    def revoke_token(self, token: str, token_type_hint: str, request: Any, *_: Any) -> None:
        """Sign the device out."""
        devices.device_revoke(token=token, at=clock.now())


def _begin(token: dict[str, Any], request: Any) -> None:
    devices.device_begin(
        user=request.user,
        code=request.code,
        access_token=token["access_token"],
        refresh_token=token["refresh_token"],
        label=browser_name(request.headers.get("User-Agent", "")),
        at=clock.now(),
    )


def _renew(token: dict[str, Any], request: Any) -> None:
    devices.device_renew(
        refresh_token=request.refresh_token,
        new_access_token=token["access_token"],
        new_refresh_token=token["refresh_token"],
        at=clock.now(),
    )


def _access_token(_request: Any) -> str:
    return f"ium_{secrets.token_urlsafe(32)}"


def _refresh_token(request: Any) -> str:
    """Return a new refresh token; those of one device begin alike."""
    renewed = request.grant_type == "refresh_token"
    family = str(request.refresh_token).partition(".")[0] if renewed else ""
    return f"{family or 'iumr_' + secrets.token_urlsafe(24)}.{secrets.token_urlsafe(32)}"


class Server(oauth2.AuthorizationEndpoint, oauth2.TokenEndpoint, oauth2.RevocationEndpoint):  # type: ignore[misc] # oauthlib ships no types
    """The three endpoints with these rules."""

    def __init__(self) -> None:
        """Put oauthlib's parts together."""
        rules = ExtensionRules()
        code, refresh = OnlyS256(rules), grant_types.RefreshTokenGrant(rules)
        bearer = oauth2.BearerToken(
            rules, _access_token, int(devices.ACCESS_LIFETIME.total_seconds()), _refresh_token
        )
        oauth2.AuthorizationEndpoint.__init__(
            self,
            default_response_type="code",
            response_types={"code": code},
            default_token_type=bearer,
        )
        oauth2.TokenEndpoint.__init__(
            self,
            default_grant_type="authorization_code",
            grant_types={"authorization_code": code, "refresh_token": refresh},
            default_token_type=bearer,
        )
        oauth2.RevocationEndpoint.__init__(self, rules)
