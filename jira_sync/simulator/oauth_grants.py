"""Codes and tokens of the simulated sign-ins, in memory: a restarted simulator has forgotten them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

CODE_SECONDS = 60.0
TOKEN_SECONDS = 3600.0


class OAuthError(Exception):
    """An error of RFC 6749; the message is its code."""

    def __init__(self, code: str, description: str = "", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.description, self.status = code, description, status

    @property
    def document(self) -> dict[str, str]:
        """The answer's body."""
        return {"error": self.code, "error_description": self.description}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person allowed a client."""

    account_id: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str = ""
    challenge: str = ""

    @property
    def scopes(self) -> set[str]:
        return set(self.scope.split())


class Grants:
    """The codes and tokens that are good now."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[float, Grant]] = {}
        self._tokens: dict[str, tuple[float, Grant]] = {}
        self._token_of_code: dict[str, str] = {}

    def clear(self) -> None:
        for kept in (self._codes, self._tokens, self._token_of_code):
            kept.clear()

    def code_for(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = time.time() + CODE_SECONDS, grant
        return code

    def redeem(self, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> Grant:
        """The grant of a code, once. A code that comes twice also ends the token it gave (RFC 6749, 4.1.2)."""
        if code in self._token_of_code:
            self._tokens.pop(self._token_of_code[code], None)
            raise OAuthError("invalid_grant", "The code was used before.")
        until, grant = self._codes.get(code, (0.0, None))
        if grant is None or until < time.time():
            raise OAuthError("invalid_grant", "The code is unknown or too old.")
        if (client_id, redirect_uri) != (grant.client_id, grant.redirect_uri):
            raise OAuthError("invalid_grant", "The code was given for something else.")
        if grant.challenge and not hmac.compare_digest(s256(verifier), grant.challenge):
            raise OAuthError("invalid_grant", "The code_verifier is wrong.")
        del self._codes[code]
        return grant

    def token_for(self, grant: Grant, code: str) -> str:
        token = secrets.token_urlsafe(32)
        self._tokens[token] = time.time() + TOKEN_SECONDS, grant
        self._token_of_code[code] = token
        return token

    def grant_of(self, token: str) -> Grant | None:
        until, grant = self._tokens.get(token, (0.0, None))
        return grant if until > time.time() else None


def s256(verifier: str) -> str:
    """PKCE's challenge for a verifier (RFC 7636, 4.2)."""
    return base64url(hashlib.sha256(verifier.encode()).digest())


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
