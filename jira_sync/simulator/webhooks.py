"""Administrator webhooks: signed, at least once, retried.

Source: developer.atlassian.com, "Webhooks". Retries follow on 408, 409, 425, 429, 5xx, a timeout or a failed
connection; ``X-Atlassian-Webhook-Identifier`` stays the same over the retries of one delivery.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import aiohttp

from jira_sync.simulator.model import Webhook
from jira_sync.simulator.persistence import Storage

RETRIED = frozenset({408, 409, 425, 429})
TRIES = 5
ANSWER_WITHIN_SECONDS = 10


class Webhooks:
    """The registered webhooks and the deliveries under way."""

    def __init__(self, storage: Storage, backoff: Callable[[], float]) -> None:
        self.registered: dict[int, Webhook] = {}
        self.outcomes: Counter[tuple[int, str]] = Counter()
        self._storage = storage
        self._backoff = backoff
        self._tasks: dict[asyncio.Task[None], int] = {}
        self._session: aiohttp.ClientSession | None = None

    def restore(self, webhooks: Iterable[Webhook]) -> None:
        self.registered = {webhook.number: webhook for webhook in webhooks}

    def register(self, webhook: Webhook) -> Webhook:
        self.registered[webhook.number] = webhook
        self._storage.save_webhook(webhook)
        return webhook

    def next_number(self) -> int:
        return max(self.registered, default=0) + 1

    def remove(self, number: int) -> bool:
        self._storage.delete_webhook(number)
        return self.registered.pop(number, None) is not None

    def clear(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.registered.clear()
        self.outcomes.clear()

    def pending(self, number: int) -> int:
        """How many deliveries of a webhook are still under way."""
        return sum(its_number == number for its_number in self._tasks.values())

    def send(self, event: str, payload: dict[str, Any]) -> None:
        """Start a delivery to every enabled webhook that wants this event."""
        for webhook in self.registered.values():
            if webhook.enabled and event in webhook.events:
                task = asyncio.create_task(self._deliver(webhook, json.dumps(payload).encode()))
                self._tasks[task] = webhook.number
                task.add_done_callback(self._tasks.pop)

    async def _deliver(self, webhook: Webhook, body: bytes) -> None:
        headers = _headers(webhook, body)
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(self._backoff() * 2 ** (attempt - 1))
                headers["X-Atlassian-Webhook-Retry"] = str(attempt)
            status = await self._post(webhook.url, body, headers)
            if status is not None and status not in RETRIED and status < 500:
                self.outcomes[webhook.number, "delivered" if status < 400 else "refused"] += 1
                return
        self.outcomes[webhook.number, "given_up"] += 1

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int | None:
        """The status of the answer, or nothing when there was none."""
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        try:
            async with self._session.post(url, data=body, headers=headers) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._session is not None:
            await self._session.close()


def signature(secret: str, body: bytes) -> str:
    """The value of ``X-Hub-Signature`` for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _headers(webhook: Webhook, body: bytes) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json; charset=UTF-8",
        "User-Agent": "Atlassian Webhook HTTP Client (simulated Jira)",
        "X-Atlassian-Webhook-Identifier": str(uuid.uuid4()),
        "X-Atlassian-Webhook-Flow": "Primary",
    }
    if webhook.secret:
        headers["X-Hub-Signature"] = signature(webhook.secret, body)
    return headers
