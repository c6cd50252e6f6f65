"""A text column that the database only sees encrypted."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

PREFIX = "fernet1:"


class WrongKeyError(Exception):
    """None of the keys in IUM_ENCRYPTION_KEYS opens a stored secret."""


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured(
            "IUM_ENCRYPTION_KEYS must hold Fernet keys (32 bytes, base64), separated by commas."
        ) from error


def encrypt(text: str) -> str:
    """Return the text encrypted with the first key, marked with the version of the form."""
    return PREFIX + _cipher(tuple(settings.IUM_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Return the text again. Raises WrongKeyError when no key fits: never falls back to the stored form."""
    if not stored.startswith(PREFIX):
        raise WrongKeyError("The stored secret is not in IUM's form.")
    try:
        token = stored.removeprefix(PREFIX).encode()
        return _cipher(tuple(settings.IUM_ENCRYPTION_KEYS)).decrypt(token).decode()
    except InvalidToken as error:
        raise WrongKeyError(
            "No key in IUM_ENCRYPTION_KEYS opens this secret. Add the key it was stored with."
        ) from error


class EncryptedTextField(models.TextField):  # type: ignore[type-arg] # generic in the stubs only
    """Text that is encrypted on its way into the database and decrypted on its way out.

    Empty text stays empty, so that "not set" can be seen without a key. Looking up by value is impossible.
    """

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Decrypt what the database holds."""
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt what the database is to hold."""
        text = super().get_prep_value(value)
        return encrypt(text) if text else text
