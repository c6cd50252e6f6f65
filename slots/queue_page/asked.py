"""What the address of the page asks for: which pool, and which page of Jira to come back to."""

from dataclasses import dataclass

from django.core.validators import slug_re
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ium.lib.errors import BadInput, NotFound
from slots.models import LicencePool
from slots.selectors import pool_by_key
from slots.services.requests import check_return_url


@dataclass(frozen=True)
class Asked:
    """A checked question. `problem` tells people what was dropped from it."""

    pool: LicencePool
    return_url: str | None = None
    problem: str = ""


def asked_for(request: HttpRequest) -> Asked:
    """Return what the query string asks for. Raises NotFound for a pool that does not exist.

    A foreign return address is dropped, not followed and not stored: the page goes on without it.
    """
    pool = pool_by_key(_pool_key(request))
    return_url = request.GET.get("return_url", "").strip() or None
    try:
        check_return_url(return_url, pool)
    except BadInput as error:
        return Asked(pool=pool, problem=str(error.message))
    return Asked(pool=pool, return_url=return_url)


def _pool_key(request: HttpRequest) -> str | None:
    key = request.GET.get("pool", "").strip()
    if key and not slug_re.match(key):
        raise NotFound(_("There is no pool “%(key)s”.") % {"key": key}, code="unknown_pool")
    return key or None
