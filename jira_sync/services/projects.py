"""The mirror of a site's projects: which of them need no slot of a pool."""

from ium.directory.models import Site
from ium.directory.services import projects_replace
from jira_sync.connections import directory_of


def sync_projects(*, site_id: int) -> int:
    """Read the projects of a site; return how many differ from what was known.

    Without an API token nobody can tell, and what is known stays. Raises JiraError.
    """
    site = Site.objects.get(pk=site_id)
    found = directory_of(site).projects()
    if found is None:
        return 0
    return projects_replace(site=site, types={one.key: one.type_key for one in found})
