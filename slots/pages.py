"""Which of Jira's pages need no licence of its own pool, and which pool the others need.

Forms of addresses as seen in public material (docs/architecture.md lists them); the server hands them to the
extension, so that a change of Atlassian's addresses needs no new release.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from ium.directory.models import Product
from ium.lib.hosts import is_on_site
from ium.lib.patterns import lines_of, pattern_problem
from slots.models import LicencePool, PageRules

# Built in; an administrator can replace them (`PageRules`).
FREE_PATHS = [
    r"^/jira/servicedesk(/|$)",
    r"^/servicedesk(/|$)",
    r"^/helpcenter(/|$)",
    r"^/jira/polaris(/|$)",
    r"^/jira/discovery(/|$)",
    r"^/jira/assets(/|$)",
    r"^/wiki(/|$)",
    r"^/admin(/|$)",
    r"^/jira/settings(/|$)",
    r"^/secure/admin(/|$)",
    r"^/(login|logout)([/.]|$)",
]
FREE_PROJECT_TYPES = ["service_desk", "product_discovery"]
# Where Atlassian sends people who have no licence of the product (jira-api.md, section 8).
ACCESS_REQUEST_URLS = ["https://id.atlassian.com/join/user-access"]

# Pages whose path names a project; the first group is its key.
PROJECT_PATHS = [
    r"^/browse/([A-Z][A-Z0-9_]+)(-[0-9]+)?(/|$)",
    r"^/jira/(?:software|core)(?:/c)?/projects/([A-Z][A-Z0-9_]+)(/|$)",
    r"^/projects/([A-Z][A-Z0-9_]+)(/|$)",
]

# Pages that need a slot of a pool of this product, unless they are free. Service desks: only what is surely an
# agent's page, because the portal of customers needs no licence at all.
NEEDED_PATHS = {
    Product.JIRA: [r"^/"],
    Product.SERVICE_MANAGEMENT: [r"^/jira/servicedesk(/|$)"],
    Product.CONFLUENCE: [r"^/wiki(/|$)"],
}

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
    own = (pool for pool in on_site if pool.product == product)
    also = (pool for pool in on_site if product == Product.CONFLUENCE and pool.covers_confluence)
    return next(own, None) or next(also, None)


@dataclass(frozen=True)
class Rules:
    """The rules about pages as they hold now: the administrator's, else those built in."""

    free_paths: list[str]
    free_project_types: list[str]
    access_request_urls: list[str]
    minimum_extension_version: str


def rules_now() -> Rules:
    """Return the rules. One query."""
    row = PageRules.objects.filter(pk=1).first() or PageRules()
    # A line that nobody checked (a restored backup of another version) must not reach browsers.
    paths = [line for line in lines_of(row.free_paths) if pattern_problem(line) is None]
    return Rules(
        free_paths=paths or FREE_PATHS,
        free_project_types=lines_of(row.free_project_types) or FREE_PROJECT_TYPES,
        access_request_urls=lines_of(row.access_request_urls) or ACCESS_REQUEST_URLS,
        minimum_extension_version=row.minimum_extension_version,
    )


def free_paths_of(pool: LicencePool, rules: Rules) -> list[str]:
    """Return the rules for pages that need no slot of this pool, among those that its product has."""
    if pool.product != Product.JIRA:
        return []
    if not pool.covers_confluence:
        return rules.free_paths
    return [path for path in rules.free_paths if not re.match(path, "/wiki/home")]
