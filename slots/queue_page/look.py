"""The look of a pool's queue page: its own, and where that is silent the one for all pools, and IUM's at last."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from slots.models import LicencePool, QueueBranding
from slots.queue_page.colours import Shades, dark_shades, light_shades
from slots.queue_page.markdown import message_html


@dataclass(frozen=True)
class Look:
    """What the page shows of the company. Empty strings mean IUM's own."""

    title: str = ""
    message: SafeString | str = ""
    help_url: str = ""
    logo_url: str = ""
    style_url: str = ""


def look_of(pool: LicencePool | None) -> Look:
    """Return the look of a pool's page in the language of the moment; one query."""
    wanted = Q(pool=None) | Q(pool=pool) if pool is not None else Q(pool=None)
    found = list(QueueBranding.objects.filter(wanted).defer("logo"))
    found.sort(key=lambda branding: branding.pool_id is None)  # the pool's own first
    coloured = first_with(found, "colour")
    return Look(
        title=first_text(found, "title"),
        message=message_html(first_text(found, "message")) if found else "",
        help_url=getattr(first_with(found, "help_url"), "help_url", ""),
        logo_url=_logo_url(first_with(found, "logo_digest")),
        style_url=_style_url(coloured) if coloured else "",
    )


def first_with(brandings: list[QueueBranding], field: str) -> QueueBranding | None:
    """Return the first of them in which this is filled in."""
    return next((branding for branding in brandings if getattr(branding, field)), None)


def first_text(brandings: list[QueueBranding], name: str) -> str:
    """Return the text in the reader's language; a text in another language is better than none."""
    for branding in brandings:
        for code in _languages():
            if text := branding.texts.get(code, {}).get(name, ""):
                return str(text)
    return ""


def _languages() -> Iterator[str]:
    """Give the reader's language first, then the others in the order of the settings."""
    yield get_language() or settings.LANGUAGE_CODE
    yield from (code for code, _name in settings.LANGUAGES)


def _logo_url(branding: QueueBranding | None) -> str:
    if branding is None:
        return ""
    return reverse("queue-logo", args=[branding.pk, branding.logo_digest])


def _style_url(branding: QueueBranding) -> str:
    """Return the address of the colours; they are part of it, so that browsers may keep the answer for ever."""
    dark = branding.dark_colour or branding.colour
    return reverse("queue-style", args=[branding.colour[1:], dark[1:]])


def style_sheet(colour: str, dark_colour: str) -> str:
    """Return the style sheet that puts a company's colours in the place of IUM's."""
    light, dark = light_shades(colour), dark_shades(dark_colour)
    values = {
        "accent": (light.accent, dark.accent),
        "on-accent": (light.on_accent, dark.on_accent),
        "accent-soft": (light.soft, dark.soft),
    }
    lines = [f"--{name}: light-dark({one}, {other});" for name, (one, other) in values.items()]
    return ":root, :host { " + " ".join(lines) + " }\n"


def corrected(colour: str, shades: Shades) -> str:
    """Return the shade in whose place the colour cannot be used for text; empty when it can."""
    return "" if shades.accent == colour else shades.accent


def logo_text(data: bytes) -> str:
    """Return a picture as it is stored."""
    return base64.b64encode(data).decode()


def logo_bytes(text: str) -> bytes:
    """Return a stored picture."""
    return base64.b64decode(text)


def digest_of(data: bytes) -> str:
    """Return what tells one picture from another in its address."""
    return hashlib.sha256(data).hexdigest()[:16]
