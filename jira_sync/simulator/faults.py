"""Faults that tests order: wrong answers, no answers, late answers, and answers lost after the change was made."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import unquote

FaultKind = Literal["status", "timeout", "drop_after_apply", "slow"]
DEFAULT_SECONDS = {"timeout": 30.0, "slow": 1.0}
HTTP_STATUS = range(400, 600)


class FaultOrderError(ValueError):
    """The order for a fault cannot be understood; the text says why."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests: regular expressions for the whole method and for any part of the path with its query."""

    method: str = ""
    path: str = ""

    def fits(self, method: str, path_and_query: str) -> bool:
        if self.method and not re.fullmatch(self.method, method, re.IGNORECASE):
            return False
        path = path_and_query.partition("?")[0]
        # Account ids hold a colon, which some clients encode: nobody should have to think of it.
        texts = (path, path_and_query, unquote(path_and_query))
        return any(re.search(self.path, text) for text in texts)

    def covers(self, other: Match) -> bool:
        """Whether this match, taken as an order to stop, means the other one."""
        return (not self.method or self.method == other.method) and (
            not self.path or self.path == other.path
        )


@dataclass(slots=True)
class Fault:
    """One ordered fault; with ``times`` it wears out, with ``rate`` it strikes by chance."""

    match: Match
    kind: FaultKind
    status: int = 500
    seconds: float = 0.0
    times: int | None = None
    rate: float | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    code: str = ""

    def as_json(self) -> dict[str, Any]:
        match = {"method": self.match.method, "path": self.match.path}
        return {"match": match, "kind": self.kind, "times": self.times, "rate": self.rate}


class Faults:
    """The faults in force. Chance is seeded, so that a run can be repeated."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self._random = random.Random(0)  # noqa: S311 - repeatable on purpose

    def clear(self) -> None:
        self.active.clear()
        self._random.seed(0)

    def order(self, document: dict[str, Any]) -> int:
        """Carry out an order (POST /_sim/faults); return how many faults are in force then."""
        match = _match(document.get("match", {}))
        if document.get("kind") == "none":
            self.active = [fault for fault in self.active if not match.covers(fault.match)]
        else:
            self.active.append(_fault(match, document))
        return len(self.active)

    def strike(self, method: str, path_and_query: str) -> Fault | None:
        """The fault that hits this request, if any; the oldest matching one comes first."""
        for fault in self.active:
            if fault.match.fits(method, path_and_query) and self._hits(fault):
                return fault
        return None

    def _hits(self, fault: Fault) -> bool:
        if fault.rate is not None:
            return self._random.random() < fault.rate
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self.active.remove(fault)
        return True


def _match(document: Any) -> Match:
    if not isinstance(document, dict) or set(document) - {"method", "path"}:
        raise FaultOrderError('"match" must be an object with "method" and "path"')
    method, path = document.get("method") or "", document.get("path") or ""
    for pattern in (method, path):
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            raise FaultOrderError(f"{pattern!r} is not a regular expression: {error}") from error
    return Match(method, path)


def _fault(match: Match, document: dict[str, Any]) -> Fault:
    kind: Any = document.get("kind")
    if kind not in get_args(FaultKind):
        raise FaultOrderError(
            f'"kind" must be one of {", ".join(get_args(FaultKind))} or none, not {kind!r}'
        )
    if "times" in document and "rate" in document:
        raise FaultOrderError('give "times" or "rate", not both')
    fault = Fault(match, kind, headers=_headers(document), code=str(document.get("code", "")))
    fault.status = _number(document, "status", 500, int, lambda value: value in HTTP_STATUS)
    seconds = DEFAULT_SECONDS.get(kind, 0.0)
    fault.seconds = _number(document, "seconds", seconds, (int, float), lambda value: value >= 0)
    fault.times = _number(document, "times", None, int, lambda value: value > 0)
    fault.rate = _number(document, "rate", None, (int, float), lambda value: 0 < value <= 1)
    fault.body = document.get("body")
    return fault


def _headers(document: dict[str, Any]) -> dict[str, str]:
    headers = document.get("headers", {})
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise FaultOrderError('"headers" must be an object of texts')
    return headers


def _number(document: dict[str, Any], name: str, default: Any, kind: Any, allowed: Any) -> Any:
    value = document.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, kind) or not allowed(value):
        raise FaultOrderError(f'"{name}" has no usable value: {value!r}')
    return value
