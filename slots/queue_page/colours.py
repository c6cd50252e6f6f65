"""A company's colour on the queue page: kept where it can be read, made darker or lighter where it cannot.

Contrast as in WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1 between text and what is behind it.
"""

import re
from dataclasses import dataclass

ENOUGH = 4.5
# What text in the colour stands on (ium.css: --card, --ground, and the soft tone mixed from card and colour).
LIGHT_GROUNDS = ("#ffffff", "#f4f6f9")
DARK_GROUNDS = ("#1a2028", "#10141a")
SOFT_SHARE = {"light": 0.1, "dark": 0.16}
_HEX = re.compile(r"#[0-9a-f]{6}")
_STEPS = 100

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Shades:
    """What the page uses for one scheme: the colour, what is written on it, and a soft tone behind it."""

    accent: str
    on_accent: str
    soft: str


def is_colour(text: str) -> bool:
    """Whether the text is a colour as #rrggbb, in lower case."""
    return bool(_HEX.fullmatch(text))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def light_shades(colour: str) -> Shades:
    """Return the shades for the light scheme: the colour itself, or as much darker as it must be."""
    return _shades(colour, LIGHT_GROUNDS, "#000000", SOFT_SHARE["light"])


def dark_shades(colour: str) -> Shades:
    """Return the shades for the dark scheme: the colour itself, or as much lighter as it must be."""
    return _shades(colour, DARK_GROUNDS, "#ffffff", SOFT_SHARE["dark"])


def _shades(colour: str, grounds: tuple[str, ...], towards: str, share: float) -> Shades:
    for step in range(_STEPS + 1):
        accent = _mixed(colour, towards, step / _STEPS)
        soft = _mixed(grounds[0], accent, share)
        if all(contrast(accent, ground) >= ENOUGH for ground in (*grounds, soft)):
            break
    on_accent = max(("#ffffff", "#10141a"), key=lambda ink: contrast(ink, accent))
    return Shades(accent, on_accent, soft)


def _mixed(colour: str, other: str, share: float) -> str:
    """Return a colour with this share of the other one in it."""
    pairs = zip(_rgb(colour), _rgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(rgb: Rgb) -> float:
    """Relative luminance as WCAG defines it."""
    red, green, blue = (_linear(value / 255) for value in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
