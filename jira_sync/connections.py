"""From a site's row to a client that talks to it."""

from functools import lru_cache, partial

from django.conf import settings

from ium.directory.models import Site
from jira_sync.call_times import PROCESS_CALLS
from jira_sync.client.errors import ConnectionIncomplete
from jira_sync.client.factory import Connection, build
from jira_sync.client.interface import JiraDirectory
from jira_sync.client.transport import Tuning


def directory_of(site: Site) -> JiraDirectory:
    """Return the client for a site as it is configured now; one object per configuration and process.

    Raises ConnectionIncomplete when the site has no key, an unsafe address, or a key that cannot be one.
    """
    keys = tuple(key for key in (site.org_key, site.second_org_key) if key)
    return _build(
        Connection(
            site_url=site.url,
            org_id=site.org_id or None,
            directory_id=site.directory_id or None,
            org_keys=keys,
            email=site.api_email,
            api_token=site.api_token,
            api_base=site.api_url,
            cloud_id=site.cloud_id or None,
            scoped=site.api_token_scoped,
        ),
        site.pk,
    )


@lru_cache(maxsize=32)
def _build(connection: Connection, site_id: int) -> JiraDirectory:
    try:
        return build(connection, tuning=tuning_of(site_id))
    except ValueError as error:
        raise ConnectionIncomplete(str(error)) from error


def tuning_of(site_id: int) -> Tuning:
    """Return how the calls to a site are made, and where their answer times go."""
    milliseconds = settings.IUM_SLOW_JIRA_MS
    return Tuning(
        slow=milliseconds / 1000 if milliseconds else float("inf"),
        told=partial(PROCESS_CALLS.note, site_id),
    )
