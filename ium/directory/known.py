"""Devices this process has looked up lately: a token costs one query, then none for a while.

A token that was signed out (or whose person may not sign in any more) opens nothing after 30 seconds at the latest:
what is in use is looked up again, many in one query, every 15 seconds, and what was not is not believed. Signed tokens
would need no look-up at all, and could not be taken back.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from ium.directory.extension import extension_of
from ium.directory.models import Device
from ium.directory.services import devices_used, token_hash
from ium.lib import clock
from ium.lib.ticker import Ticker, ticker

BELIEVED_FOR, ASKED_AGAIN_AFTER = 30.0, 15.0
FORGOTTEN_AFTER = 300.0
MOST = 100_000
AT_ONCE = 500
# "Last used" is shown to people in minutes: writing it on every call would only cost.
LAST_USED_STEP = timedelta(minutes=5)


@dataclass(slots=True)
class Known:
    """A usable device. `confirmed` and `used` are seconds of this process's own clock.

    `extension`: what the device's extension last said of itself, as in its header.
    """

    device_id: int
    user_id: int
    expires_at: datetime | None
    last_used_at: datetime | None
    extension: str
    confirmed: float
    used: float


class KnownDevices:
    """The devices by the hash of their token."""

    def __init__(self, by: Ticker) -> None:
        """Remember only while the ticker looks after it."""
        self._ticker = by
        self._known: dict[str, Known] = {}
        self._uses: dict[int, datetime] = {}
        self._by_extension: dict[int, datetime] = {}

    def find(self, token: str, extension: str | None, at: datetime) -> Known | None:
        """Return the usable device with this token, from memory or the database; None when there is none.

        None also when its extension (the header) was updated: whoever looks the device up then notes that.
        """
        key, now = token_hash(token), time.monotonic()
        known = self._known.get(key)
        if known is None or now - known.confirmed > BELIEVED_FOR or not self._ticker.is_running:
            known = self._look_up(key, at, now)
        if known is None or (known.expires_at is not None and known.expires_at <= at):
            return None
        if extension and extension != known.extension and extension_of(extension):
            self._known.pop(key, None)
            return None
        known.used = now
        self._note_use(known, bool(extension) and extension == known.extension, at)
        return known

    def forget(self) -> None:
        """Believe nothing any more."""
        self._known.clear()

    def _look_up(self, key: str, at: datetime, now: float) -> Known | None:
        device = (
            Device.objects.with_open_token(at).filter(token_hash=key, user__is_active=True).first()
        )
        if device is None:
            self._known.pop(key, None)
            return None
        ends = [end for end in (device.expires_at, device.token_expires_at) if end is not None]
        known = Known(
            device_id=device.pk,
            user_id=device.user_id,
            expires_at=min(ends, default=None),
            last_used_at=device.last_used_at,
            extension=f"{device.extension_version} {device.extension_browser}".strip(),
            confirmed=now,
            used=now,
        )
        if self._ticker.is_running and len(self._known) < MOST:
            self._known[key] = known
        return known

    def _note_use(self, known: Known, by_extension: bool, at: datetime) -> None:
        if known.last_used_at is None or known.last_used_at + LAST_USED_STEP < at:
            known.last_used_at = at
            uses = self._by_extension if by_extension else self._uses
            uses[known.device_id] = at

    def tick(self) -> None:
        """Write which devices were used; look up again what was confirmed a while ago."""
        for by_extension, uses in ((False, self._uses), (True, self._by_extension)):
            ids = list(uses)
            if ids:
                at = max(uses[device_id] for device_id in ids)
                devices_used(device_ids=ids, by_extension=by_extension, at=at)
            for device_id in ids:
                uses.pop(device_id, None)
        self._look_up_again()

    def _look_up_again(self) -> None:
        now, due = time.monotonic(), []
        for key, known in list(self._known.items()):
            if now - known.used > FORGOTTEN_AFTER:
                self._known.pop(key, None)
            elif now - known.confirmed > ASKED_AGAIN_AFTER:
                due.append(key)
        for start in range(0, len(due), AT_ONCE):
            self._confirm(due[start : start + AT_ONCE])

    def _confirm(self, keys: list[str]) -> None:
        now, at = time.monotonic(), clock.soon_now()
        good = set(
            Device.objects.with_open_token(at)
            .filter(token_hash__in=keys, user__is_active=True)
            .values_list("token_hash", flat=True)
        )
        for key in keys:
            if key not in good:
                self._known.pop(key, None)
            elif known := self._known.get(key):
                known.confirmed = now


known_devices = KnownDevices(ticker)
