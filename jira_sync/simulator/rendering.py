"""Rendering of the simulator's pages with Jinja2."""

from __future__ import annotations

from typing import Any

import jinja2
from aiohttp import web

from jira_sync.simulator.credentials import CLOUD_ID, SITE_NAME

_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("jira_sync.simulator"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)


def render(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    """A page; never cached, so that the back button asks again whether there is access."""
    text = _environment.get_template(template).render(
        cloud_id=CLOUD_ID, site=SITE_NAME, path=request.path_qs, **values
    )
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
