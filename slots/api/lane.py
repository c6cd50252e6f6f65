"""The fast lane: ordinary calls with a token, answered from what this process remembers, without the database.

It answers what is plain: a known device, well-formed input, somebody who holds a slot that nobody is about to take,
who waits, or who asks where nothing but the order decides. For everything else, every error among it, it returns
nothing and the call goes the usual way, which decides alone what is right. So nothing is refused here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from rest_framework.exceptions import ParseError

from activity.buffer import Key, Poll, Report
from activity.models import Source
from ium.directory.extension import HEADER
from ium.directory.known import known_devices
from ium.lib import clock
from ium.lib.errors import Busy
from ium.lib.hosts import is_on_site
from ium.lib.ticker import ticker
from slots.api.parsers import strict_json
from slots.api.shape import in_json
from slots.api.throttles import few_calls
from slots.document import SlotDocument, asked_document, remembered_document
from slots.live import buffer, snapshots, together
from slots.models import SlotState
from slots.pages import pool_for_page
from slots.services import Ask
from slots.snapshot import PoolSnapshot, Snapshot

Next = Callable[[HttpRequest], HttpResponse]
EXTENSION_HEADER = "HTTP_" + HEADER.upper().replace("-", "_")
LONGEST_BODY = 8 * 1024
LONGEST_IDLE = 7 * 24 * 3600
LONGEST_PAGE = 2000
_JSON = {"application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"}
_FIELDS = {"idle_seconds", "join", "page", "pool", "return_url"}
_ANYTHING = {None, "*/*", "application/json", "application/json, text/plain, */*"}


class FastLane:
    """Middleware: answers what is plain, hands everything else on."""

    def __init__(self, get_response: Next) -> None:
        """Take the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer at once or in the usual way."""
        lane = _LANES.get((request.method or "", request.path_info))
        answer = _try(lane, request) if lane is not None and ticker.is_running else None
        return self.get_response(request) if answer is None else answer


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, when, and what this process remembers of all pools."""

    user_id: int
    at: datetime
    pools: Snapshot


Lane = Callable[[Caller, dict[str, Any]], SlotDocument | None]


def _try(lane: Lane, request: HttpRequest) -> HttpResponse | None:
    token = _token(request)
    body = _body(request) if token else None
    if token is None or body is None:
        return None
    try:
        caller = _caller(token, lane.__name__, request)
        if caller is None:
            return None
        request.get_host()  # refuses names that are not ours, as CommonMiddleware does
        language = translation.get_language_from_request(request)
        with translation.override(language):
            document = lane(caller, body)
    except DatabaseError:
        return None
    if document is None:
        return None
    return _answer(document, language)


def _answer(document: SlotDocument, language: str) -> HttpResponse:
    """Answer with the headers that the middlewares behind this one would add."""
    content = json.dumps(in_json(document), ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Length": str(len(content)),
        "Content-Language": language,
        "Vary": "Accept-Language",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
    }
    return HttpResponse(content, content_type="application/json", headers=headers)


def _token(request: HttpRequest) -> str | None:
    """Return the token of a call whose form is plain."""
    meta = request.META
    header = str(meta.get("HTTP_AUTHORIZATION", ""))
    plain = (
        header.startswith("Bearer ")
        and header.isascii()
        and not meta.get("QUERY_STRING")
        and meta.get("HTTP_ACCEPT") in _ANYTHING
        and (not settings.SECURE_SSL_REDIRECT or request.is_secure())
    )
    return header[7:].strip() if plain else None


