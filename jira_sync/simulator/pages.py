"""Pages of the simulated site, for people and for the browser extension.

They have the paths, redirects, meta tags and cookies of Jira Cloud and none of its looks, and say on every page that
they are a simulation. Without the product that a page needs the browser is sent to the "no access" page, which at
Atlassian is on id.atlassian.com; it answers here under any host name.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from aiohttp import web
from yarl import URL

from jira_sync.simulator import page_needs, sessions
from jira_sync.simulator.answers import Answer
from jira_sync.simulator.context import simulator
from jira_sync.simulator.credentials import CLOUD_ID
from jira_sync.simulator.demo import PROJECTS
from jira_sync.simulator.issues import edit_issue, issue_text
from jira_sync.simulator.model import PRODUCT_NAMES, Person
from jira_sync.simulator.rendering import render

routes = web.RouteTableDef()

IDENTITY_HOST = "id.atlassian.com"
SITE_SUFFIX = ".atlassian.net"
HOME = "/jira/your-work"


def wanted_url(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}{request.path_qs}"


def identity_base(request: web.Request) -> str:
    """Where Atlassian's account pages are: the same address, unless the site is called by its real name."""
    host, colon, port = request.host.partition(":")
    return f"{request.scheme}://{IDENTITY_HOST}{colon}{port}" if host.endswith(SITE_SUFFIX) else ""


def no_access(request: web.Request, product: str) -> web.HTTPFound:
    """302 to the page that Atlassian shows people without the product."""
    owner = "confluence" if product == "confluence" else "jira"
    resource = f"ari:cloud:{owner}::site/{CLOUD_ID}"
    query = urlencode(
        {"resource": resource, "continue": wanted_url(request)}, quote_via=quote, safe=""
    )
    return web.HTTPFound(URL(f"{identity_base(request)}/join/user-access?{query}", encoded=True))


def visitor(request: web.Request) -> Person:
    """The signed-in person, who may open this page; anybody else is sent where Atlassian sends them."""
    person = sessions.signed_in(request)
    if person is None:
        query = urlencode({"continue": wanted_url(request)}, quote_via=quote, safe="")
        raise web.HTTPFound(URL(f"/login?{query}", encoded=True))
    product, context = page_needs.needed_product(request.path), simulator(request)
    if product and product not in context.organisation.open_products(person):
        raise no_access(request, product)
    if product:
        context.record_view(person, product)
    return person


@routes.get("/")
async def root(request: web.Request) -> Answer:
    """The site's front door."""
    raise web.HTTPFound(HOME)


def _simple(path: str, title: str, text: str) -> None:
    """A page that only shows what it is."""

    async def show(request: web.Request) -> Answer:
        person = visitor(request)
        return render(request, "page.html", person=person, title=title, text=text)

    routes.get(path)(show)


_simple("/jira/your-work", "Your work", "What you worked on lately.")
_simple("/jira/for-you", "For you", "What waits for you.")
_simple("/issues/", "Search issues", "Every issue you may see.")
_simple("/jira/software/{rest:.*}", "Board", "To do, in progress, done.")
_simple("/jira/core/{rest:.*}", "Business board", "Plans and dates.")
_simple("/jira/servicedesk/{rest:.*}", "Service desk queue", "Requests that wait for an agent.")
_simple("/servicedesk/customer/{rest:.*}", "Help portal", "Ask for help. Needs no licence.")
_simple("/helpcenter/{rest:.*}", "Help centre", "Find help. Needs no licence.")
_simple("/jira/polaris/{rest:.*}", "Ideas", "Ideas and their ranking.")
_simple("/jira/discovery/share/{rest:.*}", "Published ideas", "A view that needs no licence.")
_simple("/jira/assets/{rest:.*}", "Assets", "Objects and their schemas. Needs no licence.")
_simple("/wiki{rest:(/.*)?}", "Confluence", "Pages and spaces.")


async def _administration(request: web.Request) -> Answer:
    """Administration, for administrators only; others get a 403 inside the product."""
    person = visitor(request)
    context = simulator(request)
    if not context.is_admin(person):
        text = "Only administrators can see this page."
        return render(request, "page.html", 403, person=person, title="No permission", text=text)
    groups = sorted(context.organisation.groups.values(), key=lambda group: group.name)
    seats = context.organisation.seats
    return render(
        request, "admin.html", person=person, groups=groups, seats=seats, names=PRODUCT_NAMES
    )


for _path in (
    "/jira/settings/{rest:.*}",
    "/secure/{rest:.*}",
    "/plugins/servlet/{rest:.*}",
    "/o/{rest:.*}",
):
    routes.get(_path)(_administration)


def _issue_key(request: web.Request) -> str:
    """The key of an issue that exists: any number of a known project."""
    key = request.match_info["key"].upper()
    if page_needs.project_of(request.path) is None or "-" not in key:
        raise web.HTTPNotFound(text="No such issue in the simulated Jira.")
    return key


@routes.get("/browse/{key}")
async def issue(request: web.Request) -> Answer:
    """An issue with its editor; a project key leads to the project's board."""
    if request.match_info["key"].upper() in PROJECTS:
        raise web.HTTPFound(f"/jira/software/projects/{request.match_info['key'].upper()}/boards/1")
    key = _issue_key(request)
    person = visitor(request)
    text = issue_text(simulator(request), key)
    return render(
        request,
        "issue.html",
        person=person,
        key=key,
        text=text,
        project=PROJECTS[key.partition("-")[0]],
    )


@routes.post("/browse/{key}")
async def save_issue(request: web.Request) -> Answer:
    """Save the editor: writes the text and sends the webhook."""
    key = _issue_key(request)
    person = visitor(request)
    text = str((await request.post()).get("text", ""))
    edit_issue(simulator(request), person, key, text)
    raise web.HTTPSeeOther(f"/browse/{key}")
