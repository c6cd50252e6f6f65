"""Sends one request to Jira and says truthfully what became of it.

* Reads are repeated up to three times (429, 502-504, network) by urllib3. Membership changes are
  never repeated here: the caller has to see an unknown outcome, read back, and decide.
* Redirects are not followed, cookies and .netrc are ignored: nothing but the configured key speaks
  for IUM, and only to the configured host.
* One `Transport` serves all threads. Each thread has its own two `requests.Session` objects (one
  that repeats, one that does not), made on first use; after a fork the child makes new ones, so
  that parent and child never write to the same socket.
"""

from __future__ import annotations

import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote

import requests
from requests import exceptions as failures
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProxyError
from urllib3.util import Retry

from .addresses import is_loopback, safe_base
from .answers import LONGEST_DETAIL, Answer, near_limit, parse_http_date, refusal_of, retry_after
from .credentials import Key, KeyRing
from .errors import BadAnswer, JiraError, JiraUnreachable, OutcomeUnknown
from .interface import ServerClock
from .pace import PROCESS_PACE, Lane, Pace

log = logging.getLogger(__name__)
slow_log = logging.getLogger("ium.slow")

Params = Mapping[str, str | int | bool | Iterable[str]]
HEADERS = {"Accept": "application/json", "User-Agent": "IUM/1 (licence sharing)"}
PAUSE_WITHOUT_HINT = 1.0
LONGEST_PAUSE = 3600.0  # Atlassian's longest window
POOL_SIZE = 4


@dataclass(frozen=True, slots=True)
class Tuning:
    """Times in seconds. `connect_timeout` sits just above TCP's first repeat at 3 s; calls that take `slow` or
    longer are logged. `told` hears of every call: its pattern, the status (0 without an answer), and its length."""

    connect_timeout: float = 3.05
    read_timeout: float = 15.0
    read_retries: int = 3
    backoff: float = 0.5
    longest_retry_after: int = 10
    slow: float = 5.0
    told: Callable[[str, int, float], None] | None = None


DEFAULT_TUNING = Tuning()

# What requests and urllib3 raise before a byte of the request could leave. A proxy error belongs
# here: urllib3 uses it only while there is no connection to the proxy.
UNSENT = (
    failures.ConnectTimeout,
    ConnectTimeoutError,
    NewConnectionError,
    ProxyError,
    ssl.SSLCertVerificationError,
)


