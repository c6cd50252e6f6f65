"""From a site's row to a client."""

import pytest

from ium.directory.models import Site
from jira_sync.client.errors import ConnectionIncomplete
from jira_sync.connections import directory_of


@pytest.mark.parametrize(
    "site",
    [
        Site(url="http://acme.example.net", api_url="http://acme.example.net", org_key="key"),
        Site(url="https://acme.example.net", org_key="two\nlines"),
        Site(url="https://acme.example.net"),
    ],
    ids=["no TLS", "key with a line break", "no key"],
)
def test_a_site_that_cannot_be_called_is_an_incomplete_connection_not_a_crash(site: Site) -> None:
    with pytest.raises(ConnectionIncomplete):
        directory_of(site)