def _body(request: HttpRequest) -> dict[str, Any] | None:
    """Return the JSON object of a call; an empty one for a call without a body; None for anything else."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if request.method == "GET":
        return {}
    if not length.isdigit() or not 0 < int(length) <= LONGEST_BODY:
        return None
    if request.META.get("CONTENT_TYPE") not in _JSON:
        return None
    try:
        found = strict_json(request.body)
    except ParseError:
        return None
    # A null is not the same as nothing: it is refused, by the usual way.
    return found if isinstance(found, dict) and None not in found.values() else None


def _caller(token: str, part: str, request: HttpRequest) -> Caller | None:
    at = clock.soon_now()
    known = known_devices.find(token, request.META.get(EXTENSION_HEADER), at)
    if known is None:
        return None
    pools = snapshots.get()
    if not snapshots.knows(known.user_id, pools) or not few_calls(part, known.user_id):
        return None
    return Caller(known.user_id, at, pools)


def slot(caller: Caller, body: dict[str, Any]) -> SlotDocument | None:
    """GET: tell the state."""
    pool = _pool(caller.pools, body)
    if pool is None:
        return None
    return remembered_document(seen=pool, user_id=caller.user_id, at=caller.at)


def activity(caller: Caller, body: dict[str, Any]) -> SlotDocument | None:
    """POST: note that somebody was active whom nothing threatens."""
    idle, pool = _idle(body), _pool(caller.pools, body)
    if idle is None or pool is None or not _is_safe(pool, caller):
        return None
    document = remembered_document(seen=pool, user_id=caller.user_id, at=caller.at)
    if document is None:
        return None
    key = Key(caller.user_id, pool.pool.site_id, pool.pool.product)
    report = Report(caller.at - timedelta(seconds=idle), caller.at, Source.EXTENSION.value)
    return document if buffer.report(key, report) else None


def _is_safe(seen: PoolSnapshot, caller: Caller) -> bool:
    """Whether activity changes nothing but the time of the last one: else it is written before it is answered."""
    if seen.pool.measuring:
        return True
    held = seen.held_by(caller.user_id)
    if held is None:
        return caller.user_id in seen.waiting
    threatened = held.warned_at is not None or caller.user_id in seen.reclaimable
    return held.state == SlotState.ACTIVE and held.was_claimed and not threatened


def _idle(body: dict[str, Any]) -> float | None:
    idle = body.get("idle_seconds")
    if isinstance(idle, bool) or not isinstance(idle, int | float):
        return None
    return float(idle) if 0 <= idle <= LONGEST_IDLE else None


def poll(caller: Caller, body: dict[str, Any]) -> SlotDocument | None:
    """POST: note that somebody who waits is still there, or let them ask, under the lock."""
    pool = _pool(caller.pools, body)
    if pool is None or not isinstance(body.get("join", True), bool):
        return None
    return _still_waits(pool, caller, body) or _asks(pool, caller, body)


def _still_waits(pool: PoolSnapshot, caller: Caller, body: dict[str, Any]) -> SlotDocument | None:
    """Whoever could be given a slot now goes the locked way."""
    entry = pool.wait_of(caller.user_id)
    if entry is None or entry.alive_until < caller.at or pool.reclaims:
        return None
    wanted = body.get("return_url", entry.return_url)
    if wanted != entry.return_url or pool.ahead_of(entry) < pool.free:
        return None
    document = remembered_document(seen=pool, user_id=caller.user_id, at=caller.at)
    if document is None or document.state != "queued":
        return None
    return document if buffer.poll(Poll(pool.pool.pk, entry.pk), caller.at) else None


def _asks(seen: PoolSnapshot, caller: Caller, body: dict[str, Any]) -> SlotDocument | None:
    """Let somebody ask whom no rule but membership can refuse; whoever is refused goes the usual way."""
    pool, wanted = seen.pool, body.get("return_url")
    plain = pool.enabled and not (pool.has_group_rules or pool.lock_minutes or pool.measuring)
    if not plain or caller.user_id in seen.locked:
        return None
    if wanted is not None and not is_on_site(wanted, pool.site.url):
        return None
    ask = Ask(user_id=caller.user_id, return_url=wanted, join=body.get("join", True))
    try:
        outcome = together.ask(pool.pk, ask)
    except Busy:
        return None
    finally:
        snapshots.touch(caller.user_id)
    return asked_document(seen=seen, slot=outcome.slot, entry=outcome.entry, at=caller.at)


def _pool(pools: Snapshot, body: dict[str, Any]) -> PoolSnapshot | None:
    """Return the pool that is meant, as `slots.selectors.pool_for` does; None when the input is not plain."""
    if not body.keys() <= _FIELDS or not pools.pools:
        return None
    key, page = body.get("pool"), body.get("page", body.get("return_url"))
    if page is not None and not _is_plain(page):
        return None
    if key is None:
        found = pool_for_page(page, pools.pools) if page else None
        key = (found or pools.pools[0]).key
    return pools.by_key.get(key) if isinstance(key, str) else None


def _is_plain(page: object) -> bool:
    return (
        isinstance(page, str)
        and 0 < len(page) <= LONGEST_PAGE
        and page.isascii()
        and page.isprintable()
        and page == page.strip()
    )


_LANES: dict[tuple[str, str], Lane] = {
    ("GET", "/api/v1/slot"): slot,
    ("POST", "/api/v1/slot"): poll,
    ("POST", "/api/v1/activity"): activity,
}