class _ReadRetry(Retry):
    """Repeats reads, unless Jira asks for a longer wait than `retry_after_max`.

    urllib3 shortens such a wait and asks again, which Atlassian counts against us: give the 429 to
    the caller instead, who waits as long as Jira said.
    """

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Count one failed attempt; MaxRetryError hands the answer to the caller as it is."""
        wait = retry_after(response.headers) if response is not None else None
        if wait is not None and wait > self.retry_after_max:
            raise MaxRetryError(cast("ConnectionPool", _pool), url or "", None)
        return super().increment(method, url, response, error, _pool, _stacktrace)


class Transport:
    """HTTP to one base address (no trailing slash). Raises ValueError if that is not safe."""

    def __init__(
        self,
        base: str,
        keys: KeyRing,
        *,
        pace: Pace = PROCESS_PACE,
        tuning: Tuning = DEFAULT_TUNING,
    ) -> None:
        self.base = safe_base(base)
        self._keys = keys
        self._pace = pace
        self._tuning = tuning
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"Transport({self.base!r})"

    def read(
        self,
        method: str,
        path: str,
        ids: Mapping[str, str] | None = None,
        *,
        params: Params | None = None,
        json: object = None,
    ) -> Answer:
        """Send a request that changes nothing (searches may be POST) and return a 2xx answer.

        `path` is a pattern ("/v1/orgs/{org}"); `ids` fills it, quoted. Raises any JiraError but
        never OutcomeUnknown.
        """
        return self._call(method, path, ids or {}, params, json, write=False)

    def write(
        self,
        method: str,
        path: str,
        ids: Mapping[str, str] | None = None,
        *,
        params: Params | None = None,
        json: object = None,
    ) -> Answer:
        """Send a request that changes something, exactly once per key that is refused.

        Raises JiraUnreachable if it was surely not sent and OutcomeUnknown if it may have worked.
        """
        return self._call(method, path, ids or {}, params, json, write=True)

    def _call(
        self,
        method: str,
        path: str,
        ids: Mapping[str, str],
        params: Params | None,
        json: object,
        *,
        write: bool,
    ) -> Answer:
        url = self.base + _filled(path, ids)
        request = requests.Request(method, url, params=dict(params or {}), json=json)
        lane = Lane(f"{self.base} {ids.get('org', '')}".strip(), path, method)
        for key in self._keys:
            answer = self._send(request, key, lane, write=write)
            if answer.status != 401:
                self._keys.worked(key)
                break
        return self._judge(answer, write=write)

    def _send(
        self, request: requests.Request, key: Key | None, lane: Lane, *, write: bool
    ) -> Answer:
        self._pace.wait(lane)
        where = f"{lane.method} {lane.endpoint}"
        started = time.monotonic()
        try:
            response = self._exchange(request, key, write=write)
        except (failures.RequestException, OSError) as failure:
            error = self._failure_of(failure, where, write=write)
        else:
            log.debug("%s %s %.3f s", where, response.status_code, time.monotonic() - started)
            self._note(where, response.status_code, time.monotonic() - started)
            self._heed(lane, response)
            return Answer.of(response, where, self._keys.hide)
        # Outside the except block: the chained exception would carry the request with its key.
        self._note(where, 0, time.monotonic() - started)
        log.info("%s %r", where, error)
        raise error

    def _note(self, where: str, status: int, seconds: float) -> None:
        """Tell of a call, log a slow one; `where` is a pattern and names nobody, `status` is 0 without an answer."""
        if self._tuning.told is not None:
            self._tuning.told(where, status, seconds)
        if seconds >= self._tuning.slow:
            told = {"call": where, "status": status, "ms": round(seconds * 1000)}
            slow_log.warning("slow call to Jira", extra={"facts": told})

    def _exchange(
        self, request: requests.Request, key: Key | None, *, write: bool
    ) -> requests.Response:
        session = self._session(write=write)
        prepared = session.prepare_request(_with_key(request, key))
        settings = session.merge_environment_settings(prepared.url, {}, False, None, None)
        timeout = (self._tuning.connect_timeout, self._tuning.read_timeout)
        return session.send(prepared, timeout=timeout, allow_redirects=False, **settings)

    @staticmethod
    def _judge(answer: Answer, *, write: bool) -> Answer:
        if not answer.ok:
            raise refusal_of(answer, write=write)
        if _is_page(answer):
            kind = OutcomeUnknown if write else BadAnswer
            raise kind(f"{answer.where}: {answer.status} with an HTML page", status=answer.status)
        return answer

    def _failure_of(self, failure: Exception, where: str, *, write: bool) -> JiraError:
        """The error for a request without an answer. Only the innermost cause is quoted: the outer
        ones repeat the address, and with it the account id."""
        kind = OutcomeUnknown if write and not _surely_not_sent(failure) else JiraUnreachable
        *_, cause = _wrapped(failure)
        words = self._keys.hide(f"{type(failure).__name__}: {cause}")
        return kind(f"{where}: {words[:LONGEST_DETAIL]}")

    def _heed(self, lane: Lane, response: requests.Response) -> None:
        """Tell the pace what the headers say about this endpoint."""
        if response.status_code == 429:
            wait = retry_after(response.headers)
            self._pace.pause(lane, PAUSE_WITHOUT_HINT if wait is None else min(wait, LONGEST_PAUSE))
        elif near_limit(response.headers):
            self._pace.slow(lane)

    def _session(self, *, write: bool) -> requests.Session:
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.pid = os.getpid()
            self._local.sessions = {
                True: self._new_session(Retry(0, read=False)),
                False: self._new_session(self._read_retry()),
            }
        session: requests.Session = self._local.sessions[write]
        return session

    def _new_session(self, retry: Retry) -> requests.Session:
        session = requests.Session()
        # The environment names proxies and CA bundles; none of that applies to this machine.
        session.trust_env = not is_loopback(self.base)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.update(HEADERS)
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=POOL_SIZE, max_retries=retry)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def _read_retry(self) -> Retry:
        tuning = self._tuning
        return _ReadRetry(
            total=tuning.read_retries,
            backoff_factor=tuning.backoff,
            backoff_jitter=tuning.backoff,
            retry_after_max=tuning.longest_retry_after,
            status_forcelist=(429, 502, 503, 504),
            allowed_methods=None,  # searches are POST; only reads come here
            raise_on_status=False,
        )


def clock_of(answer: Answer) -> ServerClock:
    """Jira's time by the Date header. Raises BadAnswer without one."""
    server_time = parse_http_date(answer.headers.get("Date", ""))
    if server_time is None:
        raise BadAnswer(f"{answer.where}: no Date header")
    return ServerClock(server_time, (server_time - datetime.now(UTC)).total_seconds())


def _filled(path: str, ids: Mapping[str, str]) -> str:
    """The path with its ids, quoted. Raises ValueError for an id that would reach another path."""
    if not {"", ".", ".."}.isdisjoint(ids.values()):
        raise ValueError("An id is empty or only dots.")
    return path.format(**{name: quote(value, safe="") for name, value in ids.items()})


def _with_key(request: requests.Request, key: Key | None) -> requests.Request:
    return requests.Request(
        request.method, request.url, params=request.params, json=request.json, auth=key or _no_auth
    )


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Anonymous, explicitly: with None, requests would look into .netrc."""
    return request


def _is_page(answer: Answer) -> bool:
    """A sign-in or proxy page instead of Jira's answer."""
    return answer.headers.get("Content-Type", "").startswith("text/html") and bool(answer.text)


def _surely_not_sent(failure: BaseException) -> bool:
    """Whether the connection failed before a request could be written to it."""
    if isinstance(failure, ValueError):  # requests refused the address itself
        return True
    return any(isinstance(cause, UNSENT) for cause in _wrapped(failure))


def _wrapped(failure: BaseException) -> Iterator[BaseException]:
    """The exception and those inside it, by the ways in which requests and urllib3 wrap them."""
    yield failure
    inner = (getattr(failure, "reason", None), *failure.args)
    for item in inner:
        if isinstance(item, BaseException):
            yield from _wrapped(item)
