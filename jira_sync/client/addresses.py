"""Which addresses IUM sends keys to."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def safe_base(url: str) -> str:
    """Return the address without a trailing slash.

    Raises ValueError unless it is https (http only to this machine), without user, query and
    fragment: keys go there.
    """
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    if not safe or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("Enter an address like https://example.atlassian.net (https is required).")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
