"""Keys: how they go into a request, and how they are kept out of everything else.

Sources: jira-api.md section 4 (e-mail + API token, Basic; organisation API key, Bearer).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence

from requests import PreparedRequest
from requests.auth import AuthBase

HIDDEN = "[hidden]"


class Key(AuthBase):
    """One value of the Authorization header. Its text form never shows the secret.

    Raises ValueError, without the value, when it is not one printable ASCII word: a line break in
    a pasted key would otherwise surface in an exception of `requests` together with the key.
    """

    def __init__(self, scheme: str, secret: str, *also_secret: str) -> None:
        if not all(
            part and part.isascii() and part.isprintable() for part in (secret, *also_secret)
        ):
            raise ValueError("The key is empty or has characters that no Atlassian key has.")
        self._header = f"{scheme} {secret}"
        self._secrets = (secret, *also_secret)

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["Authorization"] = self._header
        return r

    def __repr__(self) -> str:
        return f"{type(self).__name__}({HIDDEN})"

    def hide(self, text: str) -> str:
        """Return the text without this key's secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def organisation_key(value: str) -> Key:
    """Bearer key of the Organizations API."""
    return Key("Bearer", value.strip())


def api_token(email: str, token: str) -> Key:
    """Basic pair of a person or service account for Jira REST."""
    pair = f"{email.strip()}:{token.strip()}".encode()
    return Key("Basic", base64.b64encode(pair).decode(), token.strip())


class KeyRing:
    """Keys that are valid at the same time, so that one can be replaced without a gap.

    The one that worked last is tried first. Without keys, requests go out anonymously.
    """

    def __init__(self, keys: Sequence[Key] = ()) -> None:
        self._keys: tuple[Key | None, ...] = tuple(keys) or (None,)
        self._best = 0  # a plain int: a lost update between threads costs one more 401, no more

    def __iter__(self) -> Iterator[Key | None]:
        best = self._best
        yield self._keys[best]
        yield from (key for n, key in enumerate(self._keys) if n != best)

    def worked(self, key: Key | None) -> None:
        """Try this key first from now on."""
        self._best = self._keys.index(key)

    def hide(self, text: str) -> str:
        """Return the text without the secrets of any key."""
        for key in self._keys:
            text = key.hide(text) if key else text
        return text


def keys_of(values: Iterable[str]) -> list[Key]:
    """Organisation keys from what the administrator entered; blank entries are left out."""
    return [organisation_key(value) for value in values if value.strip()]
