"""Addresses that IUM may send people to."""

from urllib.parse import urlsplit

MAXIMUM_LENGTH = 2000


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address, with the scheme's own port filled in."""
    parts = urlsplit(url)
    own = {"https": 443, "http": 80}.get(parts.scheme)
    port = parts.port if parts.port is not None else own
    return parts.scheme, (parts.hostname or "").lower(), port


def is_on_site(url: str, site_url: str) -> bool:
    r"""Tell whether the address belongs to the site: same scheme, host and port, and nothing hidden in it.

    Browsers read `\` as `/`, drop control characters and treat `user@host` as a host: all of these are
    refused rather than understood.
    """
    if len(url) > MAXIMUM_LENGTH or any(ord(char) <= 32 or char == "\\" for char in url):
        return False
    try:
        parts = urlsplit(url)
        return "@" not in parts.netloc and origin(url) == origin(site_url)
    except ValueError:
        return False
