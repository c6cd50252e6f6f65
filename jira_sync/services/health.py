"""Whether a site can be used: learned from every call, acted upon once."""

from datetime import datetime

from django.db import transaction

from ium.directory.models import Site
from ium.directory.services import site_report_failure, site_report_success
from ium.lib import clock
from jira_sync.client.errors import JiraError
from jira_sync.connections import directory_of
from slots.services import site_came_back, site_went_down


@transaction.atomic
def note_answer(*, site_id: int, at: datetime) -> None:
    """Jira answered: if it was away, everything goes on.

    One transaction: once the site counts as usable, the sweep may take slots, and the hour must not count by then.
    """
    away = site_report_success(site_id=site_id, at=at)
    if away is not None:
        site_came_back(site_id=site_id, away=away, at=at)


def note_failure(*, site_id: int, error: JiraError, at: datetime) -> None:
    """A call failed in a way that concerns the whole site: holders keep what they have meanwhile."""
    went_down = site_report_failure(
        site_id=site_id, refused=not error.retryable, message=error.message, at=at
    )
    if went_down:
        site_went_down(site_id=site_id, code=error.code, message=error.message, at=at)


def probe_site(*, site_id: int) -> bool:
    """Try a site that is down again with one small authenticated read. Returns whether it works."""
    site = Site.objects.get(pk=site_id)
    group = site.groups.filter(access_pools__isnull=False).first()
    try:
        directory = directory_of(site)
        if group is not None:
            directory.find_group(group_id=group.group_id)
        else:
            directory.server_clock()
    except JiraError as error:
        note_failure(site_id=site_id, error=error, at=clock.now())
        return False
    note_answer(site_id=site_id, at=clock.now())
    return True
