"""Which pool a page belongs to: by site and path."""

import pytest
from django.db.models import QuerySet

from ium.directory.models import Product
from ium.lib.errors import NotFound
from slots.models import LicencePool
from slots.pages import pool_for_page, product_of_page
from slots.selectors import pool_for
from tests.factories import PoolFactory, SiteFactory

ACME = "https://acme.atlassian.net"


@pytest.mark.parametrize(
    ("path", "product"),
    [
        ("/", Product.JIRA),
        ("", Product.JIRA),
        ("/browse/DEMO-1", Product.JIRA),
        ("/jira/software/projects/DEMO/boards/1", Product.JIRA),
        ("/jira/your-work", Product.JIRA),
        ("/wiki", Product.CONFLUENCE),
        ("/wiki/spaces/HR/pages/1", Product.CONFLUENCE),
        ("/wikipedia", Product.JIRA),
        ("/jira/servicedesk/projects/SUP/queues", Product.SERVICE_MANAGEMENT),
        ("/jira/servicedesks", Product.JIRA),
        ("/servicedesk/customer/portal/1", Product.SERVICE_MANAGEMENT),
        ("/helpcenter/", Product.SERVICE_MANAGEMENT),
        ("/browse/wiki", Product.JIRA),
    ],
)
def test_the_path_tells_the_product(path: str, product: Product) -> None:
    assert product_of_page(path) == product


@pytest.fixture
def pools(db: None) -> QuerySet[LicencePool]:
    """Jira and Confluence on one site, Jira on another."""
    acme = SiteFactory.create(url=ACME)
    other = SiteFactory.create(url="https://other.atlassian.net")
    PoolFactory.create(key="other", site=other)
    PoolFactory.create(key="jira", site=acme)
    PoolFactory.create(key="wiki", site=acme, product=Product.CONFLUENCE)
    return LicencePool.objects.select_related("site").order_by("pk")


PAGES = [
    (f"{ACME}/browse/DEMO-1", "jira"),
    (f"{ACME}/wiki/home?x=/browse/A-1", "wiki"),
    (f"{ACME}:443/wiki", "wiki"),
    ("https://ACME.atlassian.net/wiki", "wiki"),
    ("https://other.atlassian.net/", "other"),
    ("https://other.atlassian.net/wiki", None),
    (f"{ACME}/jira/servicedesk/projects/SUP", None),
    ("https://evil.example.com/wiki", None),
    ("http://acme.atlassian.net/wiki", None),
    ("https://acme.atlassian.net@evil.example.com/wiki", None),
    ("https://acme.atlassian.net:99999/", None),
    ("/wiki", None),
    ("", None),
]


@pytest.mark.parametrize(("url", "key"), PAGES)
def test_the_page_tells_the_pool(pools: QuerySet[LicencePool], url: str, key: str | None) -> None:
    found = pool_for_page(url, pools)
    assert (found.key if found else None) == key


def test_the_name_wins_then_the_page_then_the_first_pool(pools: QuerySet[LicencePool]) -> None:
    page = f"{ACME}/wiki/home"
    assert pool_for(key="jira", page=page).key == "jira"
    assert pool_for(key=None, page=page).key == "wiki"
    assert pool_for(key=None, page="https://evil.example.com/").key == "other"
    assert pool_for(key=None, page=None).key == "other"
    with pytest.raises(NotFound):
        pool_for(key="nowhere", page=page)
