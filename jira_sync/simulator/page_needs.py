"""Which product a page of the site needs.

Page shapes as in section 8 of the fact sheet. The portal, Assets and published ideas need no product at all;
``/browse/KEY-1`` does not tell by its path, the type of the project decides.
"""

from __future__ import annotations

import re

from jira_sync.simulator.demo import PROJECTS
from jira_sync.simulator.model import Project

FREE = ""
PRODUCT_OF_TYPE = {
    "software": "jira-software",
    "business": "jira-software",
    "service_desk": "jira-servicedesk",
    "product_discovery": "jira-product-discovery",
}
NEEDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^/servicedesk/customer/"), FREE),
    (re.compile(r"^/helpcenter/"), FREE),
    (re.compile(r"^/jira/assets/"), FREE),
    (re.compile(r"^/jira/discovery/share/"), FREE),
    (re.compile(r"^/jira/servicedesk/"), "jira-servicedesk"),
    (re.compile(r"^/jira/polaris/"), "jira-product-discovery"),
    (re.compile(r"^/wiki(/|$)"), "confluence"),
    (re.compile(r"^/(jira|issues)(/|$)"), "jira-software"),
)
BROWSE = re.compile(r"^/browse/([A-Za-z][A-Za-z0-9]*)(-\d+)?$")


def project_of(path: str) -> Project | None:
    """The project of a /browse path."""
    match = BROWSE.match(path)
    return PROJECTS.get(match[1].upper()) if match else None


def needed_product(path: str) -> str:
    """The product without which the page is not shown, or nothing."""
    project = project_of(path)
    if project is not None:
        return PRODUCT_OF_TYPE[project.type_key]
    return next((product for pattern, product in NEEDS if pattern.match(path)), FREE)
