"""What clients are told: page rules, intervals, addresses, texts. Pools and projects are for people only."""

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer

from ium.directory.models import Product, Project, User
from slots.api.serializers import ConfigSerializer
from slots.models import LicencePool
from slots.pages import NEEDED_PATHS, PROJECT_PATHS, Rules, free_paths_of, rules_now

# The extension reports activity, and asks for this document, at most this often.
ACTIVITY_SECONDS = 30
CONFIG_SECONDS = 600


def config_document(user: User | None) -> dict[str, Any]:
    """Return what this person's clients need to know; None: somebody who is not signed in."""
    rules = rules_now()
    return {
        "sign_in": _sign_in(),
        "pools": _pools(rules) if user is not None else [],
        "free_paths": rules.free_paths,
        "free_project_types": rules.free_project_types,
        "project_paths": PROJECT_PATHS,
        "access_request_urls": [*rules.access_request_urls, *_of_the_demo()],
        "queue_url": settings.IUM_URL + reverse("queue"),
        "install_url": settings.IUM_URL + reverse("extension"),
        "help_url": settings.IUM_URL + reverse("help"),
        "activity_seconds": ACTIVITY_SECONDS,
        "config_seconds": CONFIG_SECONDS,
        "minimum_extension_version": rules.minimum_extension_version,
        "texts": _texts(),
    }


def config_response(request: HttpRequest, document: dict[str, Any]) -> HttpResponseBase:
    """Answer with the document, or with 304 when the client has it already.

    `no-cache` lets browsers keep it and makes them ask every time, which costs them a few bytes.
    """
    body = JSONRenderer().render(ConfigSerializer(document).data)
    etag = f'"{hashlib.sha256(body).hexdigest()}"'
    whole = HttpResponse(body, content_type="application/json")
    response: HttpResponseBase = (
        get_conditional_response(request, etag=etag, response=whole) or whole
    )
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ("Accept-Language", "Authorization", "Cookie"))
    return response


def _pools(rules: Rules) -> list[dict[str, Any]]:
    pools = list(LicencePool.objects.select_related("site").order_by("pk"))
    projects = _free_projects(pools, rules)
    return [_pool(pool, rules, projects.get(pool.site_id, [])) for pool in pools]


def _sign_in() -> dict[str, str]:
    names = ("authorize", "token", "revoke")
    authorize, token, revoke = (settings.IUM_URL + reverse(f"extension-{name}") for name in names)
    return {
        "authorization_endpoint": authorize,
        "token_endpoint": token,
        "revocation_endpoint": revoke,
        "client_id": settings.IUM_EXTENSION_CLIENT_ID,
    }


def _free_projects(pools: list[LicencePool], rules: Rules) -> dict[int, list[str]]:
    """Return by site the keys of projects whose type needs no slot: one query."""
    sites = {pool.site_id for pool in pools}
    keys = Project.objects.filter(site__in=sites, type_key__in=rules.free_project_types)
    found: dict[int, list[str]] = {}
    for site_id, key in keys.order_by("key").values_list("site_id", "key"):
        found.setdefault(site_id, []).append(key)
    return found


def _pool(pool: LicencePool, rules: Rules, free_projects: list[str]) -> dict[str, Any]:
    return {
        "key": pool.key,
        "name": pool.name,
        "product": pool.product,
        "site_url": pool.site.url,
        "first_attempt": pool.first_attempt,
        "automatic_login": pool.automatic_login,
        "queue_timer_seconds": pool.queue_timer_seconds,
        "warning_seconds": pool.warning_seconds,
        "extension_check": pool.extension_check,
        "queue_message": pool.queue_message,
        "needed_paths": NEEDED_PATHS[Product(pool.product)],
        "free_paths": free_paths_of(pool, rules),
        "free_projects": free_projects if pool.product == Product.JIRA else [],
    }


def _of_the_demo() -> list[str]:
    """Return the page of the simulated Jira that stands for Atlassian's."""
    return [f"{settings.IUM_SIMULATOR_URL}/join/user-access"] if settings.IUM_DEMO else []


def _texts() -> dict[str, str]:
    return {
        "sign_in": _("Sign in to IUM, so that your work in Jira counts and you keep your slot."),
        "outdated": _("This version of the IUM extension is too old. Update it to keep your slot."),
        "server_away": _("IUM does not answer at the moment. You can go on working in Jira."),
    }
