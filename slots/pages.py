"""Which of Jira's pages need no licence of its own pool, and which pool the others need.

Forms of addresses as seen in public material (docs/architecture.md lists them); the server hands them to the
extension, so that a change of Atlassian's addresses needs no new release.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ium.directory.models import Product
from ium.lib.hosts import is_on_site
from slots.models import LicencePool

FREE_PATHS = [
    r"^/jira/servicedesk(/|$)",
    r"^/servicedesk(/|$)",
    r"^/helpcenter(/|$)",
    r"^/jira/polaris(/|$)",
    r"^/jira/discovery(/|$)",
    r"^/jira/assets(/|$)",
    r"^/wiki(/|$)",
    r"^/admin(/|$)",
]
FREE_PROJECT_TYPES = ["service_desk", "product_discovery"]

# Path of a page -> the product whose licence it needs, the first match wins; Jira itself otherwise.
_PRODUCTS = [
    (re.compile(r"^/wiki(/|$)"), Product.CONFLUENCE),
    (re.compile(r"^(/jira)?/servicedesk(/|$)"), Product.SERVICE_MANAGEMENT),
    (re.compile(r"^/helpcenter(/|$)"), Product.SERVICE_MANAGEMENT),
]


def product_of_page(path: str) -> Product:
    """Return the product that a path of an Atlassian site belongs to.

    `/browse/KEY-1` does not tell: there the project's type decides, here it counts as Jira.
    """
    found = (product for pattern, product in _PRODUCTS if pattern.match(path))
    return next(found, Product.JIRA)


def pool_for_page(url: str, pools: Iterable[LicencePool]) -> LicencePool | None:
    """Return the first of the pools whose site and product the page belongs to; None when there is none.

    The address must have the site's scheme, host and port, and hide nothing (`ium.lib.hosts`).
    """
    on_site = [pool for pool in pools if is_on_site(url, pool.site.url)]
    if not on_site:
        return None
    product = product_of_page(urlsplit(url).path)
    return next((pool for pool in on_site if pool.product == product), None)
