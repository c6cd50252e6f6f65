"""What a call says of the browser extension it comes from: `X-IUM-Extension: 1.0.0 chrome`."""

import re
from dataclasses import dataclass

from ium.directory.models import ExtensionBrowser

HEADER = "X-IUM-Extension"
# As browsers take a version: one to four numbers (Chrome: up to 65535 each), here without leading zeros.
_NUMBER = r"(?:0|[1-9][0-9]{0,4})"
VERSION = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{0,3}}")
_FORM = re.compile(rf"({VERSION.pattern}) ({'|'.join(ExtensionBrowser.values)})")


@dataclass(frozen=True)
class ExtensionSeen:
    """A version and the browser it runs in."""

    version: str
    browser: str


def extension_of(header: str | None) -> ExtensionSeen | None:
    """Return what the header says; None for none, and for one that has another form.

    A wrong header costs nobody the call: activity is worth more than statistics.
    """
    found = _FORM.fullmatch(header or "")
    return ExtensionSeen(found[1], found[2]) if found else None


def version_numbers(version: str) -> tuple[int, ...]:
    """Return a version to compare with others: `1.10` is newer than `1.9`, and `1.0` the same as `1`."""
    numbers = [int(part) for part in version.split(".")] if VERSION.fullmatch(version) else [0]
    return tuple([*numbers, 0, 0, 0, 0][:4])
