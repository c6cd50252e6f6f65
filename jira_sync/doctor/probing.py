"""Finding out what a credential may do, without changing anything."""

from ium.directory.models import Site
from jira_sync.client.errors import GroupNotFound, NotAllowed
from jira_sync.client.interface import JiraDirectory

# Nobody has this account id and no group this id: taking this "person" out of a group can change nothing.
NOBODY = "712020:00000000-0000-0000-0000-000000000000"
NO_GROUP = "00000000-0000-0000-0000-000000000000"


def change_refused(directory: JiraDirectory, site: Site) -> NotAllowed | None:
    """Return Jira's refusal to change members of groups; None when it may.

    Takes somebody who does not exist out of an access group: Jira looks at the rights first. Raises JiraError when
    Jira cannot be asked.
    """
    try:
        directory.remove_member(_group_id(site), NOBODY)
    except NotAllowed as refusal:
        return refusal
    except GroupNotFound:
        return None
    return None


def _group_id(site: Site) -> str:
    """Return the id of a real access group, the smallest kind there is; one that does not exist without a pool."""
    if site.pk is None:
        return NO_GROUP
    groups = site.groups.filter(access_pools__isnull=False, missing_since=None)
    return groups.values_list("group_id", flat=True).first() or NO_GROUP
