"""Jira REST v3, the instance: application roles, licences, server information, permissions, projects."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from jira_sync.simulator.answers import Answer, jira_error, ok
from jira_sync.simulator.context import simulator
from jira_sync.simulator.credentials import CLOUD_ID, SITE_NAME
from jira_sync.simulator.demo import PROJECTS
from jira_sync.simulator.jira_auth import DeniedError, administrator, caller, user
from jira_sync.simulator.jira_groups import BadRequestError
from jira_sync.simulator.jira_shapes import Document, application_role, base, page
from jira_sync.simulator.model import JIRA_PRODUCTS, Project

routes = web.RouteTableDef()

LICENCE_DENIED = "Only Jira administrators can access license details."
ADMIN_PERMISSIONS = frozenset({"ADMINISTER", "SYSTEM_ADMIN"})
PERMISSIONS = {
    "ADMINISTER": ("0", "Administer Jira", "GLOBAL"),
    "SYSTEM_ADMIN": ("44", "Jira System Administrators", "GLOBAL"),
    "USER_PICKER": ("27", "Browse users and groups", "GLOBAL"),
    "BULK_CHANGE": ("33", "Make bulk changes", "GLOBAL"),
    "BROWSE_PROJECTS": ("10", "Browse Projects", "PROJECT"),
    "EDIT_ISSUES": ("12", "Edit Issues", "PROJECT"),
}


@routes.get("/rest/api/3/applicationrole")
async def application_roles(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/applicationrole: seats as they are at this moment."""
    administrator(request)
    return ok([application_role(request, simulator(request), key) for key in JIRA_PRODUCTS])


@routes.get("/rest/api/3/applicationrole/{key}")
async def one_application_role(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/applicationrole/{key}."""
    administrator(request)
    key = request.match_info["key"]
    if key not in JIRA_PRODUCTS:
        return jira_error(404, f"The application role with key '{key}' does not exist.")
    return ok(application_role(request, simulator(request), key))


@routes.get("/rest/api/3/instance/license")
async def licence(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/instance/license (experimental)."""
    user(request)
    products = simulator(request).organisation.seats.products
    plans = {key: "PAID" if products[key].seats else "FREE" for key in JIRA_PRODUCTS}
    return ok({"applications": [{"id": key, "plan": plan} for key, plan in plans.items()]})


@routes.get("/rest/api/3/license/approximateLicenseCount")
async def licence_count(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/license/approximateLicenseCount: cached for up to seven days."""
    administrator(request, LICENCE_DENIED)
    context = simulator(request)
    total = sum(context.approximate_licence_count(key) for key in JIRA_PRODUCTS)
    return ok({"key": "license.totalApproximateUserCount", "value": str(total)})


@routes.get("/rest/api/3/license/approximateLicenseCount/product/{applicationKey}")
async def product_licence_count(request: web.Request) -> Answer:
    """Jira REST v3, the same for one product; the value is a string."""
    administrator(request, LICENCE_DENIED)
    key = request.match_info["applicationKey"]
    count = simulator(request).approximate_licence_count(key) if key in JIRA_PRODUCTS else 0
    return ok({"key": f"license.{key}.approximateUserCount", "value": str(count)})


@routes.get("/rest/api/3/serverInfo")
async def server_info(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/serverInfo: open to everybody, refused only with wrong credentials."""
    caller(request)
    address = base(request).removesuffix("/rest/api/3")
    return ok(
        {
            "baseUrl": address,
            "displayUrl": address,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100290,
            "buildDate": "2026-11-01T00:00:00.000+0000",
            "serverTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            "serverTimeZone": "Europe/Berlin",
            "scmInfo": "simulated",
            "serverTitle": SITE_NAME,
        }
    )


@routes.get("/rest/api/3/mypermissions")
async def my_permissions(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/mypermissions: ``permissions`` is required."""
    person, context = user(request), simulator(request)
    keys = [key for key in request.query.get("permissions", "").split(",") if key]
    if not keys:
        raise BadRequestError("The 'permissions' query parameter is required.")
    unknown = [key for key in keys if key not in PERMISSIONS]
    if unknown:
        raise BadRequestError(f"Unrecognized permission(s): {', '.join(unknown)}")
    admin, jira = context.is_admin(person), context.has_jira(person)
    held = {key: admin if key in ADMIN_PERMISSIONS else admin or jira for key in keys}
    return ok({"permissions": {key: _permission(key, held=held[key]) for key in keys}})


def _permission(key: str, *, held: bool) -> Document:
    number, name, kind = PERMISSIONS[key]
    return {
        "id": number,
        "key": key,
        "name": name,
        "type": kind,
        "description": name,
        "havePermission": held,
    }


@routes.get("/rest/api/3/project/search")
async def projects(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/project/search: projects the caller may browse, ordered by key."""
    person, context = user(request), simulator(request)
    sees = context.has_jira(person) or context.is_admin(person)
    found = [PROJECTS[key] for key in sorted(PROJECTS)] if sees else []
    document = page(request, found, largest=100)
    document["values"] = [_project(request, one) for one in document["values"]]
    return ok(document)


@routes.get("/rest/api/3/project/{key}")
async def project(request: web.Request) -> Answer:
    """Jira REST v3, GET /rest/api/3/project/{projectIdOrKey}; ``projectTypeKey`` tells the product."""
    person, context = user(request), simulator(request)
    found = PROJECTS.get(request.match_info["key"].upper())
    if found is None or not (context.has_jira(person) or context.is_admin(person)):
        key = request.match_info["key"]
        raise DeniedError(jira_error(404, f"No project could be found with key '{key}'."))
    return ok(_project(request, found))


def _project(request: web.Request, found: Project) -> Document:
    return {
        "self": f"{base(request)}/project/{found.number}",
        "id": str(found.number),
        "key": found.key,
        "name": found.name,
        "projectTypeKey": found.type_key,
        "simplified": found.type_key == "software",
        "style": "next-gen" if found.type_key == "software" else "classic",
        "isPrivate": False,
    }


@routes.get("/_edge/tenant_info")
async def tenant_info(request: web.Request) -> Answer:
    """The site's cloudId, open to everybody; needed before a scoped token can be used."""
    return ok({"cloudId": CLOUD_ID})
