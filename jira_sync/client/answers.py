"""Reads Jira's answers: JSON where there is some, and one `JiraError` for each kind of refusal.

Error bodies come in four forms, or are missing (jira-api.md sections 1 and 3):

* Organizations API: `{"errors": [{"id", "status", "code", "title", "detail"}]}`
* its router:        `{"timestamp", "path", "status", "error", "requestId", "message"}`
* its gateway:       `{"code": 429, "message": "..."}`
* Jira REST:         `{"errorMessages": ["..."], "errors": {"field": "..."}}`, text, or nothing
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from requests import Response

from . import errors
from .errors import JiraError

LONGEST_DETAIL = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `headers` ignores case; `body` is the parsed JSON, None when there is none."""

    status: int
    headers: Mapping[str, str]
    where: str  # method and path pattern, for messages
    text: str = field(repr=False)  # neither is shown: error trackers print local variables
    body: Any = field(repr=False)

    @classmethod
    def of(cls, response: Response, where: str, hide: Callable[[str], str]) -> Answer:
        """Take over a response; text that is not JSON stays text. `hide` removes secrets."""
        text = hide(response.text)
        try:
            body = json.loads(text) if text.strip() else None
        except ValueError:
            body = None
        return cls(response.status_code, response.headers, where, text, body)

    @property
    def ok(self) -> bool:
        """2xx. Atlassian answers 200, 201 and 204 for the same thing."""
        return 200 <= self.status < 300

    def document(self) -> dict[str, Any]:
        """The body as a JSON object. Raises BadAnswer."""
        if isinstance(self.body, dict):
            return self.body
        raise errors.BadAnswer(f"{self.where}: {self.status} without a JSON object")

    def rows(self, key: str | None = None) -> list[dict[str, Any]]:
        """The objects listed under `key`, or in the body itself. Raises BadAnswer."""
        rows = self.document().get(key) if key else self.body
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
        raise errors.BadAnswer(f"{self.where}: {self.status} without a list of {key or 'objects'}")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What an error body says: Jira's code (if any) and all its words."""

    api_code: str | None
    words: str


# Jira's code -> our error and, where it differs from the class, how far it reaches. 404-1 is not
# here: it stands for any unknown resource, so its words decide.
_BY_CODE: dict[str, tuple[type[JiraError], errors.Affects | None]] = {
    "ADMIN-UAM-400-2": (errors.UserInactive, None),
    "ADMIN-UAM-400-3": (errors.RequestRefused, "group"),
    "ADMIN-UAM-400-4": (errors.RequestRefused, "group"),
    "ADMIN-UAM-401-1": (errors.KeyRefused, None),
    "ADMIN-UAM-402-1": (errors.RequestRefused, "site"),
    "ADMIN-UAM-403-1": (errors.NotAllowed, None),
    "ADMIN-UAM-403-2": (errors.NotAllowed, None),
    "ADMIN-UAM-404-2": (errors.NotFound, None),
    "ADMIN-UAM-404-3": (errors.GroupNotFound, None),
    "ADMIN-UAM-409-2": (errors.AlreadyMember, None),
    "ADMIN-UAM-409-3": (errors.LicenceLimitReached, None),
    "ADMIN-400-32": (errors.LicenceLimitReached, None),
    "ADMIN-403-3": (errors.NotAllowed, None),
    "ADMIN-403-5": (errors.NotAllowed, "group"),
    "ADMIN-404-8": (errors.UserNotFound, None),
    "ADMIN-404-10": (errors.GroupNotFound, None),
}

# Jira's words -> our error, for 4xx without a telling code. The first match wins.
_BY_WORDS: tuple[tuple[re.Pattern[str], frozenset[int], type[JiraError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), frozenset(statuses), error)
    for pattern, statuses, error in (
        (r"already a member", (400, 409), errors.AlreadyMember),
        (
            r"license limit|license_breach|user limit|licensed users? exceed|exceed\w* .*licen",
            (400, 402, 403, 409),
            errors.LicenceLimitReached,
        ),
        (
            r"identity provider|\bidp\b(?!\.client)|external\w*[- ](managed|synced)|\bscim\b"
            r"|read[- ]?only|not modifiable",
            (400, 403, 409),
            errors.GroupReadOnly,
        ),
        (r"inactive|deactivated|suspended", (400, 403, 409), errors.UserInactive),
        (r"user\b.*(not exist|not found)", (400, 404), errors.UserNotFound),
        (r"group\b.*(not exist|not found)", (400, 404), errors.GroupNotFound),
    )
)

# Jira REST with no licence left: a 500 of its identity service (CONFCLOUD-84635). "timed-out" in
# the same place says nothing about the outcome, so it must not match.
_HYSTRIX_LIMIT = re.compile(r"HystrixRuntimeException.*AddUserToGroups\w* failed", re.DOTALL)

_SCOPE = re.compile(r"insufficient.?scope|scope does not match", re.IGNORECASE)

_CAPTCHA = (
    "Jira locked the account's sign-in after repeated failures. Sign in to Jira once in a browser "
    "with this account and solve the CAPTCHA, then try again."
)


