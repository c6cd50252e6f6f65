"""Pages of the Atlassian account: sign-in, "no access", and who is signed in.

At Atlassian they are on id.atlassian.com; here they answer under any host name.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from aiohttp import web

from jira_sync.simulator import page_needs, sessions
from jira_sync.simulator.answers import Answer, ok
from jira_sync.simulator.context import simulator
from jira_sync.simulator.model import Person
from jira_sync.simulator.pages import HOME, IDENTITY_HOST, SITE_SUFFIX
from jira_sync.simulator.rendering import render

routes = web.RouteTableDef()

MOST_SHOWN = 60


def safe_target(request: web.Request, target: str) -> str:
    """Where to go on after sign-in: this site only, never somewhere else."""
    parts = urlsplit(target)
    if not parts.scheme and not parts.netloc and target.startswith("/") and "\\" not in target:
        return target
    host = parts.hostname or ""
    known = parts.netloc == request.host or host == IDENTITY_HOST or host.endswith(SITE_SUFFIX)
    return target if known and parts.scheme in {"http", "https"} else HOME


@routes.get("/login")
async def login(request: web.Request) -> Answer:
    """Choose a person to be: the simulation knows no passwords."""
    query = request.query.get("q", "").strip()
    found = [
        person for person in _people(request) if query.casefold() in _haystack(request, person)
    ]
    target = request.query.get("continue", HOME)
    shown = [(person, _groups(request, person)) for person in found[:MOST_SHOWN]]
    person = sessions.signed_in(request)
    return render(
        request,
        "login.html",
        person=person,
        shown=shown,
        found=len(found),
        query=query,
        target=target,
    )


def _people(request: web.Request) -> list[Person]:
    people = simulator(request).organisation.people.values()
    return [person for person in people if person.active and person.account_type != "app"]


def _groups(request: web.Request, person: Person) -> list[str]:
    return [group.name for group in simulator(request).organisation.groups_of(person.account_id)]


def _haystack(request: web.Request, person: Person) -> str:
    return " ".join(
        [person.name, person.email, person.account_id, *_groups(request, person)]
    ).casefold()


@routes.post("/login")
async def sign_in(request: web.Request) -> Answer:
    """Become the chosen person."""
    form = await request.post()
    person = simulator(request).organisation.people.get(str(form.get("accountId", "")))
    if person is None or not person.active or person.account_type == "app":
        raise web.HTTPForbidden(text="Nobody to sign in as.")
    answer = web.Response(status=303)
    answer.headers["Location"] = safe_target(request, str(form.get("continue", HOME)))
    sessions.sign_in(answer, person)
    return answer


@routes.post("/logout")
async def sign_out(request: web.Request) -> Answer:
    answer = web.Response(status=303, headers={"Location": "/login"})
    sessions.sign_out(answer)
    return answer


@routes.get("/join/user-access")
async def no_access(request: web.Request) -> Answer:
    """id.atlassian.com/join/user-access: shown to people without the product of the page they wanted."""
    return _no_access_page(request, asked=False)


@routes.post("/join/user-access")
async def request_access(request: web.Request) -> Answer:
    """Ask an administrator for access; recorded for tests, granted by nobody."""
    person = sessions.signed_in(request)
    simulator(request).access_requests.append(person.account_id if person else "")
    return _no_access_page(request, asked=True)


def _no_access_page(request: web.Request, *, asked: bool) -> web.Response:
    wanted = request.query.get("continue", "")
    product = page_needs.needed_product(urlsplit(wanted).path)
    ium_url = simulator(request).options.ium_url.rstrip("/")
    hint = f"{ium_url}/queue/?" + urlencode({"pool": "jira", "return_url": wanted})
    return render(
        request,
        "no_access.html",
        person=sessions.signed_in(request),
        product="Confluence" if ":confluence:" in request.query.get("resource", "") else "Jira",
        wanted=safe_target(request, wanted),
        asked=asked,
        queue=hint if ium_url and product == "jira-software" else "",
    )


@routes.get("/gateway/api/me")
async def me(request: web.Request) -> Answer:
    """The account behind the session; works without access to any product (assumption)."""
    person = sessions.signed_in(request)
    if person is None:
        return ok({"code": 401, "message": "Unauthorized"}, 401)
    return ok(account_document(request, person))


def account_document(request: web.Request, person: Person) -> dict[str, object]:
    """An account as the user identity API describes it."""
    return {
        "account_id": person.account_id,
        "account_type": person.account_type,
        "account_status": person.status,
        "email": person.email,
        "email_verified": simulator(request).switches.email_verified,
        "name": person.name,
        "nickname": person.name.split()[0],
        "zoneinfo": person.time_zone,
        "locale": "en-GB",
    }
