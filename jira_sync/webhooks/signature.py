"""Signatures of webhooks: `X-Hub-Signature: sha256=<hex of HMAC-SHA256 of the body>`.

Source: developer.atlassian.com, "Webhooks", securing admin webhooks (jira-api.md, section 6).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable

HEADER = "X-Hub-Signature"
_FORM = re.compile(r"sha256=([0-9a-f]{64})")
SECRET_BYTES = 32
KEY_BYTES = 16


def new_secret() -> str:
    """Return a secret that nobody can guess, in letters that can be pasted."""
    return secrets.token_urlsafe(SECRET_BYTES)


def new_key() -> str:
    """Return the part of the address that tells sites apart."""
    return secrets.token_urlsafe(KEY_BYTES)


def is_signed(body: bytes, header: str | None, keys: Iterable[str]) -> bool:
    """Tell whether the body was signed with one of the secrets. An empty secret signs nothing."""
    found = _FORM.fullmatch(header or "")
    if found is None:
        return False
    return any(hmac.compare_digest(_signed(body, key), found[1]) for key in keys if key)


def _signed(body: bytes, key: str) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
