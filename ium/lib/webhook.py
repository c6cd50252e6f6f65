"""Sending signed messages to an address that an administrator chose.

The form is that of the Standard Webhooks specification (https://www.standardwebhooks.com): the headers
`webhook-id`, `webhook-timestamp` and `webhook-signature`, the last one `v1,` and the Base64 of HMAC-SHA256 over
"id.timestamp.body". Whoever receives it checks the signature, refuses old timestamps and ignores a repeated id.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests

CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 10.0
PREFIX = "whsec_"


class WebhookFailedError(Exception):
    """The message was not taken; the text says why and holds nothing secret."""


def signature(secret: str, message_id: str, sent_at: int, body: bytes) -> str:
    """Return the value of `webhook-signature`. A secret with the prefix `whsec_` is Base64, any other is text."""
    plain = secret.startswith(PREFIX)
    key = base64.b64decode(secret.removeprefix(PREFIX)) if plain else secret.encode()
    signed = f"{message_id}.{sent_at}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def webhook_send(
    *,
    url: str,
    secret: str,
    message_id: str,
    payload: Mapping[str, Any],
    at: datetime,
    previous: str = "",
) -> None:
    """Send one message; anything but a 2xx answer raises WebhookFailedError. Redirects are not followed.

    With `previous`, the secret before, there are two signatures: the receiver may know either.
    """
    body = json.dumps(payload, ensure_ascii=False, sort_keys=True).encode()
    sent_at = int(at.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "IUM",
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        # The specification: several signatures, separated by blanks; one that fits is enough.
        "webhook-signature": " ".join(
            signature(each, message_id, sent_at, body) for each in (secret, previous) if each
        ),
    }
    try:
        answer = requests.post(
            url,
            data=body,
            headers=headers,
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise WebhookFailedError(type(error).__name__) from error
    if not 200 <= answer.status_code < 300:
        raise WebhookFailedError(f"HTTP {answer.status_code}")