def refusal_of(answer: Answer, *, write: bool) -> JiraError:
    """Turn an answer that is not 2xx into the error to raise.

    `write`: the request would have changed something, so a failure of the server leaves the
    outcome unknown.
    """
    refusal = _read(answer)
    kind, affects = _kind(answer, refusal, write=write)
    return kind(
        _detail(answer, refusal),
        message=_CAPTCHA if _is_captcha(answer) else None,
        retry_after=retry_after(answer.headers),
        status=answer.status,
        api_code=refusal.api_code,
        affects=affects,
    )


def _kind(
    answer: Answer, refusal: _Refusal, *, write: bool
) -> tuple[type[JiraError], errors.Affects | None]:
    if answer.status >= 500 or answer.status == 408:
        return _failed(refusal, write=write), None
    if answer.status == 429:
        return errors.RateLimited, None
    if _SCOPE.search(refusal.words):
        return errors.NotAllowed, None
    if answer.status == 401 or _is_captcha(answer):
        return errors.KeyRefused, None
    if answer.status < 400:
        return errors.BadAnswer, None
    return _refused(answer.status, refusal)


def _failed(refusal: _Refusal, *, write: bool) -> type[JiraError]:
    if write and _HYSTRIX_LIMIT.search(refusal.words):
        return errors.LicenceLimitReached
    return errors.OutcomeUnknown if write else errors.JiraUnreachable


def _refused(status: int, refusal: _Refusal) -> tuple[type[JiraError], errors.Affects | None]:
    by_words = next(
        (error for pattern, statuses, error in _BY_WORDS
         if status in statuses and pattern.search(refusal.words)),
        None,
    )  # fmt: skip
    by_code = _BY_CODE.get(refusal.api_code or "")
    if by_code and not (by_code[0] is errors.NotAllowed and by_words):
        return by_code  # a bare "forbidden" is the only code that words make more precise
    if by_words:
        return by_words, None
    fallback = {403: errors.NotAllowed, 404: errors.NotFound}
    return fallback.get(status, errors.RequestRefused), None


def _read(answer: Answer) -> _Refusal:
    """Collect code and words from whichever form the body has."""
    body = answer.body
    if not isinstance(body, dict):
        return _Refusal(None, answer.text if body is None else json.dumps(body))
    listed = [row for row in _as_list(body.get("errors")) if isinstance(row, dict)]
    code = next((str(row["code"]) for row in listed if row.get("code")), None)
    return _Refusal(code, " ".join(filter(None, _words(body, listed))))


def _words(body: dict[str, Any], listed: list[dict[str, Any]]) -> Iterator[str]:
    for row in listed:
        yield from (_text(row.get(key)) for key in ("title", "detail"))
    yield from (_text(message) for message in _as_list(body.get("errorMessages")))
    fields = body.get("errors")
    if isinstance(fields, dict):
        yield from (_text(message) for message in fields.values())
    yield from (_text(body.get(key)) for key in ("error", "message"))


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _detail(answer: Answer, refusal: _Refusal) -> str:
    """One line for the administrator: request, status, Jira's code and words, trace id."""
    words = re.sub(r"\s+", " ", refusal.words).strip()[:LONGEST_DETAIL]
    trace = answer.headers.get("Atl-Traceid") or answer.headers.get("X-Request-Id") or ""
    parts = (str(answer.status), refusal.api_code, words, trace and f"(trace {trace})")
    return f"{answer.where}: " + " ".join(part for part in parts if part)


def _is_captcha(answer: Answer) -> bool:
    return "CAPTCHA" in answer.headers.get("X-Authentication-Denied-Reason", "").upper()


# --- waiting times and clocks ---------------------------------------------------------------------


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: `Retry-After` (seconds or date), else `X-RateLimit-Reset` (ISO 8601).

    Dates are read against the answer's own Date header, so our clock may be wrong. None if Jira
    gave neither. `headers` must ignore case.
    """
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value):
        return float(value)
    until = parse_http_date(value) or _parse_iso(headers.get("X-RateLimit-Reset", "").strip())
    if until is None:
        return None
    now = parse_http_date(headers.get("Date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def near_limit(headers: Mapping[str, str]) -> bool:
    """Whether Jira warns that less than a fifth of a limit is left."""
    if headers.get("X-RateLimit-NearLimit", "").lower() == "true":
        return True
    left, limit = headers.get("X-RateLimit-Remaining", ""), headers.get("X-RateLimit-Limit", "")
    numbers = re.fullmatch(r"([0-9]{1,15})/([0-9]{1,15})", f"{left}/{limit}")
    return numbers is not None and int(numbers[1]) * 5 < int(numbers[2])


def parse_http_date(value: str) -> datetime | None:
    """An HTTP date with its zone; None if it is none."""
    try:
        parsed = parsedate_to_datetime(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _parse_iso(value: str) -> datetime | None:
    """ISO 8601, with or without seconds; UTC if no zone is named."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
