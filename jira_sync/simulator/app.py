"""Composition: the routes of all parts behind the gateway's middlewares."""

from __future__ import annotations

from aiohttp import web

from jira_sync.simulator import (
    account_pages,
    atlassian_sign_in,
    control,
    gateway,
    jira_groups,
    jira_instance,
    jira_users,
    jira_webhooks,
    openid,
    organisation_groups,
    organisation_users,
    organisations,
    pages,
)
from jira_sync.simulator.context import SIMULATOR, Simulator
from jira_sync.simulator.settings import Options

JIRA = (jira_groups, jira_users, jira_instance, jira_webhooks)
ORGANISATIONS = (organisation_groups, organisation_users, organisations)
PAGES = (pages, account_pages, openid, atlassian_sign_in)


def create_app(options: Options) -> web.Application:
    app = web.Application(middlewares=gateway.MIDDLEWARES)
    app[SIMULATOR] = Simulator(options)
    for module in (*JIRA, *ORGANISATIONS):
        app.add_routes(module.routes)
    _add_scoped_routes(app)
    for page_module in PAGES:
        app.add_routes(page_module.routes)
    control.add_routes(app)
    app.on_cleanup.append(_close)
    return app


def _add_scoped_routes(app: web.Application) -> None:
    """The Jira API once more at api.atlassian.com/ex/jira/{cloudId}, where scoped tokens work."""
    for module in JIRA:
        for route in module.routes:
            if isinstance(route, web.RouteDef) and route.path.startswith("/rest/"):
                app.router.add_route(route.method, gateway.SCOPED + route.path, route.handler)


async def _close(app: web.Application) -> None:
    await app[SIMULATOR].webhooks.close()
    app[SIMULATOR].storage.close()
