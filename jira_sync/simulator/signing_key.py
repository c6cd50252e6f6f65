"""The RSA key of the simulated OpenID provider. Made anew in every process."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from jira_sync.simulator.oauth_grants import base64url

KEY_ID = "simulated-1"


class SigningKey:
    """Signs with RS256 (RFC 7518, 3.3); made when it is first needed: that takes a tenth of a second."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def document(self) -> dict[str, Any]:
        """The public half as a JSON Web Key Set (RFC 7517)."""
        numbers = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID}
        return {"keys": [key | {"n": _number(numbers.n), "e": _number(numbers.e)}]}

    def sign(self, claims: dict[str, Any]) -> str:
        """A JSON Web Token with these claims."""
        header = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{base64url(signature)}"


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))
