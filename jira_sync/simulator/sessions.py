"""The signed-in person of a browser: a cookie that carries the account id and its signature.

Stateless, so that a restarted simulator still knows everybody. ``__aid_user_id`` is the script-readable cookie that
id.atlassian.com sets with the account id (section 8 of the fact sheet).
"""

from __future__ import annotations

import hashlib
import hmac

from aiohttp import web

from jira_sync.simulator.context import simulator
from jira_sync.simulator.model import Person

SESSION_COOKIE = "cloud.session.token"
ACCOUNT_COOKIE = "__aid_user_id"
_KEY = b"simulated-jira"


def _sign(account_id: str) -> str:
    return hmac.new(_KEY, account_id.encode(), hashlib.sha256).hexdigest()


def sign_in(answer: web.Response, person: Person) -> None:
    value = f"{_sign(person.account_id)}.{person.account_id}"
    answer.set_cookie(SESSION_COOKIE, value, httponly=True, samesite="Lax", path="/")
    answer.set_cookie(ACCOUNT_COOKIE, person.account_id, samesite="Lax", path="/")


def sign_out(answer: web.Response) -> None:
    answer.del_cookie(SESSION_COOKIE, path="/")
    answer.del_cookie(ACCOUNT_COOKIE, path="/")


def signed_in(request: web.Request) -> Person | None:
    """The active person whose cookie this is; a suspended or closed account is signed out at once."""
    signature, _, account_id = request.cookies.get(SESSION_COOKIE, "").partition(".")
    if not hmac.compare_digest(signature, _sign(account_id)):
        return None
    person = simulator(request).organisation.people.get(account_id)
    return person if person and person.active else None
