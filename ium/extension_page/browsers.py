"""Which browser somebody uses: a guess to begin with, which they can correct."""

import re
from collections.abc import Mapping

from django.conf import settings

from ium.directory.models import ExtensionBrowser

# Brands of user agent client hints (Sec-CH-UA), which Chromium's children send; the more special ones first.
_BRANDS = (
    ("Microsoft Edge", ExtensionBrowser.EDGE),
    ("Google Chrome", ExtensionBrowser.CHROME),
)
# On telephones and tablets these browsers take no such extension.
_MOBILE = re.compile(r"\b(Mobile|Android|iPhone|iPad|CriOS|FxiOS|EdgiOS|EdgA)\b")
# Children of Chromium and Firefox that name their parent too.
_CHILDREN = re.compile(r"\b(OPR|Opera|Vivaldi|SamsungBrowser|YaBrowser|Seamonkey)\b", re.IGNORECASE)
_PRODUCTS = (
    (re.compile(r"\bEdg/\d"), ExtensionBrowser.EDGE),
    (re.compile(r"\bFirefox/\d"), ExtensionBrowser.FIREFOX),
    (re.compile(r"\bChrome/\d"), ExtensionBrowser.CHROME),
)
LONGEST = 1000


def browser_of(headers: Mapping[str, str]) -> ExtensionBrowser:
    """Return the browser that the headers of a request speak of; OTHER when it is none of the three."""
    hints = headers.get("Sec-CH-UA", "")[:LONGEST]
    agent = headers.get("User-Agent", "")[:LONGEST]
    if headers.get("Sec-CH-UA-Mobile", "") == "?1" or _MOBILE.search(agent):
        return ExtensionBrowser.OTHER
    if hints:
        named = (browser for brand, browser in _BRANDS if f'"{brand}"' in hints)
        return next(named, ExtensionBrowser.OTHER)
    if _CHILDREN.search(agent):
        return ExtensionBrowser.OTHER
    found = (browser for pattern, browser in _PRODUCTS if pattern.search(agent))
    return next(found, ExtensionBrowser.OTHER)


def chosen(name: str) -> ExtensionBrowser | None:
    """Return the browser that somebody says they use; None for anything else."""
    return ExtensionBrowser(name) if name in ExtensionBrowser.values else None


def link_for(browser: ExtensionBrowser) -> str:
    """Return where this browser gets the extension: its own address, else the one for all; empty without."""
    address = str(settings.IUM_EXTENSION_URLS.get(browser.value) or settings.IUM_EXTENSION_URL)
    return address if address.startswith(("https://", "http://")) else ""
