"""Signing browsers in by the extension: a pair of tokens per device, renewed in turns (RFC 6749, RFC 9700)."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from ium.directory.models import Device, User
from ium.directory.services import token_hash
from ium.lib.errors import Refused

log = logging.getLogger(__name__)
# Of one person at the same time; more than anybody has browsers.
MOST_DEVICES = 20
# The access token: a working day. Every call asks the database for it, so signing out works at once however long it
# holds; and the more seldom it is renewed, the more seldom an answer with new tokens gets lost on the way.
ACCESS_LIFETIME = timedelta(hours=8)


def device_lifetime() -> timedelta:
    """Return how long a browser that is not used stays signed in."""
    return timedelta(days=settings.IUM_DEVICE_DAYS)


def family_hash(refresh_token: str) -> str:
    """Return the hash of the part that all refresh tokens of one device begin with.

    It is as secret as the rest: who knows it had one of the device's tokens.
    """
    return token_hash(refresh_token.partition(".")[0])


def device_begin(
    *, user: User, code: str, access_token: str, refresh_token: str, label: str, at: datetime
) -> Device:
    """Sign a browser in with a code that may be used once.

    Raises Refused when the code was used before; the device that it made is signed out then (RFC 6749, 4.1.2).
    Of more than MOST_DEVICES the one that was not used for the longest time is signed out.
    """
    try:
        with transaction.atomic():
            device = Device.objects.create(
                user=user,
                label=label[: Device._meta.get_field("label").max_length],
                code_hash=token_hash(code),
                family_hash=family_hash(refresh_token),
                created_at=at,
                **_pair(access_token, refresh_token, at),
            )
            _end_surplus(user, at)
            return device
    except IntegrityError:
        code_used_again(code=code, at=at)
        raise _signed_out() from None


def _end_surplus(user: User, at: datetime) -> None:
    renewed = Device.objects.usable(at).filter(user=user, refresh_hash__isnull=False)
    by_use = renewed.order_by(Coalesce("last_used_at", "created_at").desc(), "-pk")
    surplus = list(by_use.values_list("pk", flat=True)[MOST_DEVICES:])
    if surplus:
        Device.objects.filter(pk__in=surplus).update(signed_out_at=at)


def code_used_again(*, code: str, at: datetime) -> bool:
    """Sign out what was signed in with this code. Returns whether the code was used before."""
    devices = Device.objects.filter(code_hash=token_hash(code))
    devices.filter(signed_out_at=None).update(signed_out_at=at)
    return devices.exists()


def device_of_refresh_token(*, refresh_token: str, at: datetime) -> Device | None:
    """Return the signed-in device with this refresh token.

    A token of the device's that was renewed before is in two hands: the device is signed out then, for both.
    """
    family = Device.objects.usable(at).filter(family_hash=family_hash(refresh_token))
    device = family.select_related("user").first()
    if device is None or not device.user.is_active:
        return None
    if device.refresh_hash != token_hash(refresh_token):
        _end_stolen(device, at)
        return None
    return device


def _end_stolen(device: Device, at: datetime) -> None:
    log.warning("Device %s was signed out: a refresh token of it was used twice.", device.pk)
    Device.objects.filter(pk=device.pk, signed_out_at=None).update(signed_out_at=at)


def device_renew(
    *, refresh_token: str, new_access_token: str, new_refresh_token: str, at: datetime
) -> None:
    """Put new tokens in the place of the old ones, which open nothing any more.

    Raises Refused when somebody else renewed with the same token meanwhile; the device is signed out then.
    """
    family = Device.objects.usable(at).filter(family_hash=family_hash(refresh_token))
    current = family.filter(refresh_hash=token_hash(refresh_token))
    if not current.update(last_used_at=at, **_pair(new_access_token, new_refresh_token, at)):
        for device in family:
            _end_stolen(device, at)
        raise _signed_out()


def device_revoke(*, token: str, at: datetime) -> bool:
    """Sign the device of an access or refresh token out (RFC 7009). Returns whether there was one."""
    hashed = token_hash(token)
    devices = Device.objects.filter(signed_out_at=None)
    found = devices.filter(token_hash=hashed) | devices.filter(refresh_hash=hashed)
    return bool(found.update(signed_out_at=at))


def _pair(access_token: str, refresh_token: str, at: datetime) -> dict[str, str | datetime]:
    return {
        "token_hash": token_hash(access_token),
        "token_expires_at": at + ACCESS_LIFETIME,
        "refresh_hash": token_hash(refresh_token),
        "expires_at": at + device_lifetime(),
    }


def _signed_out() -> Refused:
    return Refused(_("This device is signed out. Sign in again."), code="signed_out")
