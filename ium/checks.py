"""What `manage.py check` says about the configuration, beside Django's own findings."""

import difflib
import os
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Doubt

from ium.configuration.table import VARIABLES, is_known


@register("ium")
def unknown_variables(**_: Any) -> Sequence[CheckMessage]:
    """Warn of names that IUM does not read: most likely misspelt, so that a default counts unnoticed."""
    unknown = [
        name for name in sorted(os.environ) if name.startswith("IUM_") and not is_known(name)
    ]
    return [
        Doubt(f"{name} is no variable of IUM.", hint=_hint(name), id="ium.W001") for name in unknown
    ]


def _hint(name: str) -> str:
    near = difflib.get_close_matches(name, [variable.name for variable in VARIABLES], n=1)
    return f"Did you mean {near[0]}?" if near else "docs/configuration.md lists all variables."


@register("ium")
def unusable_encryption_keys(**_: Any) -> Sequence[CheckMessage]:
    """Find keys that no credentials could be encrypted with."""
    numbers = [
        number for number, key in enumerate(settings.IUM_ENCRYPTION_KEYS, 1) if not _fits(key)
    ]
    return [
        Error(
            f"Key {number} of IUM_ENCRYPTION_KEYS is not a Fernet key (32 bytes, URL-safe Base64).",
            hint="New ones are printed by ./ium.sh secrets. Keep the old ones: Jira's credentials need them.",
            id="ium.E001",
        )
        for number in numbers
    ]


def _fits(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
